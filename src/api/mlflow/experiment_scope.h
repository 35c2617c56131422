#pragma once
#include <cstdint>
#include <string>

#include "api/endpoint.h"
#include "api/tracking_scope.h"
#include "evaluation/label_schema.h"
#include "evaluation/review_queue.h"

namespace regesta::api::mlflow {

inline tracking::Missing absent(const evaluation::LabelSchema& schema) { return {"label schema", schema.schemaId}; }
inline tracking::Missing absent(const evaluation::ReviewQueue& queue) { return {"review queue", queue.queueId}; }

/// Work in one experiment, if the caller has the permission on it (api/tracking_scope.h).
template <class Work>
auto readIn(Call& call, std::int64_t experiment, Work work) {
  return call.core.store.read([&](db::Transaction& transaction) {
    requireExperiment(call, access::Verb::read, transaction, experiment);
    return work(transaction);
  });
}
template <class Work>
auto changeIn(Call& call, std::int64_t experiment, Work work) {
  return call.core.store.change(call.actor(), [&](registry::Change& change) {
    requireExperiment(call, access::Verb::write, change.transaction, experiment);
    return work(change);
  });
}

/// The same for something with an id that belongs to an experiment; `get` finds it.
template <class Get, class Work>
auto readStored(Call& call, Get get, const std::string& id, Work work) {
  return call.core.store.read([&](db::Transaction& transaction) {
    auto stored = get(transaction, call.workspace, id);
    requirePart(call, access::Verb::read, transaction, stored.experiment, absent(stored));
    return work(transaction, stored);
  });
}
template <class Get, class Work>
auto changeStored(Call& call, Get get, const std::string& id, Work work) {
  return call.core.store.change(call.actor(), [&](registry::Change& change) {
    auto stored = get(change.transaction, call.workspace, id);
    requirePart(call, access::Verb::write, change.transaction, stored.experiment, absent(stored));
    return work(change, stored);
  });
}
/// No error if there is none that the caller may read, as in MLflow.
template <class Find, class Remove>
Empty deleteStored(Call& call, Find find, Remove remove, const std::string& id) {
  return call.core.store.change(call.actor(), [&](registry::Change& change) -> Empty {
    auto stored = find(change.transaction, call.workspace, id);
    if (!stored || !scopeOf(call, change.transaction).experiment(access::Verb::read, stored->experiment)) return {};
    requirePart(call, access::Verb::write, change.transaction, stored->experiment, absent(*stored));
    remove(change, *stored);
    return {};
  });
}

}  // namespace regesta::api::mlflow
