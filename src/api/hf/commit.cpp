#include "api/hf/commit.h"

#include <algorithm>

#include "api/hf/file_list.h"
#include "base/limits.h"
#include "base/text.h"
#include "governance/gate_direct.h"
#include "registry/pointer.h"
#include "registry/storage_quota.h"

namespace regesta::api::hf {
namespace {

using access::Verb;
using governance::Gate;

constexpr int attempts = 20;  // of a commit without a parent, while others commit to the branch

/// What one attempt came to.
struct Made {
  registry::Commit commit;
  std::int64_t from = 0;  ///< the version that the branch's alias pointed to; 0: none
  bool moved = false;     ///< false: the branch is protected and still has to pass the gate
};

registry::Commit tipOf(db::Transaction& transaction, const Repo& repo, const registry::Asset& asset,
                       const std::string& branch) {
  std::optional<registry::Commit> tip = registry::branchTip(transaction, asset, branch);
  if (tip) return *std::move(tip);
  if (registry::resolveRevision(transaction, asset, branch))
    throw Invalid("revision", fmt::format("'{}' is a tag or a version; commit to a branch", shorten(branch, 100)));
  throw revisionNotFound(repo, branch);
}

void checkParent(const registry::Commit& tip, const std::string& branch, const std::string& parent) {
  if (parent.empty() || parent == tip.id) return;
  throw HubError(Code::conflict, std::string(parentChanged),
                 fmt::format("'{}' is at {}, not at the parent commit {}; get the newest files and commit again",
                             branch, tip.id, shorten(parent, 60)));
}

std::string descriptionOf(const CommitBody& body) {
  std::string text = body.summary;
  if (!trim(body.description).empty()) text += "\n\n" + body.description;
  return shorten(text, limits::descriptionLength - 4);
}

std::vector<registry::VersionFile> filesOf(db::Transaction& transaction, const registry::Commit& commit) {
  return commit.version ? registry::versionFiles(transaction, *commit.version) : std::vector<registry::VersionFile>{};
}

registry::NewVersion versionOf(const CommitBody& body, const registry::Commit& parent,
                               const std::vector<registry::VersionFile>& before, const FileList& files) {
  registry::NewVersion made;
  made.description = descriptionOf(body);
  made.origin[std::string(registry::parentTag)] = std::to_string(parent.number);
  for (const auto& [path, file] : files) made.files.push_back(file);
  if (parent.version && std::ranges::any_of(before, [&](const registry::VersionFile& file) {
        auto kept = files.find(file.path);
        return kept != files.end() && kept->second.digest == file.digest;
      }))
    made.basedOn.push_back(parent.version->subject());
  made.digest = registry::digestOfFiles(made.files);
  return made;
}

/// The tip if the files are the same; a version that the same caller committed before and that waits for the gate.
std::optional<registry::Commit> sameFiles(Call& call, db::Transaction& transaction, const registry::Asset& asset,
                                          const registry::Commit& tip, const registry::NewVersion& made) {
  std::string before = tip.version ? tip.version->digest : registry::digestOfFiles({});
  if (before == made.digest) return tip;
  std::optional<registry::Version> newest = registry::newestVersion(transaction, asset);
  if (!newest || newest->digest != made.digest || newest->createdBy != call.actor().name) return std::nullopt;
  auto parent = newest->tags.find(std::string(registry::parentTag));
  if (parent == newest->tags.end() || parent->second != std::to_string(tip.number)) return std::nullopt;
  return registry::commitOf(*std::move(newest));
}

Made tryCommit(registry::Change& change, Call& call, const Repo& repo, const std::string& branch,
               const CommitBody& body) {
  registry::Asset asset = getRepo(change.transaction, repo);
  registry::Commit tip = tipOf(change.transaction, repo, asset, branch);
  checkParent(tip, branch, body.parent);
  FileList files;
  std::vector<registry::VersionFile> before = filesOf(change.transaction, tip);
  for (const registry::VersionFile& file : before) files.emplace(file.path, file);
  applyOperations(call, change.transaction, repo, tip, body.operations, files);
  registry::NewVersion made = versionOf(body, tip, before, files);
  registry::Pointer pointer = registry::Pointer::alias(branch);
  Made result;
  result.from = registry::holderOf(change.transaction, asset, pointer);
  if (auto same = sameFiles(call, change.transaction, asset, tip, made))
    result.commit = *std::move(same);
  else
    result.commit = registry::commitOf(registry::createVersion(change, asset, made));
  if (result.commit.number == tip.number) {
    result.moved = true;
    return result;
  }
  result.moved = governance::moveUnprotected(
      change, *call.identity,
      {.key = repo.key, .pointer = pointer, .to = result.commit.number, .reason = body.summary, .from = result.from});
  return result;
}

/// The version already exists; whether the branch may move to it is the gate's decision.
void passGate(Call& call, const Repo& repo, const std::string& branch, const CommitBody& body, const Made& made) {
  Gate::Move move{.key = repo.key,
                  .pointer = registry::Pointer::alias(branch),
                  .to = made.commit.number,
                  .reason = shorten(body.summary, 1000),
                  .from = made.from};
  Gate::Outcome outcome = call.core.gate.move(*call.identity, move);
  if (outcome.isDone()) return;
  throw Error(
      Code::refused,
      fmt::format("The commit is version {} ({}), but '{}' is protected and did not move to it. {}", made.commit.number,
                  made.commit.id, branch, governance::outcomeText(call.core.gate, move, outcome)),
      writeJson(governance::outcomeJson(call.core.gate, outcome)));
}

http::Response answerOf(const Call& call, const Repo& repo, const registry::Commit& commit) {
  http::Response response;
  JsonWriter writer(response.body);
  writer.object().key("success").boolean(true).key("commitOid").text(commit.id).key("commitUrl");
  writer.text(fmt::format("{}/commit/{}", repo.page(call.core, call.http), commit.id));
  writer.key("hookOutput").text("").end();
  return response;
}

void refusePullRequest(const http::Request& request) {
  if (!queryFlag(request, "create_pr")) return;
  throw Invalid("create_pr",
                "is not supported. Commit to a branch, or protect the alias 'main' with a policy: commits to it then "
                "open change requests");
}

}  // namespace

registry::Commit makeCommit(Call& call, const Repo& repo, const std::string& branch, const CommitBody& body) {
  for (int attempt = 1;; ++attempt) {
    try {
      Made made = call.core.store.change(
          call.actor(), [&](registry::Change& change) { return tryCommit(change, call, repo, branch, body); });
      if (!made.moved) passGate(call, repo, branch, body, made);
      return made.commit;
    } catch (const HubError&) {
      throw;  // the parent that the client named
    } catch (const Error& fault) {
      if (fault.code != Code::conflict || attempt == attempts) throw;
    }
  }
}

Task postCommit(http::Exchange& exchange, Core& core) {
  const http::Request& request = exchange.request();
  std::optional<Call> call;
  co_await exchange.waiting([&] {
    call.emplace(enterRepo(core, request, Verb::write));
    refusePullRequest(request);
    core.store.read([&](db::Transaction& transaction) {
      getRepo(transaction, repoOf(request));
      registry::requireStorage(transaction, call->workspace,
                               static_cast<std::int64_t>(exchange.bodyLength().value_or(1)));
    });
  });
  CommitReader reader(core.blobs);
  std::vector<char> piece(pieceSize);
  while (std::size_t count = co_await exchange.read(piece))
    co_await exchange.waiting([&] { reader.write({piece.data(), count}); });
  http::Response response = co_await exchange.waiting([&] {
    CommitBody body = reader.finish();
    Call now = enterRepo(core, request, Verb::write);  // the body may have taken long
    Repo repo = repoOf(request);
    return answerOf(now, repo, makeCommit(now, repo, std::string(request.variable("revision")), body));
  });
  co_await exchange.respond(std::move(response));
}

}  // namespace regesta::api::hf
