#include <git2.h>
#include <git2/sys/odb_backend.h>

#include "base/error.h"
#include "git/libgit2.h"
#include "git/pack.h"

namespace regesta::git {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t pieceSize = 1024 * 1024;

struct Budget {
  Clock::time_point end;
  bool over = false;
};

/// The library asks after each object that it has resolved; anything but 0 makes it stop.
int goOn(const git_indexer_progress*, void* payload) {
  auto& budget = *static_cast<Budget*>(payload);
  budget.over = Clock::now() > budget.end;
  return budget.over ? -1 : 0;
}

struct FreeIndexer {
  void operator()(git_indexer* indexer) const { git_indexer_free(indexer); }
};

int collect(const git_oid* oid, void* payload) {
  static_cast<std::vector<Id>*>(payload)->push_back(
      Id::fromRaw({reinterpret_cast<const char*>(oid->id), sizeof oid->id}));
  return 0;
}

}  // namespace

std::vector<Id> idsIn(const std::string& packPath) {
  std::string index = packPath.substr(0, packPath.size() - 5) + ".idx";
  std::vector<Id> ids;
  git_odb* odb = nullptr;
  git_odb_backend* backend = nullptr;
  int result = git_odb_new(&odb);
  if (result >= 0) result = git_odb_backend_one_pack(&backend, index.c_str());
  if (result >= 0) result = git_odb_add_backend(odb, backend, 1);
  if (result >= 0) result = git_odb_foreach(odb, collect, &ids);
  git_odb_free(odb);
  if (result < 0) throw error(Code::unavailable, "{}: {}", index, lastFault());
  return ids;
}

IndexedPack indexPack(std::string_view bytes, const std::string& folder, std::chrono::milliseconds limit) {
  startLibrary();
  Budget budget{Clock::now() + limit};
  git_indexer_options options = GIT_INDEXER_OPTIONS_INIT;
  options.progress_cb = goOn;
  options.progress_cb_payload = &budget;
  git_indexer* made = nullptr;
  // Without an object database, the indexer takes no differences to objects that the pack does not hold.
  if (git_indexer_new(&made, folder.c_str(), 0644, nullptr, &options) < 0)
    throw error(Code::unavailable, "{}: {}", folder, lastFault());
  std::unique_ptr<git_indexer, FreeIndexer> indexer(made);
  git_indexer_progress progress{};
  int result = 0;
  for (std::size_t at = 0; at < bytes.size() && result >= 0; at += pieceSize) {
    std::string_view piece = bytes.substr(at, pieceSize);
    result = git_indexer_append(made, piece.data(), piece.size(), &progress);
  }
  if (result >= 0) result = git_indexer_commit(made, &progress);
  if (budget.over) throw error(Code::tooLarge, "the pack takes longer than {} s to unpack", limit.count() / 1000);
  if (result < 0) throw Invalid("pack", "cannot be unpacked: " + lastFault());
  std::string base = fmt::format("{}/pack-{}", folder, git_indexer_name(made));
  return {base + ".pack", idsIn(base + ".pack")};
}

}  // namespace regesta::git
