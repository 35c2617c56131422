#include "api/hf/refs.h"

#include "api/hf/file_entry.h"
#include "base/limits.h"
#include "base/text.h"
#include "base/time.h"
#include "governance/gate.h"
#include "registry/pointer.h"

namespace regesta::api::hf {
namespace {

using governance::Gate;

constexpr std::size_t commitsAtOnce = 100;

void writeRef(JsonWriter& writer, std::string_view name, std::string_view folder, const registry::Commit& commit) {
  writer.object().key("name").text(name).key("ref").text(fmt::format("refs/{}/{}", folder, name));
  writer.key("targetCommit").text(commit.id).end();
}

/// Moves an alias through the gate; `to` 0 removes it.
void move(Call& call, const Repo& repo, const std::string& name, std::int64_t from, std::int64_t to,
          std::string_view reason) {
  Gate::Move move{.key = repo.key,
                  .pointer = registry::Pointer::alias(name),
                  .to = to,
                  .reason = shorten(reason, 1000),
                  .from = from};
  call.core.gate.moveOrThrow(*call.identity, move);
}

std::string nameOf(const Call& call) {
  std::string name(call.http.variable("name"));
  registry::checkAlias(name);
  return name;
}

void requireFree(db::Transaction& transaction, const registry::Asset& asset, const std::string& name) {
  bool branch = registry::isBranch(asset, name);
  if (!branch && !registry::findAlias(transaction, asset, name)) return;
  throw error(Code::exists,
              "{} '{}' already exists; delete it first, or move it with `regesta alias set {} {} VERSION`",
              branch ? "branch" : "tag", name, asset.key.subject(), name);
}

struct Target {
  registry::Asset asset;
  registry::Commit commit;
};

/// The commit that a new name shall point to; the name must be free.
Target targetOf(Call& call, const Repo& repo, const std::string& name, const std::string& revision) {
  return call.core.store.read([&](db::Transaction& transaction) {
    Target target{getRepo(transaction, repo), {}};
    requireFree(transaction, target.asset, name);
    target.commit = getRevision(transaction, repo, target.asset, revision);
    return target;
  });
}

/// The version that a name to delete points to; 0: a branch without commits.
std::int64_t holderToDelete(Call& call, const Repo& repo, const std::string& name, bool branch) {
  return call.core.store.read([&](db::Transaction& transaction) {
    registry::Asset asset = getRepo(transaction, repo);
    std::optional<registry::Alias> alias = registry::findAlias(transaction, asset, name);
    if (registry::isBranch(asset, name) != branch || (!alias && !branch)) throw revisionNotFound(repo, name);
    return alias ? alias->number : 0;
  });
}

void mark(Call& call, const Repo& repo, const std::string& name, bool branch) {
  call.core.store.change(call.actor(), [&](registry::Change& change) {
    registry::markBranch(change, getRepo(change.transaction, repo), name, branch);
  });
}

}  // namespace

http::Response listRefs(Call& call, const Repo& repo, const json::value&) {
  return call.core.store.read([&](db::Transaction& transaction) {
    registry::Asset asset = getRepo(transaction, repo);
    http::Response response;
    JsonWriter writer(response.body);
    writer.object().key("branches").array();
    for (const std::string& name : registry::branchesOf(asset))
      if (auto tip = registry::branchTip(transaction, asset, name)) writeRef(writer, name, "heads", *tip);
    writer.end().key("converts").array().end().key("tags").array();
    for (const registry::Alias& alias : registry::listAliases(transaction, asset)) {
      if (registry::isBranch(asset, alias.name)) continue;
      if (auto version = registry::findVersion(transaction, asset.key, alias.number))
        writeRef(writer, alias.name, "tags", registry::commitOf(*std::move(version)));
    }
    writer.end().key("pullRequests").array().end().end();
    return response;
  });
}

http::Response listCommits(Call& call, const Repo& repo, const json::value&) {
  std::string cursor = queryValue(call.http, "cursor");
  std::size_t limit = pageLimit(call.http, commitsAtOnce, commitsAtOnce);
  return call.core.store.read([&](db::Transaction& transaction) {
    registry::Asset asset = getRepo(transaction, repo);
    std::optional<registry::Commit> commit =
        getRevision(transaction, repo, asset, cursor.empty() ? call.http.variable("revision") : cursor);
    http::Response response;
    JsonWriter writer(response.body);
    writer.array();
    for (std::size_t written = 0; commit; ++written) {
      if (written == limit) {
        linkNext(call, response, commit->id);
        break;
      }
      std::string author = commit->version ? commit->version->createdBy : asset.createdBy;
      writer.object().key("id").text(commit->id).key("title").text(titleOf(*commit));
      writer.key("message").text(messageOf(*commit));
      writer.key("date").text(formatTime(commit->version ? commit->version->createdAt : asset.createdAt));
      writer.key("authors").array().object().key("user").text(registry::ActorId::read(author).name).end().end().end();
      commit = registry::parentOf(transaction, asset, *commit);
    }
    writer.end();
    return response;
  });
}

http::Response createBranch(Call& call, const Repo& repo, const json::value& body) {
  std::string name = nameOf(call);
  std::string from = body.is_object() ? memberText(body.get_object(), "startingPoint") : "";
  Target target = targetOf(call, repo, name, from.empty() ? std::string(registry::mainBranch) : from);
  if (target.commit.number != 0)
    move(call, repo, name, 0, target.commit.number, fmt::format("branch {} created", name));
  mark(call, repo, name, true);
  return jsonResponse("{}");
}

http::Response deleteBranch(Call& call, const Repo& repo, const json::value&) {
  std::string name = nameOf(call);
  if (name == registry::mainBranch) throw Invalid("branch", "'main' cannot be deleted");
  std::int64_t holder = holderToDelete(call, repo, name, true);
  if (holder != 0) move(call, repo, name, holder, 0, fmt::format("branch {} deleted", name));
  mark(call, repo, name, false);
  return jsonResponse("{}");
}

http::Response createTag(Call& call, const Repo& repo, const json::value& body) {
  const json::object& members = objectOf(body);
  std::string name = memberText(members, "tag"), message = memberText(members, "message");
  registry::checkAlias(name);
  Target target = targetOf(call, repo, name, std::string(call.http.variable("name")));
  if (target.commit.number == 0) throw Invalid("revision", "has no files yet; commit some before you tag it");
  move(call, repo, name, 0, target.commit.number, message.empty() ? fmt::format("tag {} created", name) : message);
  return jsonResponse("{}");
}

http::Response deleteTag(Call& call, const Repo& repo, const json::value&) {
  std::string name = nameOf(call);
  std::int64_t holder = holderToDelete(call, repo, name, false);
  move(call, repo, name, holder, 0, fmt::format("tag {} deleted", name));
  return jsonResponse("{}");
}

}  // namespace regesta::api::hf
