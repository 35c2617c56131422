#include "api/native/blobs.h"

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "base/id.h"
#include "base/log.h"
#include "base/time.h"
#include "blob/pack_reindex.h"
#include "jobs/lease.h"
#include "registry/content_collect.h"
#include "registry/part_upload.h"

namespace regesta::api::native {
namespace {

using access::Verb;

constexpr std::int64_t hour = 3'600'000;
constexpr std::int64_t uploadHours = 7 * 24;  // how long an upload waits to become part of a version
constexpr std::int64_t sliceMillis = 2'000;   // of work in one call
constexpr std::int64_t leaseMillis = 2 * 60'000;
constexpr std::chrono::milliseconds renewalTime{leaseMillis / 4};

/// The content store belongs to every workspace: who administers only one of them maintains nothing.
blob::PackStore& storeOf(const Call& call) {
  call.identity->require(Verb::administer, "*", "*");
  return dynamic_cast<blob::PackStore&>(call.core.blobs);
}

/// One server at a time changes packs, however long a call takes. It would be safe without, only slower.
class Turn {
 public:
  explicit Turn(const Call& call) : store_(call.core.store), holder_(randomHex(8)) {
    if (!jobs::takeLease(store_, name, holder_, leaseMillis))
      throw Error(
          Code::unavailable,
          "packs are being collected or rewritten by another call: try again in a moment, or in two minutes if the "
          "server that did it has crashed");
    renewal_ = std::jthread([this](const std::stop_token& stop) { renewUntil(stop); });
  }
  ~Turn() {
    renewal_.request_stop();
    renewal_.join();
    try {
      jobs::dropLease(store_, name, holder_);
    } catch (const std::exception&) {  // it expires
    }
  }
  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;

 private:
  static constexpr std::string_view name = "blob.packs";

  void renewUntil(const std::stop_token& stop) {
    std::mutex mutex;
    std::condition_variable_any stopped;
    for (std::unique_lock lock(mutex);
         !stopped.wait_for(lock, stop, renewalTime, [&] { return stop.stop_requested(); });)
      try {
        jobs::takeLease(store_, name, holder_, leaseMillis);
      } catch (const std::exception& failure) {
        log(LogLevel::warn, "the lease on the packs could not be renewed", {{"reason", failure.what()}});
      }
  }

  registry::Store& store_;
  std::string holder_;
  std::jthread renewal_;
};

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
  std::optional<Turn> turn;
  if (!request.dryRun) turn.emplace(call);
  std::int64_t now = nowMillis(), grace = request.graceHours * hour;
  if (!request.dryRun && request.pageToken.empty())  // parts of uploads that nobody will complete
    while (call.core.store.write(
               [&](db::Transaction& transaction) { return registry::removeOldUploads(transaction, now); }) > 0) {
    }
  registry::Collected page = registry::collectContent(
      call.core.store, packs, call.actor(), readToken(request.pageToken),
      {.graceMillis = grace, .uploadMillis = uploadHours * hour, .now = now, .dryRun = request.dryRun});
  CollectResponse answer{.looked = static_cast<std::int64_t>(page.looked),
                         .kept = static_cast<std::int64_t>(page.kept),
                         .condemned = answerOf(page.condemned),
                         .removed = answerOf(page.removed),
                         .nextPageToken = makeToken(page.next)};
  if (!page.next.empty()) return answer;
  blob::PackCollection collected = blob::collectPacks(packs, now, now - grace, request.dryRun);
  answer.packsCondemned = static_cast<std::int64_t>(collected.condemned);
  answer.packsRemoved = static_cast<std::int64_t>(collected.removed);
  answer.bytesFreed = static_cast<std::int64_t>(collected.removedBytes);
  answer.strayFiles = static_cast<std::int64_t>(collected.strays);
  return answer;
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
  Turn turn(call);
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
  Turn turn(call);
  blob::Reindexed done = blob::reindex(packs);
  // Of what was collected as garbage, a record may be left in a pack that other content keeps.
  std::vector<std::string> incomplete(done.incomplete.begin(), done.incomplete.end());
  std::set<std::string> missed = call.core.store.read([&](db::Transaction& transaction) {
    std::int64_t now = nowMillis();
    return registry::referencedContent(transaction, incomplete, now - uploadHours * hour, now);
  });
  return {.packs = static_cast<std::int64_t>(done.packs),
          .newPacks = static_cast<std::int64_t>(done.newPacks),
          .newBlobs = static_cast<std::int64_t>(done.newObjects),
          .incomplete = static_cast<std::int64_t>(missed.size()),
          .damaged = done.damaged};
}

}  // namespace regesta::api::native
