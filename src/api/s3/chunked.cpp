#include "api/s3/chunked.h"

#include <algorithm>

#include "api/s3/fault.h"
#include "base/encoding.h"
#include "base/text.h"
#include "crypto/password.h"

namespace regesta::api::s3 {
namespace {

constexpr std::size_t lineLimit = 4096, trailerLimit = 16, sizeDigits = 15;
constexpr std::string_view signatureField = "chunk-signature=";

std::optional<std::uint64_t> readSize(std::string_view digits) {
  if (digits.empty() || digits.size() > sizeDigits) return std::nullopt;
  std::uint64_t size = 0;
  for (char c : digits) {
    int value = c >= '0' && c <= '9'   ? c - '0'
                : c >= 'a' && c <= 'f' ? c - 'a' + 10
                : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                       : -1;
    if (value < 0) return std::nullopt;
    size = size * 16 + static_cast<std::uint64_t>(value);
  }
  return size;
}

}  // namespace

ChunkedContent::ChunkedContent(Form form, std::optional<Verified> chain) : form_(form), chain_(std::move(chain)) {}

void ChunkedContent::write(std::string_view raw, const Sink& content) {
  while (!raw.empty()) {
    if (state_ == State::ended) throw Fault("InvalidRequest", "the body goes on after its last chunk");
    if (state_ == State::data) {
      std::string_view piece = raw.substr(0, static_cast<std::size_t>(std::min<std::uint64_t>(left_, raw.size())));
      if (hash_) hash_->update(piece);
      content(piece);
      left_ -= piece.size();
      raw.remove_prefix(piece.size());
      if (left_ == 0) state_ = State::dataEnd;
      continue;
    }
    std::size_t end = raw.find('\n');
    line_ += raw.substr(0, end);
    if (line_.size() > lineLimit) throw Fault("InvalidRequest", "a line of the aws-chunked body is too long");
    if (end == std::string_view::npos) return;
    raw.remove_prefix(end + 1);
    if (line_.ends_with('\r')) line_.pop_back();
    takeLine(std::exchange(line_, {}));
  }
}

void ChunkedContent::takeLine(std::string_view line) {
  switch (state_) {
    case State::header:
      return takeHeader(line);
    case State::dataEnd:
      if (!line.empty()) throw Fault("IncompleteBody", "a chunk of the body is longer than its size says");
      endChunk();
      state_ = State::header;
      return;
    case State::trailer:
      return takeTrailer(line);
    case State::data:
    case State::ended:
      return;
  }
}

void ChunkedContent::takeHeader(std::string_view line) {
  std::size_t semicolon = line.find(';');
  auto size = readSize(line.substr(0, semicolon));
  std::string_view extension = semicolon == line.npos ? std::string_view() : line.substr(semicolon + 1);
  if (!size) throw Fault("InvalidRequest", "the body is not in the coding aws-chunked that the request announces");
  claimed_.clear();
  if (form_.isSigned) {
    if (!extension.starts_with(signatureField)) throw Fault("InvalidRequest", "a chunk of the body has no signature");
    claimed_ = extension.substr(signatureField.size());
    hash_.emplace();
  }
  left_ = size_ = *size;
  state_ = left_ > 0 ? State::data : State::trailer;
  if (left_ == 0) endChunk();
}

void ChunkedContent::compare(std::string_view text, std::string_view claimed) {
  std::string right = hexEncode(crypto::hmacSha256(chain_->signingKey, text));
  if (!crypto::constantTimeEquals(right, claimed))
    throw Fault("SignatureDoesNotMatch", "a part of the body has another signature than this server computes");
  chain_->signature = std::move(right);
}

void ChunkedContent::endChunk() {
  if (!form_.isSigned) return;
  std::string digest = crypto::hex(hash_->finish());
  hash_.reset();
  if (!chain_) return;
  compare(fmt::format("AWS4-HMAC-SHA256-PAYLOAD\n{}\n{}\n{}\n{}\n{}", chain_->timestamp, chain_->scope,
                      chain_->signature, crypto::sha256Hex(""), digest),
          claimed_);
}

void ChunkedContent::takeTrailer(std::string_view line) {
  if (line.empty()) return endTrailers();
  std::size_t colon = line.find(':');
  if (!form_.trailers || colon == line.npos || trailers_.size() >= trailerLimit)
    throw Fault("MalformedTrailerError", "the body has trailers that the request does not announce");
  std::string name = lower(trim(line.substr(0, colon)));
  std::string value(trim(line.substr(colon + 1)));
  if (name == "x-amz-trailer-signature") {
    trailerSignature_ = std::move(value);
    return;
  }
  fmt::format_to(std::back_inserter(signedTrailers_), "{}:{}\n", name, value);
  trailers_.emplace_back(std::move(name), std::move(value));
}

void ChunkedContent::endTrailers() {
  state_ = State::ended;
  if (!form_.isSigned || !form_.trailers || !chain_) return;
  compare(fmt::format("AWS4-HMAC-SHA256-TRAILER\n{}\n{}\n{}\n{}", chain_->timestamp, chain_->scope, chain_->signature,
                      crypto::sha256Hex(signedTrailers_)),
          trailerSignature_);
}

void ChunkedContent::finish() const {
  if (state_ != State::ended) throw Fault("IncompleteBody", "the body ended before its last chunk");
}

}  // namespace regesta::api::s3
