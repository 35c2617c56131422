#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "api/native/imports.h"
#include "registry/import_item.h"
#include "registry/import_mark.h"
#include "tracking/import.h"

namespace regesta::api::native {

/// The items of one call, written in one transaction. If one of them breaks a rule, each is written in its own, so that
/// the others are imported; the answer says which were refused and why.
class ImportBatch {
 public:
  /// Throws Invalid for a malformed source, Error{denied} unless the caller administers every name of the workspace.
  ImportBatch(Call& call, std::string_view source, std::string_view kind);

  /// `one(change, item)` imports an item and returns its outcome; it may run more than once.
  template <class Item, class Fn>
  ImportAnswer run(const std::vector<Item>& items, Fn one) {
    auto write = [&](std::size_t first, std::size_t count) {
      return call_.core.store.change(call_.actor(), [&](registry::Change& change) {
        std::vector<ImportOutcome> outcomes;
        for (std::size_t at = first; at < first + count; ++at) {
          registry::ImportMark mark({{"source", source_}, {"id", items[at].id}, {"digest", items[at].digest}});
          outcomes.push_back(one(change, items[at]));
        }
        return outcomes;
      });
    };
    ImportAnswer answer;
    if (items.empty()) return answer;
    try {
      answer.items = write(0, items.size());
      return answer;
    } catch (const Error& fault) {
      if (!isRefusal(fault)) throw;
    }
    for (std::size_t at = 0; at < items.size(); ++at) {
      try {
        answer.items.push_back(write(at, 1).front());
      } catch (const Error& fault) {
        if (!isRefusal(fault)) throw;
        answer.items.push_back({items[at].id, "", "refused", fault.message, std::nullopt});
      }
    }
    return answer;
  }

  std::optional<registry::ImportItem> find(db::Transaction& transaction, std::string_view id) const {
    return registry::findImportItem(transaction, call_.workspace, source_, kind_, id);
  }
  /// The same of another kind.
  std::optional<registry::ImportItem> findOf(db::Transaction& transaction, std::string_view kind,
                                             std::string_view id) const {
    return registry::findImportItem(transaction, call_.workspace, source_, kind, id);
  }
  /// A rule is broken; the next item may be fine.
  static bool isRefusal(const Error& fault);
  /// Keeps the item; `digest` empty: only a part of it has arrived.
  void put(registry::Change& change, std::string id, std::string target, std::string digest) const;
  /// The experiment here of an experiment at the source. Throws Error{notFound} if it was not imported.
  std::int64_t experimentOf(db::Transaction& transaction, std::string_view id) const;
  tracking::Remover remover(registry::Change& change) const;

 private:
  Call& call_;
  std::string source_, kind_;
};

/// Throws Error{denied} unless the caller administers every name of the workspace.
void requireImporter(const Call& call);
tracking::Texts textsOf(const TextMap& map);

}  // namespace regesta::api::native
