#include "delivery/repository/repository.h"

#include "base/error.h"
#include "base/file.h"
#include "base/time.h"
#include "delivery/repository/export.h"
#include "git/mapped_file.h"
#include "git/walk.h"

namespace regesta::delivery {
namespace {

constexpr std::size_t commitsAtOnce = 500;  // of one pack; the objects of all of them are in memory meanwhile

constexpr std::size_t packsPutTogether = 50;
constexpr int looksAtMost = 1000;  // others may go on registering; what is left comes with the next look

const registry::Actor self{"system:regesta"};

void record(registry::Change& change, const RepositoryState& state, const Export& made) {
  if (made.main != state.main()) moveRef(change, state.workspace, {std::string(mainBranch), state.main(), {made.main}});
  for (const RefMove& tag : made.tags) moveRef(change, state.workspace, tag);
  for (const VersionPlace& place : made.gone) forgetFile(change.session, state.workspace, place);
  for (const auto& [place, digest] : made.files) noteFile(change.session, state.workspace, place, digest);
  for (const AliasesNow& now : made.aliases) noteAliases(change.session, state.workspace, now.name, now.aliases);
}

}  // namespace

Repositories::Repositories(registry::Store& store, blob::BlobStore& blobs, governance::Gate& gate, std::string folder)
    : store_(store), blobs_(blobs), gate_(gate), cache_(blobs, std::move(folder)) {}

RepositoryState Repositories::current(std::string_view workspace) {
  for (int i = 0; i < looksAtMost && bringOntoMain(workspace); ++i) {
  }
  auto read = [&](db::Session& session) { return readRepository(session, workspace); };
  RepositoryState state = store_.read(read);
  if (state.smallPacks.size() < packsPutTogether) return state;
  putTogether(state);
  return store_.read(read);
}

void Repositories::putTogether(const RepositoryState& state) {
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
    store_.write([&](db::Session& session) {
      registry::Change change(session, self);
      dropPacks(change, state.workspace, state.smallPacks);
      addPack(change, state.workspace, stored.digest, stored.size, pack.ids.size());
    });
  } catch (const Error& fault) {
    if (fault.code != Code::conflict) throw;
  }
}

bool Repositories::bringOntoMain(std::string_view workspace) {
  struct Seen {
    RepositoryState state;
    Behind behind;
  };
  Seen seen = store_.read([&](db::Session& session) {
    Seen read{{}, behind(session, workspace, commitsAtOnce)};
    if (!read.behind.none()) read.state = readRepository(session, workspace);
    return read;
  });
  if (seen.behind.none()) return false;
  // Aliases stand on versions, so these go first, all of them.
  if (seen.behind.versions.size() == commitsAtOnce) {
    seen.behind.aliases.clear();
    seen.behind.gone.clear();
  }
  std::unique_ptr<git::Objects> objects = cache_.open(seen.state.packs);
  Export made = exportBehind(*objects, seen.state, seen.behind, nowMillis());
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
    // Derived from what the ledger tells already, so it gets no entry of its own.
    store_.write([&](db::Session& session) {
      registry::Change change(session, self);
      if (!digest.empty()) addPack(change, workspace, digest, bytes.size(), count);
      record(change, seen.state, made);
    });
  } catch (const Error& fault) {
    if (fault.code != Code::conflict) throw;  // somebody else has brought it onto main, or pushed: look again
  }
  return true;
}

}  // namespace regesta::delivery
