#include "api/s3/signature.h"

#include <algorithm>
#include <chrono>

#include "api/s3/fault.h"
#include "base/encoding.h"
#include "base/limits_edge.h"
#include "base/text.h"
#include "crypto/hash.h"
#include "crypto/password.h"
#include "http/conditional.h"

namespace regesta::api::s3 {
namespace {

constexpr std::string_view algorithm = "AWS4-HMAC-SHA256";
constexpr std::string_view unsignedPayload = "UNSIGNED-PAYLOAD";
constexpr std::int64_t skewSeconds = 15 * 60, longestPresigned = 7 * 24 * 60 * 60;
constexpr std::size_t fieldLength = 128;

std::string decoded(std::string_view text) {
  auto plain = percentDecode(text);
  if (!plain) throw Fault("InvalidURI", "the request target has a broken percent escape");
  return *std::move(plain);
}

/// The only value of a header; a second one may mean something else to a proxy.
std::optional<std::string_view> only(const http::Request& request, std::string_view name) {
  std::optional<std::string_view> found;
  for (const auto& [key, value] : request.headers.all()) {
    if (!equalsIgnoreCase(key, name)) continue;
    if (found) throw fault("InvalidArgument", "the header {} is repeated", name);
    found = value;
  }
  return found;
}

/// Headers that change what a request does: each at most once.
constexpr std::string_view single[] = {
    "authorization", "host",     "content-type",      "content-md5",         "content-encoding", "range",
    "if-match",      "if-range", "if-modified-since", "if-unmodified-since", "if-none-match",    "content-length"};

void requireSingleHeaders(const http::Request& request) {
  std::vector<std::string> seen;
  for (const auto& [key, value] : request.headers.all()) {
    std::string name = lower(key);
    if (!name.starts_with("x-amz-") && std::ranges::find(single, name) == std::end(single)) continue;
    if (std::ranges::find(seen, name) != seen.end()) throw fault("InvalidArgument", "the header {} is repeated", name);
    seen.push_back(std::move(name));
  }
}

/// The path as it came, without query; of a target in absolute form, what follows the host.
std::string_view pathOf(const http::Request& request) {
  std::string_view target = request.target;
  if (!target.starts_with('/')) {
    std::size_t scheme = target.find("://");
    std::size_t path = scheme == std::string_view::npos ? scheme : target.find('/', scheme + 3);
    if (path == std::string_view::npos) return "/";
    target.remove_prefix(path);
  }
  return target.substr(0, target.find('?'));
}

/// Seconds since 1970 of 20261201T074500Z.
std::optional<std::int64_t> readTimestamp(std::string_view text) {
  if (text.size() != 16 || text[8] != 'T' || text[15] != 'Z') return std::nullopt;
  auto number = [&](std::size_t at, std::size_t length) -> std::int64_t {
    std::string_view digits = text.substr(at, length);
    if (digits.find_first_not_of("0123456789") != std::string_view::npos) return -1;
    return parseInteger(digits).value_or(-1);
  };
  std::int64_t year = number(0, 4), month = number(4, 2), day = number(6, 2);
  std::int64_t hour = number(9, 2), minute = number(11, 2), second = number(13, 2);
  namespace chrono = std::chrono;
  chrono::year_month_day date{chrono::year(static_cast<int>(year)), chrono::month(static_cast<unsigned>(month)),
                              chrono::day(static_cast<unsigned>(day))};
  if (year < 1970 || month < 1 || day < 1 || !date.ok() || hour < 0 || hour > 23 || minute < 0 || minute > 59 ||
      second < 0 || second > 59)
    return std::nullopt;
  std::int64_t days = chrono::sys_days(date).time_since_epoch().count();
  return ((days * 24 + hour) * 60 + minute) * 60 + second;
}

bool isField(std::string_view text) {
  return !text.empty() && text.size() <= fieldLength && std::ranges::all_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' ||
           c == '.';
  });
}

/// Where a claim is malformed: S3 has a name for each.
std::string_view malformedName(const Claim& claim) {
  return claim.presigned ? "AuthorizationQueryParametersError" : "AuthorizationHeaderMalformed";
}

/// KEY/20261201/us-east-1/s3/aws4_request
void readCredential(Claim& claim, std::string_view credential) {
  std::vector<std::string_view> parts = split(credential, '/');
  bool fine = parts.size() == 5 && isField(parts[0]) && isField(parts[1]) && isField(parts[2]) && parts[3] == "s3" &&
              parts[4] == "aws4_request";
  if (!fine) throw Fault(malformedName(claim), "the credential must be KEY/DATE/REGION/s3/aws4_request");
  claim.keyId = parts[0];
  claim.date = parts[1];
  claim.region = parts[2];
}

void readSignedHeaders(Claim& claim, std::string_view list) {
  for (std::string_view name : split(list, ';')) {
    if (name.empty() || lower(name) != name || (!claim.signedHeaders.empty() && claim.signedHeaders.back() >= name))
      throw Fault(malformedName(claim), "SignedHeaders must be sorted names in lower case");
    claim.signedHeaders.emplace_back(name);
  }
}

void checkSignature(const Claim& claim) {
  if (!isLowerHex(claim.signature, 64))
    throw Fault(malformedName(claim), "Signature must be 64 lower-case hexadecimal digits");
}

Claim headerClaim(const http::Request& request, std::string_view authorization) {
  Claim claim;
  std::string_view rest = authorization.substr(algorithm.size());
  std::string_view credential, headers, signature;
  for (std::string_view part : split(rest, ',')) {
    part = trim(part);
    std::size_t equals = part.find('=');
    std::string_view name = part.substr(0, equals), value = equals == part.npos ? "" : part.substr(equals + 1);
    std::string_view* place = name == "Credential"      ? &credential
                              : name == "SignedHeaders" ? &headers
                              : name == "Signature"     ? &signature
                                                        : nullptr;
    if (!place || !place->empty())
      throw Fault("AuthorizationHeaderMalformed", "the header must have Credential, SignedHeaders and Signature, once");
    *place = value;
  }
  readCredential(claim, credential);
  readSignedHeaders(claim, headers);
  claim.signature = signature;
  checkSignature(claim);
  if (auto stamp = only(request, "x-amz-date")) {
    claim.timestamp = *stamp;
  } else if (auto date = only(request, "date")) {
    auto seconds = http::parseHttpDate(*date);
    if (!seconds) throw Fault("AccessDenied", "a signed request needs the header X-Amz-Date");
    auto time = std::chrono::sys_seconds(std::chrono::seconds(*seconds));
    auto day = std::chrono::floor<std::chrono::days>(time);
    std::chrono::year_month_day date2(day);
    std::chrono::hh_mm_ss clock(time - day);
    claim.timestamp = fmt::format("{:04}{:02}{:02}T{:02}{:02}{:02}Z", static_cast<int>(date2.year()),
                                  static_cast<unsigned>(date2.month()), static_cast<unsigned>(date2.day()),
                                  clock.hours().count(), clock.minutes().count(), clock.seconds().count());
  }
  auto payload = only(request, "x-amz-content-sha256");
  if (!payload) throw Fault("InvalidRequest", "a signed request needs the header x-amz-content-sha256");
  claim.payload = *payload;
  return claim;
}

Claim presignedClaim(const http::Request& request, const Query& query) {
  Claim claim;
  claim.presigned = true;
  if (query.text("X-Amz-Algorithm") != algorithm)
    throw Fault("AuthorizationQueryParametersError", "X-Amz-Algorithm must be AWS4-HMAC-SHA256");
  readCredential(claim, query.text("X-Amz-Credential"));
  readSignedHeaders(claim, query.text("X-Amz-SignedHeaders"));
  claim.signature = query.text("X-Amz-Signature");
  checkSignature(claim);
  claim.timestamp = query.text("X-Amz-Date");
  if (auto payload = only(request, "x-amz-content-sha256"))
    claim.payload = *payload;
  else
    claim.payload = query.get("X-Amz-Content-Sha256").value_or(unsignedPayload);
  return claim;
}

bool isSigned(const Claim& claim, std::string_view name) {
  return std::ranges::binary_search(claim.signedHeaders, name);
}

/// Who sits between could add or change a header that was not signed.
void requireSignedHeaders(const http::Request& request, const Claim& claim) {
  if (!isSigned(claim, "host")) throw Fault("AccessDenied", "the header host must be signed");
  for (const auto& [key, value] : request.headers.all()) {
    std::string name = lower(key);
    bool matters = name.starts_with("x-amz-") || (!claim.presigned && name == "content-md5");
    if (matters && !isSigned(claim, name))
      throw fault("AccessDenied", "the header {} is in the request but was not signed", name);
  }
}

std::int64_t timeOf(const Claim& claim) {
  auto seconds = readTimestamp(claim.timestamp);
  if (!seconds || claim.timestamp.substr(0, 8) != claim.date)
    throw Fault(claim.timestamp.empty() ? "AccessDenied" : malformedName(claim),
                "X-Amz-Date must be a time like 20261201T074500Z, on the day of the credential");
  return *seconds;
}

void appendValue(std::string& out, std::string_view value) {
  bool blank = false;
  for (char c : trim(value)) {
    if (c == ' ' && blank) continue;
    blank = c == ' ';
    out += c;
  }
}

}  // namespace

Query::Query(std::string_view text) {
  if (text.empty()) return;
  std::vector<std::string_view> parts = split(text, '&');
  if (parts.size() > limits::queryFields) throw Fault("InvalidArgument", "the query string has too many fields");
  for (std::string_view part : parts) {
    if (part.empty()) continue;
    std::size_t equals = part.find('=');
    std::string name = decoded(part.substr(0, equals));
    if (has(name)) throw fault("InvalidArgument", "the query parameter {} is repeated", shorten(name, 100));
    list_.emplace_back(std::move(name), equals == part.npos ? std::string() : decoded(part.substr(equals + 1)));
    if (!isUtf8(list_.back().first) || !isUtf8(list_.back().second))
      throw Fault("InvalidArgument", "the query string is not UTF-8");
  }
}

std::optional<std::string_view> Query::get(std::string_view name) const {
  for (const auto& [key, value] : list_)
    if (key == name) return value;
  return std::nullopt;
}

std::string Claim::scope() const { return fmt::format("{}/{}/s3/aws4_request", date, region); }

std::string encoded(std::string_view text, bool keepSlash) { return percentEncode(text, keepSlash); }

std::optional<Claim> readClaim(const http::Request& request, const Query& query) {
  requireSingleHeaders(request);
  auto authorization = only(request, "authorization");
  bool presigned = query.has("X-Amz-Signature") || query.has("X-Amz-Algorithm") || query.has("X-Amz-Credential");
  if (query.has("Signature") && query.has("AWSAccessKeyId"))
    throw Fault("InvalidRequest", "Signature Version 2 is not accepted; use AWS4-HMAC-SHA256");
  if (authorization && presigned)
    throw Fault("InvalidArgument", "sign either with a header or with the query string, not with both");
  if (presigned) return presignedClaim(request, query);
  if (!authorization || !authorization->starts_with("AWS")) return std::nullopt;
  if (!authorization->starts_with(std::string(algorithm) + ' '))
    throw Fault("InvalidRequest", "the only signature accepted is AWS4-HMAC-SHA256");
  return headerClaim(request, *authorization);
}

std::string canonicalRequest(const http::Request& request, const Query& query, const Claim& claim) {
  std::string out = request.method;
  out += '\n';
  out += encoded(decoded(pathOf(request)), true);
  out += '\n';
  std::vector<std::pair<std::string, std::string>> fields;
  for (const auto& [name, value] : query.all())
    if (name != "X-Amz-Signature") fields.emplace_back(encoded(name, false), encoded(value, false));
  std::ranges::sort(fields);
  for (std::size_t i = 0; i < fields.size(); ++i)
    fmt::format_to(std::back_inserter(out), "{}{}={}", i ? "&" : "", fields[i].first, fields[i].second);
  out += '\n';
  for (const std::string& name : claim.signedHeaders) {
    out += name;
    out += ':';
    appendValue(out, only(request, name).value_or(""));
    out += '\n';
  }
  out += '\n';
  out += join(claim.signedHeaders, ";");
  out += '\n';
  out += claim.payload;
  return out;
}

std::string signingKey(std::string_view secret, const Claim& claim) {
  std::string key = crypto::hmacSha256(fmt::format("AWS4{}", secret), claim.date);
  for (std::string_view part :
       {std::string_view(claim.region), std::string_view("s3"), std::string_view("aws4_request")})
    key = crypto::hmacSha256(key, part);
  return key;
}

void requireUnexpired(const Query& query, const Claim& claim, std::int64_t now) {
  auto expires = parseInteger(query.text("X-Amz-Expires"));
  if (!expires || *expires < 1 || *expires > longestPresigned)
    throw fault("AuthorizationQueryParametersError", "X-Amz-Expires must be 1 to {} seconds", longestPresigned);
  std::int64_t signedAt = timeOf(claim);
  if (signedAt > now + skewSeconds) throw Fault("AccessDenied", "this request is signed for a later time");
  if (now > signedAt + *expires) throw Fault("AccessDenied", "this presigned request has expired");
}

Verified verify(const http::Request& request, const Query& query, const Claim& claim, std::string_view secret,
                std::int64_t now) {
  std::int64_t signedAt = timeOf(claim);
  if (claim.presigned) requireUnexpired(query, claim, now);
  requireSignedHeaders(request, claim);
  std::string text = fmt::format("{}\n{}\n{}\n{}", algorithm, claim.timestamp, claim.scope(),
                                 crypto::sha256Hex(canonicalRequest(request, query, claim)));
  std::string key = signingKey(secret, claim);
  if (!crypto::constantTimeEquals(hexEncode(crypto::hmacSha256(key, text)), claim.signature))
    throw Fault("SignatureDoesNotMatch",
                "the signature does not match; check the secret key and the clock, and that "
                "no proxy changes the Host header or the path");
  if (!claim.presigned && (signedAt > now + skewSeconds || signedAt < now - skewSeconds))
    throw fault("RequestTimeTooSkewed", "the request was signed at {}, more than 15 minutes from this server's time",
                claim.timestamp);
  return {std::move(key), claim.timestamp, claim.scope(), claim.signature};
}

}  // namespace regesta::api::s3
