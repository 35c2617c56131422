#pragma once
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "api/s3/signature.h"
#include "crypto/hash.h"

namespace regesta::api::s3 {

/// Takes the content out of a body in the coding aws-chunked, as it arrives: "size[;chunk-signature=…]", content, and
/// after the last chunk of size 0 the trailers. With a chain, each chunk's signature is compared at the chunk's end:
/// the caller stores the content after finish().
class ChunkedContent {
 public:
  struct Form {
    bool isSigned = false;  ///< chunks carry signatures
    bool trailers = false;
  };
  using Sink = std::function<void(std::string_view bytes)>;
  /// `chain` empty: signatures are not compared, on a server without users.
  ChunkedContent(Form form, std::optional<Verified> chain);
  /// Throws Fault{SignatureDoesNotMatch, IncompleteBody, MalformedTrailerError, InvalidRequest}.
  void write(std::string_view raw, const Sink& content);
  /// Throws Fault{IncompleteBody} if the last chunk or the trailers are missing.
  void finish() const;
  /// By lower-case name, without the signature.
  const std::vector<std::pair<std::string, std::string>>& trailers() const { return trailers_; }

 private:
  enum class State { header, data, dataEnd, trailer, ended };
  void takeLine(std::string_view line);
  void takeHeader(std::string_view line);
  void takeTrailer(std::string_view line);
  void endChunk();
  void endTrailers();
  void compare(std::string_view text, std::string_view claimed);

  Form form_;
  std::optional<Verified> chain_;
  State state_ = State::header;
  std::string line_;
  std::uint64_t left_ = 0, size_ = 0;
  std::string claimed_;
  std::optional<crypto::Sha256> hash_;
  std::vector<std::pair<std::string, std::string>> trailers_;
  std::string signedTrailers_, trailerSignature_;
};

}  // namespace regesta::api::s3
