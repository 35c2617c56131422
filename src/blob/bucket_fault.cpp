#include "blob/bucket_fault.h"

#include <algorithm>
#include <cstdlib>
#include <ctime>
#include <set>

#include "base/encoding.h"
#include "base/error.h"
#include "base/text.h"
#include "base/time.h"
#include "crypto/md5.h"

namespace regesta::blob {
namespace {

constexpr std::size_t longestReason = 300;

bool isOneOf(std::string_view code, const std::set<std::string_view>& codes) { return codes.contains(code); }

/// The text of the first element of this name.
std::string element(std::string_view xml, std::string_view name) {
  std::string open = fmt::format("<{}>", name), close = fmt::format("</{}>", name);
  std::size_t start = xml.find(open);
  if (start == std::string_view::npos) return {};
  start += open.size();
  std::size_t end = xml.find(close, start);
  if (end == std::string_view::npos) return {};
  std::string text = shorten(xml.substr(start, end - start), longestReason);
  std::ranges::replace_if(text, [](unsigned char c) { return c < ' '; }, ' ');
  return text;
}

std::string credentialNames(const std::string& scheme) {
  if (scheme == "gs") return "GOOGLE_APPLICATION_CREDENTIALS or GOOGLE_SERVICE_ACCOUNT";
  if (scheme == "az") return "AZURE_STORAGE_ACCOUNT_NAME and AZURE_STORAGE_ACCOUNT_KEY";
  return "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY";
}

/// By how much the clocks differ, if the answer says what time it is there.
std::string clockDifference(const http::Response& answer) {
  auto date = answer.headers.get("Date");
  std::tm parts{};
  if (!date || ::strptime(std::string(*date).c_str(), "%a, %d %b %Y %H:%M:%S", &parts) == nullptr) return {};
  std::int64_t seconds = nowMillis() / 1000 - static_cast<std::int64_t>(::timegm(&parts));
  return fmt::format(" (by {} seconds)", std::abs(seconds));
}

std::string remedy(const BucketAddress& address, const BucketExchange& exchange, const std::string& code) {
  const http::Response& answer = exchange.answer;
  if (isOneOf(code, {"NoSuchBucket", "ContainerNotFound", "InvalidBucketName", "ResourceNotFound"}))
    return "there is no such bucket: create it, or correct the setting blobs";
  if (isOneOf(code, {"RequestTimeTooSkewed", "RequestExpired"}))
    return fmt::format("the clock of this machine differs from the server's{}: synchronize it, for example with NTP",
                       clockDifference(answer));
  if (isOneOf(code, {"ExpiredToken", "TokenRefreshRequired", "InvalidToken", "ExpiredTokenException"}))
    return "the session token has expired or is wrong: renew AWS_SESSION_TOKEN and its keys, and start the server "
           "again";
  if (isOneOf(code, {"InvalidAccessKeyId", "SignatureDoesNotMatch", "AuthenticationFailed", "InvalidAuthenticationInfo",
                     "InvalidSecurity", "XAdminUserNotFound"}) ||
      answer.status == 401)
    return fmt::format("the credentials are not accepted: correct {}", credentialNames(address.scheme));
  if (isOneOf(code, {"PermanentRedirect", "AuthorizationHeaderMalformed", "IllegalLocationConstraintException"}) ||
      answer.status == 301) {
    std::string region = element(answer.body, "Region");
    if (region.empty()) region = answer.headers.get("x-amz-bucket-region").value_or("");
    return fmt::format("the bucket is in another region{}: set blobs.region or AWS_REGION",
                       region.empty() ? "" : fmt::format(" ({})", region));
  }
  if (answer.status == 403)
    return fmt::format("access is denied: check {}, which must be allowed to read, write, delete and list objects here",
                       credentialNames(address.scheme));
  return "try again later; if the problem persists, check the object store's status and logs";
}

}  // namespace

std::string BucketAddress::text() const {
  return fmt::format("{}://{}{}{}", scheme, bucket, prefix.empty() ? "" : "/", prefix);
}

BucketAddress parseBucketUrl(std::string_view url) {
  auto refuse = [](std::string_view why) {
    return error(Code::invalid,
                 "blobs: {}; write s3://BUCKET/PREFIX, gs://BUCKET/PREFIX or az://CONTAINER/PREFIX, or leave it empty "
                 "to store blobs in the data directory",
                 why);
  };
  std::size_t colon = url.find("://");
  if (colon == std::string_view::npos) throw refuse("the value is not a URL of a bucket");
  BucketAddress address;
  address.scheme = std::string(url.substr(0, colon));
  if (!isOneOf(address.scheme, {"s3", "gs", "az"})) throw refuse(fmt::format("{}:// is not supported", address.scheme));
  std::string_view rest = url.substr(colon + 3);
  if (rest.find_first_of("@?#") != std::string_view::npos)
    throw refuse("credentials, a query or a fragment do not belong here");
  std::size_t slash = std::min(rest.find('/'), rest.size());
  address.bucket = std::string(rest.substr(0, slash));
  auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_';
  };
  if (address.bucket.empty() || !std::ranges::all_of(address.bucket, allowed))
    throw refuse("the bucket's name must consist of a-z, 0-9, '-', '.' and '_'");
  for (std::string_view part : split(rest.substr(std::min(slash + 1, rest.size())), '/')) {
    if (part.empty()) continue;
    auto plain = [&](char c) { return allowed(c) || (c >= 'A' && c <= 'Z'); };
    if (part == "." || part == ".." || !std::ranges::all_of(part, plain))
      throw refuse("the prefix must consist of letters, digits, '-', '.', '_' and '/'");
    address.prefix += (address.prefix.empty() ? "" : "/") + std::string(part);
  }
  return address;
}

void requireEndpoint(std::string_view url) {
  if (url.empty()) return;
  std::size_t scheme = url.starts_with("https://") ? 8 : url.starts_with("http://") ? 7 : 0;
  if (scheme == 0 || url.size() == scheme || url.find_first_of("@?# \n\r\t") != std::string_view::npos)
    throw Error(Code::invalid,
                "blobs.endpoint must be http://HOST:PORT or https://HOST:PORT, optionally with a path; set "
                "credentials in the environment");
}

std::string BucketExchange::code() const {
  std::string found = element(answer.body, "Code");
  if (found.empty()) found = answer.headers.get("x-ms-error-code").value_or("");
  return found;
}

bool isMissingObject(const BucketExchange& exchange) {
  return exchange.answer.status == 404 && isOneOf(exchange.code(), {"NoSuchKey", "BlobNotFound"});
}

bool isMetadataService(std::string_view host) {
  return isOneOf(host, {"169.254.169.254", "169.254.170.2", "[fd00:ec2::254]", "metadata.google.internal", "metadata"});
}

bool differsFromSent(const BucketExchange& exchange, std::string_view content) {
  std::string_view received = exchange.answer.headers.get("Content-MD5").value_or("");
  for (const auto& [name, value] : exchange.answer.headers.all()) {
    if (!equalsIgnoreCase(name, "x-goog-hash")) continue;
    for (std::string_view hash : split(value, ','))
      if (trim(hash).starts_with("md5=")) received = trim(hash).substr(4);
  }
  if (received.empty()) return false;
  crypto::Md5 sent;
  sent.update(content);
  return received != base64Encode(hexDecode(sent.finish()).value_or(""));
}

std::string describeFault(const BucketAddress& address, const BucketExchange& exchange) {
  if (isMetadataService(exchange.host))
    return fmt::format(
        "there are no credentials for {}: the environment has none, and the instance metadata service has none either; "
        "set {}",
        address.text(), credentialNames(address.scheme));
  if (!exchange.failure.empty())
    return fmt::format(
        "the object store of {} cannot be reached: {} ({} attempts); check the network, blobs.endpoint and its TLS "
        "certificate",
        address.text(), exchange.failure, exchange.requests);
  std::string code = exchange.code(), words = element(exchange.answer.body, "Message");
  return fmt::format("the object store of {} answered {}{}{}{} to {}: {}", address.text(), exchange.answer.status,
                     code.empty() ? "" : " " + code, words.empty() ? "" : fmt::format(" \"{}\"", words),
                     exchange.requests > 1 ? fmt::format(" after {} attempts", exchange.requests) : "", exchange.method,
                     remedy(address, exchange, code));
}

}  // namespace regesta::blob
