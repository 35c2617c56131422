#include "api/hf/repo.h"

#include <algorithm>

#include "api/admitted.h"
#include "api/server_url.h"
#include "base/text.h"
#include "governance/quarantine.h"
#include "registry/pointer.h"
#include "registry/workspace.h"

namespace regesta::api::hf {
namespace {

using access::Verb;
using registry::Kind;

std::string workspaceOfPath(const http::Request& request) {
  std::string_view workspace = request.variable("workspace");
  return std::string(workspace.empty() ? registry::defaultWorkspace : workspace);
}

void requireRepo(const access::Identity& identity, const Repo& repo, Verb verb) {
  if (!identity.may(Verb::read, repo.key.workspace, repo.key.name)) throw repoNotFound(repo);
  if (verb != Verb::read) identity.require(verb, repo.key.workspace, repo.key.name);
}

std::shared_ptr<Admitted> admitToRepo(Core& core, const http::Request& request, Verb verb) {
  Repo repo = repoOf(request);
  auto admitted = admitHead(core, request, signedIn(), dialect());
  requireRepo(*admitted->identity(), repo, verb);
  return admitted;
}

}  // namespace

std::string Repo::id() const { return fmt::format("{}/{}", key.workspace, key.name); }
std::string_view Repo::type() const { return key.kind == Kind::dataset ? "dataset" : "model"; }
std::string_view Repo::collection() const { return key.kind == Kind::dataset ? "datasets" : "models"; }

std::string hubUrl(const Core& core, const http::Request& request) { return serverUrl(core, request) + "/hf"; }

std::string Repo::page(const Core& core, const http::Request& request) const {
  return fmt::format("{}/{}{}", hubUrl(core, request), key.kind == Kind::dataset ? "datasets/" : "", id());
}

Kind kindOfType(std::string_view word) {
  if (word == "model" || word == "models") return Kind::model;
  if (word == "dataset" || word == "datasets") return Kind::dataset;
  constexpr std::string_view others[] = {"space", "spaces", "kernel", "kernels", "bucket", "buckets"};
  bool known = std::ranges::find(others, word) != std::end(others);
  throw error(known ? Code::invalid : Code::notFound,
              "this server has repositories of the types model and dataset, not '{}'; Spaces, kernels and buckets are "
              "not supported",
              shorten(word, 40));
}

Repo repoOf(const http::Request& request) {
  std::string_view type = request.variable("type");
  if (type.empty()) {
    std::string_view path = request.rawPath;
    type = path.starts_with("/hf/datasets/") ? "datasets" : path.starts_with("/hf/spaces/") ? "spaces" : "models";
  }
  return {{workspaceOfPath(request), kindOfType(type), std::string(request.variable("repo"))}};
}

HubError repoNotFound(const Repo& repo) {
  return {Code::notFound, "RepoNotFound",
          fmt::format("there is no {} '{}', or you may not read it", repo.type(), shorten(repo.id(), 200))};
}

HubError revisionNotFound(const Repo& repo, std::string_view revision) {
  return {Code::notFound, "RevisionNotFound",
          fmt::format("{} '{}' has no branch, tag, version or commit '{}'", repo.type(), repo.id(),
                      shorten(revision, 200))};
}

HubError entryNotFound(const Repo& repo, const registry::Commit& commit, std::string_view path) {
  HubError fault(Code::notFound, "EntryNotFound",
                 fmt::format("{} '{}' has no '{}' at {}", repo.type(), repo.id(), shorten(path, 200), commit.id));
  fault.commit = commit.id;
  return fault;
}

Call enterRepo(Core& core, const http::Request& request, Verb verb) {
  Repo repo = repoOf(request);
  Call call = admit(core, request, signedIn(), dialect());
  call.workspace = repo.key.workspace;
  requireRepo(*call.identity, repo, verb);
  return call;
}

template <Verb verb>
std::shared_ptr<http::Caller> repoDoor(Core& core, const http::Request& request) {
  return admitToRepo(core, request, verb);
}
template std::shared_ptr<http::Caller> repoDoor<Verb::read>(Core&, const http::Request&);
template std::shared_ptr<http::Caller> repoDoor<Verb::write>(Core&, const http::Request&);

std::shared_ptr<http::Caller> signedInDoor(Core& core, const http::Request& request) {
  return admitHead(core, request, signedIn(), dialect());
}

registry::Asset getRepo(db::Transaction& transaction, const Repo& repo) {
  std::optional<registry::Asset> asset = registry::findAsset(transaction, repo.key);
  if (!asset) throw repoNotFound(repo);
  return *std::move(asset);
}

registry::Commit getRevision(db::Transaction& transaction, const Repo& repo, const registry::Asset& asset,
                             std::string_view revision) {
  std::optional<registry::Commit> commit = registry::resolveRevision(transaction, asset, revision);
  if (!commit) throw revisionNotFound(repo, revision);
  return *std::move(commit);
}

void requireServed(db::Transaction& transaction, const registry::Asset& asset, std::string_view revision,
                   const registry::Commit& commit) {
  for (std::string_view prefix : {"refs/heads/", "refs/tags/"})
    if (revision.starts_with(prefix)) revision.remove_prefix(prefix.size());
  bool named = revision == "HEAD" || registry::isBranch(asset, revision) ||
               registry::findAlias(transaction, asset, revision).has_value();
  if (!named || !commit.version) return;
  try {
    governance::requireNoQuarantine(transaction, *commit.version);
  } catch (const Error& refused) {
    // Of other refusals, a download shows no reason.
    throw HubError(refused.code, "GatedRepo", refused.message);
  }
}

}  // namespace regesta::api::hf
