#include "blob/pack_batch.h"

#include "base/error.h"
#include "base/time.h"

namespace regesta::blob {

namespace {
constexpr std::size_t sharedPackBytes = 16 * 1024 * 1024;
}

NewObject PendingObject::forIndex(std::uint32_t first) const {
  NewObject object{digest, xet::text(hashes.file), size, {}, firstChunk};
  for (const PendingExtent& extent : extents) {
    object.extents.push_back(extent.indexed);
    if (extent.indexed.pack == 0) object.extents.back().first += first;
  }
  return object;
}

ObjectRecord PendingObject::forPack(const PackName& own, std::uint32_t first) const {
  ObjectRecord record{digest, hashes.file, size, nowMillis(), {}};
  for (const auto& [indexed, name] : extents) {
    bool mine = indexed.pack == 0;
    record.extents.push_back({mine ? own : name, indexed.first + (mine ? first : 0), indexed.count});
  }
  return record;
}

std::vector<PackBatch::Job*> PackBatch::take(State& state) {
  std::vector<Job*> jobs;
  std::size_t bytes = 0, chunks = 0;
  while (!state.waiting.empty()) {
    const PackBuilder& part = *state.waiting.front()->part;
    bytes += part.bytes();
    chunks += part.footer().chunks.size();
    if (!jobs.empty() && (bytes > sharedPackBytes || chunks > xet::xorbChunks)) break;
    jobs.push_back(state.waiting.front());
    state.waiting.pop_front();
  }
  return jobs;
}

void PackBatch::store(const std::vector<Job*>& jobs) {
  PackBuilder pack(packs_.medium().spools());
  std::vector<NewObject> objects;
  for (const Job* job : jobs) {
    std::uint32_t first = pack.append(*job->part);
    pack.addObject(job->object->forPack(pack.name(), first));
    objects.push_back(job->object->forIndex(first));
  }
  Spool& file = pack.finish();
  std::uint64_t size = file.size();
  packs_.medium().publish(file, pack.name());
  packs_.index().add({pack.name(), size, &pack.footer()}, objects);
}

void PackBatch::commit(const PackBuilder& part, const PendingObject& object) {
  Job job{&part, &object, false, nullptr};
  auto state = state_.lock();
  state->waiting.push_back(&job);
  state.wait(changed_, [&] { return job.done || !state->leading; });
  while (!job.done) {
    state->leading = true;
    std::vector<Job*> jobs = take(*state);
    state.unlock();
    std::exception_ptr failure;
    try {
      store(jobs);
    } catch (...) {
      failure = std::current_exception();
    }
    state = state_.lock();
    for (Job* each : jobs) {
      each->failure = failure;
      each->done = true;
    }
    state->leading = false;
    changed_.notify_all();
    if (!job.done) state.wait(changed_, [&] { return job.done || !state->leading; });
  }
  state.unlock();
  if (job.failure) std::rethrow_exception(job.failure);
}

}  // namespace regesta::blob
