#include "api/native/blobs.h"

#include <chrono>
#include <thread>

#include "base/time.h"
#include "blob/pack_reindex.h"
#include "lifecycle/collection.h"
#include "lifecycle/pack_turn.h"

namespace regesta::api::native {
namespace {

using access::Verb;

constexpr std::int64_t hour = 3'600'000;
constexpr std::int64_t sliceMillis = 2'000;  // of work in one call

/// The content store belongs to every workspace: who administers only one of them maintains nothing.
blob::PackStore& storeOf(const Call& call) {
  call.identity->require(Verb::administer, "*", "*");
  return dynamic_cast<blob::PackStore&>(call.core.blobs);
}

std::vector<UnusedBlob> answerOf(const std::vector<blob::CollectedObject>& objects) {
  std::vector<UnusedBlob> all;
  for (const auto& object : objects) all.push_back({object.digest, static_cast<std::int64_t>(object.size)});
  return all;
}

/// Limits the reading of a scrub to the requested rate.
class Pace {
 public:
  explicit Pace(std::int64_t bytesPerSecond) : rate_(bytesPerSecond) {}
  void operator()(std::size_t bytes) {
    read_ += static_cast<std::int64_t>(bytes);
    auto due = start_ + std::chrono::milliseconds(read_ * 1000 / rate_);
    std::this_thread::sleep_until(std::min(due, std::chrono::steady_clock::now() + std::chrono::seconds(2)));
  }

 private:
  std::int64_t rate_, read_ = 0;
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

DamagedPack damageOf(const Call& call, blob::Packs& packs, const blob::IndexedPack& pack, std::string problem) {
  DamagedPack damaged{pack.name, std::move(problem), {}};
  for (const blob::IndexedObject& object : packs.index().objectsUsing({pack.id})) {
    DamagedBlob affected{object.digest, {}};
    auto uses = call.core.store.read(
        [&](db::Transaction& transaction) { return registry::versionsWithContent(transaction, object.digest); });
    for (const auto& use : uses)
      affected.versions.push_back(fmt::format("{}: {} {}", use.workspace, use.version, use.path));
    damaged.blobs.push_back(std::move(affected));
  }
  return damaged;
}

}  // namespace

CollectResponse collectBlobs(Call& call, const CollectRequest& request) {
  blob::Packs& packs = storeOf(call).packs();
  std::optional<lifecycle::PackTurn> turn;
  if (!request.dryRun) turn.emplace(call.core.store);
  lifecycle::CollectionPage page = lifecycle::collectPage(
      call.core.store, packs, call.actor(), readToken(request.pageToken), request.graceHours * hour, request.dryRun);
  return {.looked = static_cast<std::int64_t>(page.content.looked),
          .kept = static_cast<std::int64_t>(page.content.kept),
          .condemned = answerOf(page.content.condemned),
          .removed = answerOf(page.content.removed),
          .packsCondemned = static_cast<std::int64_t>(page.packs.condemned),
          .packsRemoved = static_cast<std::int64_t>(page.packs.removed),
          .bytesFreed = static_cast<std::int64_t>(page.packs.removedBytes),
          .strayFiles = static_cast<std::int64_t>(page.packs.strays),
          .nextPageToken = makeToken(page.content.next)};
}

ScrubResponse scrubBlobs(Call& call, const ScrubRequest& request) {
  blob::Packs& packs = storeOf(call).packs();
  std::int64_t after = readNumberToken(request.pageToken);
  Pace pace(request.bytesPerSecond);
  ScrubResponse answer;
  for (std::int64_t until = nowMillis() + sliceMillis; nowMillis() < until;) {
    auto pack = packs.index().packAfter(after);
    if (!pack) return answer;
    after = pack->id;
    std::string problem = pack->condemnedAt != 0
                              ? std::string()
                              : blob::faultOfPack(packs, *pack, [&](std::size_t bytes) { pace(bytes); });
    if (!problem.empty()) answer.damaged.push_back(damageOf(call, packs, *pack, std::move(problem)));
    answer.packs += 1;
    answer.bytes += static_cast<std::int64_t>(pack->size);
  }
  answer.nextPageToken = makeToken(std::to_string(after));
  return answer;
}

RepackResponse repackBlobs(Call& call, const Empty&) {
  blob::PackStore& store = storeOf(call);
  lifecycle::PackTurn turn(call.core.store);
  std::int64_t until = nowMillis() + sliceMillis;
  blob::Converted converted = blob::convertWholeFiles(store, until);
  RepackResponse answer{.files = static_cast<std::int64_t>(converted.files),
                        .bytes = static_cast<std::int64_t>(converted.bytes),
                        .damaged = converted.damaged,
                        .more = converted.more};
  while (nowMillis() < until) {
    std::size_t replaced = blob::rewritePacks(store.packs(), nowMillis());
    if (replaced == 0) return answer;
    answer.packsReplaced += static_cast<std::int64_t>(replaced);
  }
  answer.more = true;
  return answer;
}

ReindexResponse reindexBlobs(Call& call, const Empty&) {
  blob::Packs& packs = storeOf(call).packs();
  lifecycle::PackTurn turn(call.core.store);
  blob::Reindexed done = blob::reindex(packs);
  // Of what was collected as garbage, a record may be left in a pack that other content keeps.
  std::vector<std::string> incomplete(done.incomplete.begin(), done.incomplete.end());
  std::set<std::string> missed = call.core.store.read([&](db::Transaction& transaction) {
    std::int64_t now = nowMillis();
    return registry::referencedContent(transaction, incomplete, now - lifecycle::uploadMillis, now);
  });
  return {.packs = static_cast<std::int64_t>(done.packs),
          .newPacks = static_cast<std::int64_t>(done.newPacks),
          .newBlobs = static_cast<std::int64_t>(done.newObjects),
          .incomplete = static_cast<std::int64_t>(missed.size()),
          .damaged = done.damaged};
}

}  // namespace regesta::api::native
