#include "http/gunzip.h"

#include <zlib.h>

#include "base/error.h"

namespace regesta::http {

struct Gunzip::State {
  z_stream stream{};
  std::size_t limit = 0, produced = 0;
  bool ended = false;
};

Gunzip::Gunzip(std::size_t limit) : state_(std::make_unique<State>()) {
  state_->limit = limit;
  constexpr int gzipOnly = 16 + MAX_WBITS;
  REGESTA_INVARIANT(inflateInit2(&state_->stream, gzipOnly) == Z_OK);
}

Gunzip::~Gunzip() { inflateEnd(&state_->stream); }

void Gunzip::write(std::string_view piece, std::string& out) {
  z_stream& stream = state_->stream;
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(piece.data()));
  stream.avail_in = static_cast<uInt>(piece.size());
  char buffer[16 * 1024];
  while (stream.avail_in > 0 || stream.avail_out == 0) {
    if (state_->ended) throw Error(Code::invalid, "the gzip body is longer than its content");
    stream.next_out = reinterpret_cast<Bytef*>(buffer);
    stream.avail_out = sizeof buffer;
    int result = inflate(&stream, Z_NO_FLUSH);
    std::size_t size = sizeof buffer - stream.avail_out;
    state_->produced += size;
    if (state_->produced > state_->limit)
      throw error(Code::tooLarge, "the request body unpacks to more than {} bytes", state_->limit);
    out.append(buffer, size);
    state_->ended = result == Z_STREAM_END;
    if (result == Z_BUF_ERROR) break;  // it wants more
    if (result != Z_OK && result != Z_STREAM_END) throw Error(Code::invalid, "the request body is not valid gzip");
    if (state_->ended && stream.avail_in == 0) break;
  }
}

void Gunzip::finish() const {
  if (!state_->ended) throw Error(Code::invalid, "the gzip body ends too early");
}

}  // namespace regesta::http
