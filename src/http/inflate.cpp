#include "http/inflate.h"

#include <zlib.h>

#include <memory>

#include "base/error.h"
#include "base/text.h"

namespace regesta::http {
namespace {

struct End {
  void operator()(z_stream* stream) const { ::inflateEnd(stream); }
};

/// `window` as zlib has it: 15 with zlib's frame, 31 gzip, -15 neither. Empty when the bytes are none of that.
std::optional<std::string> unpack(std::string_view body, int window, std::size_t most, MemoryShare& share) {
  z_stream stream{};
  if (::inflateInit2(&stream, window) != Z_OK) throw Error(Code::unavailable, "no memory to unpack a request's body");
  std::unique_ptr<z_stream, End> closing(&stream);
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(body.data()));
  stream.avail_in = static_cast<uInt>(body.size());
  std::string out;
  int state = Z_OK;
  while (state != Z_STREAM_END) {
    char part[64 * 1024];
    stream.next_out = reinterpret_cast<Bytef*>(part);
    stream.avail_out = sizeof part;
    state = ::inflate(&stream, Z_NO_FLUSH);
    std::size_t made = sizeof part - stream.avail_out;
    if ((state != Z_OK && state != Z_STREAM_END) || (made == 0 && state == Z_OK)) return std::nullopt;
    if (out.size() + made > most) throw error(Code::tooLarge, "the unpacked body is larger than {} bytes", most);
    share.add(made);
    out.append(part, made);
  }
  return out;
}

}  // namespace

std::string inflate(std::string_view body, std::string_view encoding, std::size_t most, MemoryShare& share) {
  std::string name = lower(trim(encoding));
  std::optional<std::string> out;
  if (name == "gzip" || name == "x-gzip") {
    out = unpack(body, 15 + 16, most, share);
  } else if (name == "deflate") {
    out = unpack(body, 15, most, share);
    if (!out) out = unpack(body, -15, most, share);
  } else {
    throw error(Code::invalid, "Content-Encoding '{}' is not understood here; send gzip, deflate or none",
                isUtf8(name) ? shorten(name, 50) : "bytes");
  }
  if (!out) throw error(Code::invalid, "the body is not what Content-Encoding: {} says", name);
  return *std::move(out);
}

std::string_view unpackedBody(const Request& request, std::size_t most, std::string& unpacked, MemoryShare& share) {
  auto encoding = request.headers.get("Content-Encoding");
  if (!encoding || equalsIgnoreCase(*encoding, "identity")) return request.body;
  unpacked = inflate(request.body, *encoding, most, share);
  return unpacked;
}

}  // namespace regesta::http
