#include "api/xet/front.h"

#include "api/xet/chunks.h"
#include "api/xet/data.h"
#include "api/xet/reconstruction.h"
#include "api/xet/shards.h"
#include "api/xet/xorbs.h"
#include "base/limits_content.h"

namespace regesta::api::xet {
namespace {

using access::Verb;

constexpr std::string_view repository = "the repository";
constexpr std::size_t xorbBody = blob::xet::xorbBytes + 2 * 1024 * 1024;  // with record headers and a footer
constexpr std::size_t jsonBody = 256 * 1024, telemetryBody = 64 * 1024;

template <Verb verb>
std::shared_ptr<http::Caller> door(Core& core, const http::Request& request) {
  return admitXetToken(core, request, verb);
}

/// Clients report how fast transfers were; nothing is kept.
Task takeTelemetry(http::Exchange& exchange, Core&) {
  std::vector<char> piece(16 * 1024);
  while (co_await exchange.read(piece) > 0) continue;
  co_await exchange.respond(jsonAnswer("", 204));
}

template <http::Response (*answer)(const Call&, const http::Request&)>
std::shared_ptr<http::StreamHandler> whole(Core& core) {
  return std::make_shared<Whole<answer>>(core);
}

using Make = std::shared_ptr<http::StreamHandler> (*)(Core& core);

StreamRoute reading(std::string_view method, std::string_view pattern, std::string_view summary, Make make,
                    std::size_t body = 1) {
  return {method, pattern, summary, reads(repository), make, body, false, nullptr, door<Verb::read>};
}
StreamRoute writing(std::string_view method, std::string_view pattern, std::string_view summary, Make make,
                    std::size_t body = 1) {
  return {method, pattern, summary, writes(repository), make, body, false, nullptr, door<Verb::write>};
}

}  // namespace

Front front() {
  static const StreamRoute streams[] = {
      writing("POST", "/hf/cas/{workspace}/v1/xorbs/{prefix}/{hash}", "Upload a xorb", makeStream<uploadXorb>,
              xorbBody),
      writing("HEAD", "/hf/cas/{workspace}/v1/xorbs/{prefix}/{hash}", "Check a xorb", makeStream<headXorb>),
      reading("HEAD", "/hf/cas/{workspace}/v1/files/{hash}", "Check a file", makeStream<headFile>),
      writing("POST", "/hf/cas/{workspace}/v1/shards", "Store files that a shard describes", makeStream<uploadShard>,
              limits::xetShard),
      writing("POST", "/hf/cas/{workspace}/v2/shards", "Store files that a shard describes, with progress",
              makeStream<uploadShardWithProgress>, limits::xetShard),
      writing("GET", "/hf/cas/{workspace}/v1/chunks/{prefix}/{hash}", "Get the content around a chunk",
              whole<findChunk>),
      reading("GET", "/hf/cas/{workspace}/v1/reconstructions/{hash}", "Get the reconstruction of a file",
              whole<reconstruction>),
      reading("GET", "/hf/cas/{workspace}/v2/reconstructions/{hash}", "Get the reconstruction of a file, version 2",
              whole<reconstructionV2>),
      reading("GET", "/hf/cas/{workspace}/v1/reconstructions", "Get the reconstructions of several files",
              whole<reconstructions>),
      reading("POST", "/hf/cas/{workspace}/v1/reconstructions", "Get the reconstructions of listed files",
              makeStream<postReconstructions>, jsonBody),
      {"GET", "/hf/cas/{workspace}/v1/data/{pack}", "Download bytes of a xorb at a signed address", reads(repository),
       makeStream<getData>, 1, false, nullptr, admitDataUrl},
      reading("POST", "/hf/cas/{workspace}/v1/telemetry", "Report a transfer", makeStream<takeTelemetry>,
              telemetryBody),
  };
  static constexpr std::string_view below[] = {"/hf/cas/"};
  return {.dialect = dialect(), .routes = {}, .prefixes = below, .streams = streams};
}

}  // namespace regesta::api::xet
