#include "api/xet/data.h"

#include "api/xet/byte_range.h"
#include "api/xet/data_url.h"
#include "base/id.h"
#include "blob/chunk_runs.h"
#include "blob/record_reader.h"

namespace regesta::api::xet {
namespace {

using http::Exchange;

[[noreturn]] void refuse(std::string_view why) { throw error(Code::denied, "{}: request a reconstruction again", why); }

/// The pack with the ranges of its records that the file is made of now.
struct Source {
  std::shared_ptr<const blob::OpenPack> pack;
  std::vector<ByteRange> allowed;
};

Source sourceOf(const Call& call, const http::Request& request) {
  DataGrant grant = openDataUrl(call.core, request);
  bool readable =
      call.core.store.read([&](db::Transaction& transaction) { return call.mayRead(transaction, grant.digest); });
  if (!readable) refuse("the file is not readable any more");
  auto object = call.packs().index().find(grant.digest);
  auto row = call.packs().index().packNamed(request.variable("pack"));
  if (!object || !row) refuse("the content was moved");
  Source source{call.packs().open(row->id), {}};
  if (!source.pack) refuse("the content was moved");
  for (const blob::IndexedExtent& extent : object->extents) {
    if (extent.pack != row->id || std::size_t{extent.first} + extent.count > source.pack->chunks()) continue;
    source.allowed.push_back(
        {source.pack->footer().start(extent.first), source.pack->footer().start(extent.first + extent.count) - 1});
  }
  source.allowed = joined(std::move(source.allowed));
  return source;
}

std::vector<ByteRange> wantedRanges(const Source& source, const http::Request& request) {
  auto header = request.headers.get("Range");
  if (!header) throw Invalid("Range", "is required");
  std::vector<ByteRange> wanted = readByteRanges(*header);
  for (const ByteRange& range : wanted)
    if (!isWithin(range, source.allowed)) refuse("the range is not of the file that this address is for");
  return wanted;
}

/// What is sent before a part, and after the last one.
class Parts {
 public:
  Parts() : boundary_(randomHex(16)) {}
  std::string contentType() const { return "multipart/byteranges; boundary=" + boundary_; }
  std::string head(const ByteRange& range) const {
    return fmt::format("\r\n--{}\r\nContent-Type: application/octet-stream\r\nContent-Range: bytes {}-{}/*\r\n\r\n",
                       boundary_, range.first, range.last);
  }
  std::string end() const { return fmt::format("\r\n--{}--\r\n", boundary_); }
  std::uint64_t length(const std::vector<ByteRange>& ranges) const {
    std::uint64_t length = end().size();
    for (const ByteRange& range : ranges) length += head(range).size() + range.last - range.first + 1;
    return length;
  }

 private:
  std::string boundary_;
};

Task sendRange(Exchange& exchange, blob::Reader& reader, const ByteRange& range) {
  std::vector<char> piece(pieceSize);
  for (std::uint64_t at = range.first; at <= range.last;) {
    std::size_t count = co_await exchange.waiting([&] {
      std::uint64_t left = range.last - at + 1;
      return reader.read(at,
                         std::span(piece).first(static_cast<std::size_t>(std::min<std::uint64_t>(left, pieceSize))));
    });
    if (count == 0) throw Error(Code::corrupt, "a pack is shorter than its footer says");
    co_await exchange.write({piece.data(), count});
    at += count;
  }
}

}  // namespace

std::shared_ptr<http::Caller> admitDataUrl(Core& core, const http::Request& request) {
  return admitXetScope(core, request, openDataUrl(core, request).scope);
}

Task getData(Exchange& exchange, Core& core) {
  Call call = callOf(core, exchange);
  std::vector<ByteRange> wanted;
  std::optional<blob::RecordReader> reader;
  co_await exchange.waiting([&] {
    Source source = sourceOf(call, exchange.request());
    wanted = wantedRanges(source, exchange.request());
    reader.emplace(call.packs(), source.pack);
  });
  Parts parts;
  http::Response head;
  head.status = 206;
  if (wanted.size() == 1) {
    head.contentType = "application/octet-stream";
    head.headers.set("Content-Range", fmt::format("bytes {}-{}/*", wanted.front().first, wanted.front().last));
    co_await exchange.begin(std::move(head), wanted.front().last - wanted.front().first + 1);
    co_await sendRange(exchange, *reader, wanted.front());
  } else {
    head.contentType = parts.contentType();
    co_await exchange.begin(std::move(head), parts.length(wanted));
    for (const ByteRange& range : wanted) {
      co_await exchange.write(parts.head(range));
      co_await sendRange(exchange, *reader, range);
    }
    co_await exchange.write(parts.end());
  }
  co_await exchange.finish();
}

}  // namespace regesta::api::xet
