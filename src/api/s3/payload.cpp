#include "api/s3/payload.h"

#include "api/s3/fault.h"
#include "base/encoding.h"
#include "base/text.h"

namespace regesta::api::s3 {
namespace {

constexpr std::string_view checksumPrefix = "x-amz-checksum-";

crypto::ChecksumKind requireKind(std::string_view name) {
  auto kind = crypto::checksumKind(name);
  if (!kind)
    throw fault("InvalidRequest", "the checksum {} is not supported; send crc32, crc32c, crc64nvme, sha1 or sha256",
                shorten(name, 50));
  return *kind;
}

std::optional<ChunkedContent::Form> codingOf(std::string_view digest) {
  if (digest == "STREAMING-AWS4-HMAC-SHA256-PAYLOAD") return ChunkedContent::Form{true, false};
  if (digest == "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER") return ChunkedContent::Form{true, true};
  if (digest == "STREAMING-UNSIGNED-PAYLOAD-TRAILER") return ChunkedContent::Form{false, true};
  return std::nullopt;
}

}  // namespace

std::string SentChecksum::header() const { return std::string(checksumPrefix) + std::string(nameOf(kind)); }

std::optional<SentChecksum> checksumOf(const http::Request& request) {
  std::optional<SentChecksum> found;
  for (const auto& [key, value] : request.headers.all()) {
    std::string name = lower(key);
    if (!name.starts_with(checksumPrefix) || name == "x-amz-checksum-mode" || name == "x-amz-checksum-algorithm" ||
        name == "x-amz-checksum-type")
      continue;
    if (found) throw Fault("InvalidRequest", "send one checksum only");
    found = SentChecksum{requireKind(std::string_view(name).substr(checksumPrefix.size())), std::string(trim(value))};
    if (!base64Decode(std::string_view(found->value).substr(0, found->value.find('-'))))
      throw fault("InvalidRequest", "the value of {} is not base64", name);
  }
  if (auto named = request.headers.get("x-amz-sdk-checksum-algorithm"))
    if (found && requireKind(*named) != found->kind)
      throw Fault("InvalidRequest", "x-amz-sdk-checksum-algorithm names another checksum than the one sent");
  return found;
}

Payload::Payload(const http::Request& request, std::string_view digest, std::optional<Verified> chain) {
  if (auto form = codingOf(digest)) {
    chunked_.emplace(*form, std::move(chain));
    if (auto length = request.headers.get("x-amz-decoded-content-length")) {
      auto size = parseInteger(*length);
      if (!size || *size < 0) throw Fault("InvalidArgument", "x-amz-decoded-content-length must be a number");
      decodedSize_ = static_cast<std::uint64_t>(*size);
    } else {
      throw Fault("MissingContentLength", "a body in the coding aws-chunked needs x-amz-decoded-content-length");
    }
  } else if (isLowerHex(digest, 64)) {
    sha256_ = digest;
  } else if (!digest.empty() && digest != "UNSIGNED-PAYLOAD") {
    throw Fault(
        "InvalidArgument",
        "x-amz-content-sha256 must be UNSIGNED-PAYLOAD, a SHA-256 in lower-case hexadecimal, or a STREAMING form "
        "of AWS4-HMAC-SHA256 or UNSIGNED-PAYLOAD");
  }
  if (!chunked_ && request.headers.get("Content-Encoding").value_or("").starts_with("aws-chunked"))
    throw Fault("InvalidRequest", "the coding aws-chunked needs a STREAMING form in x-amz-content-sha256");
  if (!decodedSize_)
    if (auto length = request.headers.get("Content-Length"))
      if (auto size = parseInteger(*length)) decodedSize_ = static_cast<std::uint64_t>(*size);
  if (auto md5 = request.headers.get("Content-MD5")) {
    auto raw = base64Decode(trim(*md5));
    if (!raw || raw->size() != 16) throw Fault("InvalidDigest", "Content-MD5 must be the base64 of 16 bytes");
    contentMd5_ = hexEncode(*raw);
  }
  checksum_ = checksumOf(request);
  if (checksum_) addChecksum(checksum_->kind);
  auto trailer = request.headers.get("x-amz-trailer");
  if (!trailer) return;
  trailer_ = lower(trim(*trailer));
  if (!chunked_ || !trailer_.starts_with(checksumPrefix))
    throw Fault("InvalidRequest", "x-amz-trailer must name one x-amz-checksum-… that follows an aws-chunked body");
  if (checksum_) throw Fault("InvalidRequest", "send one checksum only");
  checksum_ = SentChecksum{requireKind(std::string_view(trailer_).substr(checksumPrefix.size())), {}};
  addChecksum(checksum_->kind);
}

void Payload::addChecksum(crypto::ChecksumKind kind) {
  // The store computes the SHA-256 anyway.
  if (kind != crypto::ChecksumKind::sha256) computed_ = crypto::Checksum::make(kind);
}

void Payload::write(std::string_view raw, const ChunkedContent::Sink& content) {
  auto take = [&](std::string_view bytes) {
    size_ += bytes.size();
    if (decodedSize_ && size_ > *decodedSize_)
      throw Fault("IncompleteBody", "the content is longer than the request announces");
    md5_.update(bytes);
    if (computed_) computed_->update(bytes);
    content(bytes);
  };
  if (chunked_)
    chunked_->write(raw, take);
  else
    take(raw);
}

void Payload::finish(std::string_view sha256) {
  if (chunked_) {
    chunked_->finish();
    for (const auto& [name, value] : chunked_->trailers()) {
      if (name != trailer_ || !checksum_->value.empty())
        throw Fault("MalformedTrailerError", "the body has trailers that the request does not announce");
      checksum_->value = value;
    }
    if (!trailer_.empty() && checksum_->value.empty())
      throw fault("MalformedTrailerError", "the body has no trailer {}", trailer_);
  }
  if (decodedSize_ && size_ != *decodedSize_)
    throw Fault("IncompleteBody", "the content is shorter than the request announces");
  if (!sha256_.empty() && sha256_ != sha256)
    throw Fault("XAmzContentSHA256Mismatch", "the body does not have the SHA-256 in x-amz-content-sha256");
  md5Hex_ = md5_.finish();
  if (!contentMd5_.empty() && contentMd5_ != md5Hex_)
    throw Fault("BadDigest", "the content does not have the MD5 in Content-MD5; nothing was stored");
  if (!checksum_) return;
  std::string right = base64Encode(computed_ ? computed_->finish() : hexDecode(sha256).value_or(""));
  if (checksum_->value != right)
    throw fault("BadDigest", "the content does not have the checksum in {}; nothing was stored", checksum_->header());
}

}  // namespace regesta::api::s3
