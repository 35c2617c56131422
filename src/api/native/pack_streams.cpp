#include "api/native/archive_streams.h"
#include "api/native/common.h"
#include "api/native/front.h"
#include "base/encoding.h"
#include "base/text.h"
#include "proof/pack.h"

namespace regesta::api::native {
namespace {

using http::Exchange;

proof::PackOrder packOrderOf(const Call& call) {
  const http::Request& request = call.http;
  proof::PackOrder order{readable(call, request.variable("kind"), request.variable("name")),
                         std::string(request.variable("selector"))};
  order.program = call.core.version;
  order.server = call.core.publicUrl;
  order.witnessing = call.core.log.witnessing();
  order.timestamping = call.core.log.timestamping();
  for (const auto& [name, value] : http::parseQuery(request.query)) {
    if (name == "files") {
      if (value != "true" && value != "false") throw Invalid("files", "must be 'true' or 'false'");
      order.files = value == "true";
    } else if (name == "since") {
      auto since = parseInteger(value);
      if (!since) throw Invalid("since", "must be the size of a checkpoint");
      order.since = *since;
    } else if (name != "workspace") {
      throw Invalid(name, "is not a parameter of this request: those are 'files' and 'since'");
    }
  }
  return order;
}

http::Response headOfPack(const registry::Version& version) {
  http::Response head;
  head.contentType = "application/zip";
  head.headers.set("X-Content-Type-Options", "nosniff");
  head.headers.set("Cache-Control", "private, no-store");
  const std::string& name = version.asset.key.name;
  std::string filename = fmt::format("{}-{}.evidence.zip", name.substr(name.rfind('/') + 1), version.number);
  head.headers.set("Content-Disposition", "attachment; filename*=UTF-8''" + percentEncode(filename));
  return head;
}

/// Streams the evidence pack of a version as a zip.
Task getPack(Exchange& exchange, Core& core) {
  std::optional<Call> call;
  co_await enter(exchange, core, reads("versions"), dialect(), call);
  proof::Pack pack = co_await exchange.waiting(
      [&] { return proof::makePack(core.store, core.log, *call->identity, packOrderOf(*call)); });
  co_await exchange.begin(headOfPack(pack.version), std::nullopt);
  ArchiveWriter archive(ArchiveWriter::Format::zip, pack.version.createdAt / 1000);
  std::size_t unsent = 0;
  for (const auto& [path, bytes] : pack.members) {
    archive.file(path, bytes.size());
    archive.write(bytes);
    if ((unsent += bytes.size()) < pieceSize) continue;
    co_await exchange.write(archive.take());
    unsent = 0;
  }
  for (const registry::VersionFile& file : pack.files)
    co_await addBlob(exchange, core, archive, std::string(proof::filesFolder) + file.path, file.digest);
  archive.finish();
  co_await exchange.write(archive.take());
  co_await exchange.finish();
}

const StreamRoute packRoutes[] = {
    {"GET", "/api/v1/assets/{kind}/{name}/versions/{selector}/pack", "Export the evidence pack of a version",
     reads("versions of this name, and what else the caller may read"), makeStream<getPack>},
};

}  // namespace

std::span<const StreamRoute> packStreams() { return packRoutes; }

}  // namespace regesta::api::native
