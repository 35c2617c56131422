// A connection's incoming bytes: heads, bodies, routes, conditions. However the bytes are cut into pieces, the same
// requests come out; that is what keeps a proxy in front of us and ourselves of one mind.
//
// rooms: http
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "base/error.h"
#include "http/conditional.h"
#include "http/parser.h"
#include "http/router.h"

using namespace regesta;
using namespace regesta::http;

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

const Router& router() {
  static const Router* filled = [] {
    auto* fresh = new Router;
    for (std::string_view pattern :
         {"/", "/a/{b}", "/a/literal", "/v2/{name...}/blobs/{digest}", "/files/{path...}", "/git/{repo}.git"})
      fresh->add("GET", pattern, {[](const Request&) { return Response(); }, nullptr, Runs::inline_, 0, {}});
    return fresh;
  }();
  return *filled;
}

void checkRoute(Request request) {
  try {
    Router::Found found = router().find(request);
    require(!found.action || found.allowed.empty());
    for (const auto& [name, value] : request.variables) require(value.find('\0') == std::string::npos);
  } catch (const Error& refused) {
    require(refused.code == Code::invalid);
  }
  parseQuery(request.query);
  Selection selection = selectBytes(request, 1000, {"\"v\"", 784111777});
  if (selection.status == 206) require(selection.length > 0);
  require(selection.from <= 1000 && selection.length <= 1000 - selection.from);
}

/// Everything a reader would see, as text; ends at the first fault or when bytes run out. Bytes of a body that turns
/// out to be malformed do not count: the request fails as a whole.
std::string readAll(std::string_view bytes, std::size_t step, std::size_t room) {
  std::string seen, body, into(room, '\0');
  std::size_t begin = 0, arrived = std::min(step, bytes.size());
  auto more = [&] {
    if (arrived == bytes.size()) return false;
    arrived = std::min(bytes.size(), arrived + step);
    return true;
  };
  RequestParser parser;
  try {
    for (;;) {
      Request request;
      Framing framing;
      std::size_t size = 0;
      while ((size = parser.parse(bytes.substr(begin, arrived - begin), request, framing)) == 0)
        if (!more()) return seen + "<more>";
      std::string_view head = bytes.substr(begin, size);
      require(head.ends_with("\r\n\r\n") && head.find("\r\n\r\n") == size - 4 && head.find('\0') == std::string::npos);
      require(request.rawPath.starts_with('/') || request.rawPath == "*");
      require(!(framing.chunked && framing.length));
      begin += size;
      checkRoute(request);
      seen +=
          fmt::format("<{} {} {} {}>", request.method, request.rawPath, request.query, request.headers.all().size());
      if (framing.chunked) {
        ChunkDecoder decoder;
        while (!decoder.ended()) {
          ChunkDecoder::Step got = decoder.decode(bytes.substr(begin, arrived - begin), into);
          require(got.consumed <= arrived - begin && got.produced <= room && got.produced <= got.consumed);
          begin += got.consumed;
          body.append(into, 0, got.produced);
          if (got.consumed == 0 && !more()) return seen + "<more body>" + body;
        }
        seen += std::exchange(body, {});
      } else {
        std::uint64_t left = framing.length.value_or(0);
        if (left > bytes.size() - begin) return seen + "<more body>";
        while (arrived - begin < left) more();
        begin += left;
      }
    }
  } catch (const Malformed& fault) {
    return seen + fmt::format("<{}>", fault.status);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 1) return 0;
  std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  std::string whole = readAll(bytes, bytes.size() + 1, 64 * 1024);
  std::string pieces = readAll(bytes, 1 + data[0] % 16, 1 + data[0] / 16);
  require(whole == pieces);
  return 0;
}
