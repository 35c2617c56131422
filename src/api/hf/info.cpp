#include "api/hf/info.h"

#include <algorithm>

#include "api/hf/card.h"
#include "api/hf/file_entry.h"
#include "base/text.h"
#include "base/time.h"
#include "registry/workspace.h"

namespace regesta::api::hf {
namespace {

using access::Verb;

constexpr std::size_t listedUsually = 100, listedAtOnce = 1000, assetsLooked = 10'000;

struct Shown {
  registry::Asset asset;
  Repo repo;
  registry::Commit commit;
  Card card;
};

Shown showRepo(const Call& call, db::Transaction& transaction, const Repo& repo, registry::Asset asset,
               std::string_view revision) {
  Shown shown{std::move(asset), repo, {}, {}};
  shown.commit = getRevision(transaction, repo, shown.asset, revision);
  shown.card = cardOf(call, transaction, shown.commit);
  return shown;
}

void writeText(JsonWriter& writer, const json::object& card, std::string_view member) {
  if (std::string text = memberText(card, member); !text.empty()) writer.key(member).text(text);
}

/// What every answer about a repository has; the object stays open.
void writeRepo(JsonWriter& writer, const Shown& shown) {
  const registry::Asset& asset = shown.asset;
  std::string id = shown.repo.id();
  std::int64_t modified = shown.commit.version ? shown.commit.version->createdAt : asset.createdAt;
  writer.object().key("_id").text(shown.commit.id.substr(0, 24)).key("id").text(id);
  if (asset.key.kind == registry::Kind::model) writer.key("modelId").text(id);
  writer.key("author").text(asset.key.workspace).key("sha").text(shown.commit.id);
  writer.key("lastModified").text(formatTime(modified)).key("createdAt").text(formatTime(asset.createdAt));
  writer.key("private").boolean(true).key("gated").boolean(false).key("disabled").boolean(false);
  writer.key("downloads").number(0).key("likes").number(0);
  writer.key("tags").array();
  for (const std::string& tag : tagsOf(shown.card.data)) writer.text(tag);
  writer.end();
  writeText(writer, shown.card.data, "pipeline_tag");
  writeText(writer, shown.card.data, "library_name");
  if (!asset.description.empty()) writer.key("description").text(asset.description);
  if (!shown.card.data.empty()) writer.key("cardData").raw(writeJson(shown.card.data));
}

void writeSiblings(JsonWriter& writer, const std::vector<registry::VersionFile>& files, bool blobs) {
  writer.key("siblings").array();
  for (const registry::VersionFile& file : files) {
    writer.object().key("rfilename").text(file.path);
    if (blobs) {
      writer.key("size").number(file.size).key("blobId").text(pointerId(file));
      writer.key("lfs").object().key("sha256").text(file.digest).key("size").number(file.size);
      writer.key("pointerSize").number(static_cast<std::int64_t>(pointerSize(file))).end();
    }
    writer.end();
  }
  writer.end();
}

/// The filters of a list.
struct Listing {
  registry::Kind kind;
  std::string author, search, cursor;
  std::vector<std::string> filters;
  std::size_t limit = 0;
  bool full = false;
};

Listing listingOf(const Call& call) {
  Listing listing{
      kindOfType(call.http.variable("type")), "", "", "", {}, pageLimit(call.http, listedUsually, listedAtOnce), false};
  for (auto& [name, value] : http::parseQuery(call.http.query)) {
    if (name == "author") listing.author = value;
    if (name == "search") listing.search = lower(value);
    if (name == "cursor") listing.cursor = value;
    if (name == "filter" || name == "tags" || name == "pipeline_tag" || name == "library")
      for (std::string_view each : split(value, ',')) listing.filters.emplace_back(each);
    if (name == "full" || name == "cardData") listing.full |= lower(value) == "true" || value == "1";
  }
  return listing;
}

bool matches(const Listing& listing, const Shown& shown) {
  std::vector<std::string> tags = tagsOf(shown.card.data);
  return std::ranges::all_of(listing.filters, [&](const std::string& filter) {
    return filter.empty() || std::ranges::find(tags, filter) != tags.end();
  });
}

/// Visits the assets that the caller may read, by id, after the cursor; `visit` returns false to end.
void eachRepo(const Call& call, db::Transaction& transaction, const Listing& listing,
              const std::function<bool(registry::Asset&&)>& visit) {
  std::size_t slash = listing.cursor.find('/');
  std::string afterWorkspace = listing.cursor.substr(0, slash);
  std::vector<registry::Workspace> workspaces = registry::listWorkspaces(transaction);
  std::ranges::sort(workspaces, {}, &registry::Workspace::name);
  for (const registry::Workspace& workspace : workspaces) {
    if (!listing.author.empty() && workspace.name != listing.author) continue;
    if (workspace.name < afterWorkspace || !call.identity->may(Verb::read, workspace.name)) continue;
    std::string after = workspace.name == afterWorkspace ? listing.cursor.substr(slash + 1) : "";
    for (;;) {
      auto page = registry::listAssets(transaction, workspace.name, listing.kind, after, listedAtOnce);
      if (page.empty()) break;
      after = page.back().key.name;
      for (registry::Asset& asset : page) {
        if (!call.identity->may(Verb::read, workspace.name, asset.key.name)) continue;
        if (!listing.search.empty() &&
            lower(fmt::format("{}/{}", workspace.name, asset.key.name)).find(listing.search) == std::string::npos)
          continue;
        if (!visit(std::move(asset))) return;
      }
      if (page.size() < listedAtOnce) break;
    }
  }
}

}  // namespace

http::Response repoInfo(Call& call, const Repo& repo, const json::value&) {
  std::string revision(call.http.variable("revision"));
  if (revision.empty()) revision = registry::mainBranch;
  bool blobs = queryFlag(call.http, "blobs");
  return call.core.store.read([&](db::Transaction& transaction) {
    Shown shown = showRepo(call, transaction, repo, getRepo(transaction, repo), revision);
    requireServed(transaction, shown.asset, revision, shown.commit);
    std::vector<registry::VersionFile> files;
    if (shown.commit.version) files = registry::versionFiles(transaction, *shown.commit.version);
    http::Response response;
    JsonWriter writer(response.body);
    writeRepo(writer, shown);
    writeSiblings(writer, files, blobs);
    std::int64_t used = 0;
    for (const registry::VersionFile& file : files) used += file.size;
    writer.key("usedStorage").number(used).end();
    return response;
  });
}

http::Response listRepos(Call& call, const json::value&) {
  Listing listing = listingOf(call);
  return call.core.store.read([&](db::Transaction& transaction) {
    http::Response response;
    JsonWriter writer(response.body);
    writer.array();
    std::size_t written = 0, looked = 0;
    std::string last;
    bool more = false;
    eachRepo(call, transaction, listing, [&](registry::Asset&& asset) {
      if (written == listing.limit || looked == assetsLooked) {
        more = true;
        return false;
      }
      ++looked;
      Repo repo{asset.key};
      last = repo.id();
      Shown shown = showRepo(call, transaction, repo, std::move(asset), registry::mainBranch);
      if (!matches(listing, shown)) return true;
      writeRepo(writer, shown);
      if (listing.full && shown.commit.version)
        writeSiblings(writer, registry::versionFiles(transaction, *shown.commit.version), false);
      writer.end();
      ++written;
      return true;
    });
    writer.end();
    if (more) linkNext(call, response, last);
    return response;
  });
}

}  // namespace regesta::api::hf
