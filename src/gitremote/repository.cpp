#include "gitremote/repository.h"

#include "base/error.h"
#include "base/file.h"
#include "base/time.h"
#include "git/mapped_file.h"
#include "git/walk.h"
#include "gitremote/export.h"

namespace regesta::gitremote {
namespace {

constexpr std::size_t commitsAtOnce = 500;  // of one pack; the objects of all of them are in memory in the meantime

constexpr std::size_t packsPutTogether = 50;
constexpr int looksAtMost = 1000;  // others may go on registering; what is left comes with the next look

const registry::Actor self = registry::Actor::system("regesta");

void record(registry::Change& change, const RepositoryState& state, const Export& made) {
  if (made.main != state.main()) moveRef(change, state.workspace, {std::string(mainBranch), state.main(), {made.main}});
  for (const RefMove& tag : made.tags) moveRef(change, state.workspace, tag);
  for (const RefMove& tag : made.stale) moveRef(change, state.workspace, tag);
  for (const VersionPlace& place : made.gone) forgetFile(change.transaction, state.workspace, place);
  for (const auto& [place, digest] : made.files) noteFile(change.transaction, state.workspace, place, digest);
  for (const AliasesNow& now : made.aliases) noteAliases(change.transaction, state.workspace, now.name, now.aliases);
}

}  // namespace

Repositories::Repositories(registry::Store& store, blob::BlobStore& blobs, governance::Gate& gate, std::string folder)
    : store_(store), blobs_(blobs), gate_(gate), cache_(blobs, std::move(folder)) {}

RepositoryState Repositories::current(std::string_view workspace) {
  for (int i = 0; i < looksAtMost && exportToMain(workspace); ++i) {
  }
  auto read = [&](db::Transaction& transaction) { return readRepository(transaction, workspace); };
  RepositoryState state = store_.read(read);
  if (state.smallPacks.size() < packsPutTogether) return state;
  assemble(state);
  return store_.read(read);
}

void Repositories::assemble(const RepositoryState& state) {
  std::unique_ptr<git::Objects> objects = cache_.open(state.packs);
  std::unordered_set<git::Id> wanted;
  for (const std::string& digest : state.smallPacks)
    for (const git::Id& id : git::idsIn(cache_.place(digest))) wanted.insert(id);
  std::vector<git::Listed> listed;
  // What refs reach is listed with its path, which makes the differences smaller.
  git::Need need;
  for (const auto& [name, ref] : state.refs) need.wants.push_back(ref.target);
  for (git::Listed& one : git::missing(*objects, need))
    if (wanted.erase(one.id)) listed.push_back(std::move(one));
  for (const git::Id& id : wanted) listed.push_back({id, {}});
  auto folder = work();
  std::string path = folder->path() + "/out.pack";
  {
    file::Handle out = file::createFile(path);
    objects->pack(listed, [&](std::string_view piece) { file::writeAll(out, path, piece); });
  }
  git::MappedFile bytes(path);
  git::IndexedPack pack = git::indexPack(bytes.bytes(), folder->path(), std::chrono::minutes(5));
  blob::Stored stored = blob::put(blobs_, bytes.bytes());
  cache_.adopt(pack, stored.digest);
  try {
    store_.change(self, [&](registry::Change& change) {
      dropPacks(change, state.workspace, state.smallPacks);
      addPack(change, state.workspace, stored.digest, stored.size, pack.ids.size());
      change.record(registry::Action::gitRepacked, state.workspace, "git/" + repositoryName(state.workspace),
                    {{"packs", state.smallPacks.size()}, {"pack", stored.digest}});
    });
  } catch (const Error& fault) {
    if (fault.code != Code::conflict) throw;
  }
}

bool Repositories::exportToMain(std::string_view workspace) {
  struct Seen {
    RepositoryState state;
    Backlog backlog;
  };
  Seen seen = store_.read([&](db::Transaction& transaction) {
    Seen read{{}, findBacklog(transaction, workspace, commitsAtOnce)};
    if (!read.backlog.none()) read.state = readRepository(transaction, workspace);
    return read;
  });
  if (seen.backlog.none()) return false;
  // Aliases point to versions, so these go first, all of them.
  if (seen.backlog.versions.size() == commitsAtOnce) {
    seen.backlog.aliases.clear();
    seen.backlog.gone.clear();
  }
  std::unique_ptr<git::Objects> objects = cache_.open(seen.state.packs);
  Export made = exportBacklog(*objects, seen.state, seen.backlog, nowMillis());
  std::string bytes = objects->packWritten();
  std::string digest;
  std::size_t count = 0;
  if (!bytes.empty()) {
    auto folder = work();
    git::IndexedPack pack = git::indexPack(bytes, folder->path());
    digest = blob::put(blobs_, bytes).digest;
    count = pack.ids.size();
    cache_.adopt(pack, digest);
  }
  try {
    store_.change(self, [&](registry::Change& change) {
      if (!digest.empty()) addPack(change, workspace, digest, bytes.size(), count);
      record(change, seen.state, made);
      change.record(registry::Action::gitExported, std::string(workspace), "git/" + repositoryName(workspace),
                    {{"pack", digest}});
    });
  } catch (const Error& fault) {
    if (fault.code != Code::conflict) throw;  // another server exported it to main, or a push moved main: retry
  }
  return true;
}

}  // namespace regesta::gitremote
