#include "api/oci/received.h"

#include "base/error.h"
#include "base/limits_oci.h"
#include "base/text.h"

namespace regesta::api::oci {
namespace {

constexpr std::size_t stepBytes = 4 * 1024 * 1024;  // of pieces that are put together, between two looks at the clock

OciError outOfOrder(const registry::OciUpload& upload, std::string_view start) {
  return {Code::invalid, 416, "BLOB_UPLOAD_INVALID",
          fmt::format("the upload has {} bytes, and the next must begin at {}, not at {}; ask with GET", upload.size,
                      upload.size, start)};
}

/// Reads one blob after the other.
class PieceReader {
 public:
  PieceReader(blob::BlobStore& blobs, const std::vector<blob::Stored>& pieces) : blobs_(blobs), pieces_(pieces) {}

  /// False at the end.
  bool copy(blob::Writer& writer, std::vector<char>& buffer) {
    for (std::size_t moved = 0; moved < stepBytes;) {
      if (!reader_) {
        if (next_ == pieces_.size()) return false;
        reader_ = blobs_.open(pieces_[next_].digest);
        if (!reader_) throw error(Code::corrupt, "the piece {} of an upload is missing", pieces_[next_].digest);
        at_ = 0;
      }
      std::size_t count = reader_->read(at_, buffer);
      if (count == 0) {
        reader_.reset();
        ++next_;
        continue;
      }
      writer.write({buffer.data(), count});
      at_ += count;
      moved += count;
    }
    return true;
  }

 private:
  blob::BlobStore& blobs_;
  const std::vector<blob::Stored>& pieces_;
  std::size_t next_ = 0;
  std::unique_ptr<blob::Reader> reader_;
  std::uint64_t at_ = 0;
};

}  // namespace

http::asio::awaitable<Received> receivePiece(Exchange& exchange, blob::Writer& writer, std::int64_t room) {
  Received received;
  std::vector<char> piece(pieceSize);
  try {
    while (std::size_t count = co_await exchange.read(piece)) {
      if (static_cast<std::int64_t>(received.size + count) > room)
        throw error(Code::tooLarge, "your uploads under way may hold {} bytes together; finish or cancel some first",
                    limits::ociUploadBytes);
      co_await exchange.waiting([&] { writer.write({piece.data(), count}); });
      received.size += count;
    }
  } catch (...) {
    received.failure = std::current_exception();
  }
  co_return received;
}

void checkRange(const http::Request& request, const registry::OciUpload& upload, std::optional<std::uint64_t> length) {
  auto header = request.headers.get("Content-Range");
  if (!header) return;
  std::size_t dash = header->find('-');
  auto start = parseInteger(header->substr(0, dash));
  auto end = dash == header->npos ? std::nullopt : parseInteger(header->substr(dash + 1));
  if (!start || !end || *start < 0 || *end < *start)
    throw invalid("BLOB_UPLOAD_INVALID", "the header Content-Range must be <first byte>-<last byte>, not '{}'",
                  shorten(*header, 60));
  if (*start != upload.size) throw outOfOrder(upload, header->substr(0, dash));
  if (length && static_cast<std::int64_t>(*length) != *end - *start + 1)
    throw invalid("SIZE_INVALID", "the header Content-Range says {} bytes and Content-Length says {}",
                  *end - *start + 1, *length);
}

http::asio::awaitable<blob::Stored> combine(Exchange& exchange, blob::BlobStore& blobs,
                                            const std::vector<blob::Stored>& pieces, const Digest& digest) {
  if (pieces.size() == 1 && digest.isSha256()) {
    if (pieces[0].digest != digest.hex())
      throw invalid("DIGEST_INVALID", "the content has the digest sha256:{}, not {}; nothing was stored",
                    pieces[0].digest, digest.text);
    co_return pieces[0];
  }
  CheckedWriter writer(blobs.create(), digest);
  PieceReader reader(blobs, pieces);
  std::vector<char> buffer(512 * 1024);
  while (co_await exchange.waiting([&] { return reader.copy(writer, buffer); })) {
  }
  co_return co_await exchange.waiting([&] { return writer.commit(); });
}

}  // namespace regesta::api::oci
