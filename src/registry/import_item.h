#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "registry/change.h"

namespace regesta::registry {

/// An item of another system that was imported into a workspace.
struct ImportItem {
  std::string kind;    ///< "experiment", "run", "logged-model", "model", "version", "trace", …
  std::string id;      ///< at the source
  std::string target;  ///< its id here
  std::string digest;  ///< of what was read from the source; empty: only a part of it has arrived
};

/// `[a-z0-9][a-z0-9.-]*`, at most 64 bytes. Throws Invalid{field "source"}.
void checkImportSource(std::string_view source);

std::optional<ImportItem> findImportItem(db::Transaction& transaction, std::string_view workspace,
                                         std::string_view source, std::string_view kind, std::string_view id);
/// By id, after `after`; at most `limit`.
std::vector<ImportItem> listImportItems(db::Transaction& transaction, std::string_view workspace,
                                        std::string_view source, std::string_view kind, std::string_view after,
                                        std::size_t limit);
void putImportItem(Change& change, std::string_view workspace, std::string_view source, const ImportItem& item);

struct ImportCount {
  std::string kind;
  std::int64_t items = 0, incomplete = 0;
};
std::vector<ImportCount> countImportItems(db::Transaction& transaction, std::string_view workspace,
                                          std::string_view source);
/// SHA-256 over the lines "kind id target digest" of every item, in byte order: what the import's last entry states.
std::string digestOfImport(db::Transaction& transaction, std::string_view workspace, std::string_view source);

struct ImportSource {
  std::string name;
  std::int64_t items = 0, importedAt = 0;  ///< milliseconds, of the newest item
};
std::vector<ImportSource> listImportSources(db::Transaction& transaction, std::string_view workspace);

}  // namespace regesta::registry
