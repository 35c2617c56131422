#include "api/hf/resolve.h"

#include "api/hf/xet.h"
#include "base/encoding.h"

namespace regesta::api::hf {
namespace {

struct Found {
  registry::Commit commit;
  registry::VersionFile file;
};

Found findFile(Core& core, const http::Request& request) {
  Call call = enterRepo(core, request, access::Verb::read);
  Repo repo = repoOf(request);
  return core.store.read([&](db::Transaction& transaction) {
    registry::Asset asset = getRepo(transaction, repo);
    registry::Commit commit = getRevision(transaction, repo, asset, request.variable("revision"));
    requireServed(transaction, asset, request.variable("revision"), commit);
    std::string path(request.variable("path"));
    std::optional<registry::VersionFile> file;
    if (commit.version) file = registry::findVersionFile(transaction, *commit.version, path);
    if (!file) throw entryNotFound(repo, commit, path);
    return Found{std::move(commit), *std::move(file)};
  });
}

http::Response headOf(const http::Selection& selection, const Found& found) {
  http::Response head{selection.status, {}, selection.headers, {}};
  // The bytes are not trusted: no browser may treat them as a page of this server.
  head.contentType = "application/octet-stream";
  head.headers.set("X-Content-Type-Options", "nosniff");
  head.headers.set("Content-Security-Policy", "sandbox; default-src 'none'; frame-ancestors 'none'");
  const std::string& path = found.file.path;
  head.headers.set("Content-Disposition",
                   "attachment; filename*=UTF-8''" + percentEncode(path.substr(path.rfind('/') + 1)));
  head.headers.set("X-Repo-Commit", found.commit.id);
  head.headers.set("X-Linked-Etag", fmt::format("\"{}\"", found.file.digest));
  head.headers.set("X-Linked-Size", std::to_string(found.file.size));
  return head;
}

}  // namespace

Task resolveFile(http::Exchange& exchange, Core& core) {
  const http::Request& request = exchange.request();
  Found found;
  http::Headers xet;
  std::unique_ptr<blob::Reader> reader = co_await exchange.waiting([&] {
    found = findFile(core, request);
    std::unique_ptr<blob::Reader> opened = core.blobs.open(found.file.digest);
    if (!opened) throw error(Code::corrupt, "the content of '{}' is missing: run regesta doctor", found.file.path);
    addXetHeaders(core, request, repoOf(request), found.commit.id, found.file.digest, xet);
    return opened;
  });
  std::string etag = fmt::format("\"{}\"", found.file.digest);
  http::Selection selection = http::selectBytes(request, reader->size(), {etag, std::nullopt});
  http::Response head = headOf(selection, found);
  for (const auto& [name, value] : xet.all()) head.headers.set(name, value);
  if (wantsXetInfo(request, xet)) co_return co_await exchange.respond(xetInfo(xet, head, reader->size()));
  if (!selection.sends()) co_return co_await exchange.respond(std::move(head));
  co_await send(exchange, std::move(head), *reader, selection);
}

}  // namespace regesta::api::hf
