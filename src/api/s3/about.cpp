#include "api/s3/about.h"

#include <algorithm>

#include "api/s3/fault.h"
#include "base/json.h"
#include "base/text.h"
#include "base/time.h"

namespace regesta::api::s3 {
namespace {

constexpr std::size_t metadataSize = 2048, headersSize = 4096;
constexpr std::string_view metaPrefix = "x-amz-meta-";
constexpr std::string_view kept[] = {"cache-control",    "content-disposition", "content-encoding",
                                     "content-language", "content-type",        "expires"};

/// Headers that ask for something that would not happen.
constexpr std::string_view refused[] = {"x-amz-tagging",
                                        "x-amz-website-redirect-location",
                                        "x-amz-object-lock-mode",
                                        "x-amz-object-lock-retain-until-date",
                                        "x-amz-object-lock-legal-hold",
                                        "x-amz-write-offset-bytes",
                                        "x-amz-server-side-encryption",
                                        "x-amz-server-side-encryption-aws-kms-key-id",
                                        "x-amz-server-side-encryption-customer-algorithm",
                                        "x-amz-server-side-encryption-customer-key",
                                        "x-amz-grant-read",
                                        "x-amz-grant-write",
                                        "x-amz-grant-read-acp",
                                        "x-amz-grant-write-acp",
                                        "x-amz-grant-full-control"};

void checkPromise(std::string_view name, std::string_view value) {
  if (std::ranges::find(refused, name) != std::end(refused))
    throw fault("NotImplemented", "the header {} is not supported", name);
  // Who may read a file follows from roles, never from the file: these two say so.
  if (name == "x-amz-acl" && value != "private" && value != "bucket-owner-full-control")
    throw Fault("AccessControlListNotSupported", "ACLs are not supported; roles decide who may read");
  if (name == "x-amz-storage-class" && value != "STANDARD")
    throw Fault("InvalidStorageClass", "the only storage class is STANDARD");
}

/// aws-chunked is the coding of the transfer, not of the content.
std::string withoutChunking(std::string_view coding) {
  std::vector<std::string> rest;
  for (std::string_view part : split(coding, ','))
    if (!trim(part).empty() && trim(part) != "aws-chunked") rest.emplace_back(trim(part));
  return join(rest, ",");
}

json::object objectOf(const std::vector<std::pair<std::string, std::string>>& pairs) {
  json::object made;
  for (const auto& [name, value] : pairs) made[name] = value;
  return made;
}

std::vector<std::pair<std::string, std::string>> pairsOf(const json::object& about, std::string_view name) {
  std::vector<std::pair<std::string, std::string>> pairs;
  const json::value* found = about.if_contains(name);
  if (!found || !found->is_object()) return pairs;
  for (const auto& member : found->get_object())
    if (member.value().is_string()) pairs.emplace_back(member.key(), member.value().get_string());
  return pairs;
}

}  // namespace

std::string About::json() const {
  json::object made;
  if (!headers.empty()) made["headers"] = objectOf(headers);
  if (!meta.empty()) made["meta"] = objectOf(meta);
  if (checksum) made["checksum"] = json::object{{nameOf(checksum->kind), checksum->value}};
  return made.empty() ? std::string() : canonicalJson(made);
}

About About::read(std::string_view text) {
  About about;
  if (text.empty()) return about;
  json::value value = parseJson(text);
  const json::object& object = value.as_object();
  about.headers = pairsOf(object, "headers");
  about.meta = pairsOf(object, "meta");
  for (const auto& [name, sum] : pairsOf(object, "checksum"))
    if (auto kind = crypto::checksumKind(name)) about.checksum = SentChecksum{*kind, sum};
  return about;
}

About aboutOf(const http::Request& request) {
  About about;
  std::size_t metaSize = 0, size = 0;
  for (const auto& [key, text] : request.headers.all()) {
    std::string name = lower(key);
    std::string value(trim(text));
    checkPromise(name, value);
    if (name == "content-encoding") value = withoutChunking(value);
    bool isMeta = name.starts_with(metaPrefix) && name.size() > metaPrefix.size();
    if (!isMeta && (value.empty() || std::ranges::find(kept, name) == std::end(kept))) continue;
    if (!isUtf8(value) || !isUtf8(name)) throw fault("InvalidArgument", "the header {} is not UTF-8", metaPrefix);
    if (isMeta) name.erase(0, metaPrefix.size());
    (isMeta ? metaSize : size) += name.size() + value.size();
    (isMeta ? about.meta : about.headers).emplace_back(std::move(name), std::move(value));
  }
  if (metaSize > metadataSize || size > headersSize)
    throw fault("MetadataTooLarge", "the x-amz-meta-… headers of an object have at most {} bytes", metadataSize);
  std::ranges::sort(about.headers);
  std::ranges::sort(about.meta);
  return about;
}

std::string etagOf(const registry::TreeFile& file) {
  if (!file.facts.etag.empty()) return fmt::format("\"{}\"", file.facts.etag);
  return fmt::format("\"{}-1\"", file.digest.substr(0, 32));
}

std::string isoTime(std::int64_t millis) { return formatTime(millis); }

}  // namespace regesta::api::s3
