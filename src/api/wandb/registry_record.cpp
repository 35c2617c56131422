#include "api/wandb/registry_record.h"

#include <algorithm>

#include "api/wandb/artifact_record.h"
#include "api/wandb/artifact_rules.h"
#include "base/error.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/name.h"
#include "base/text.h"
#include "crypto/hash.h"

namespace regesta::api::wandb {
namespace {

constexpr std::string_view columns = "name, description, types, created_at, updated_at, created_by";
constexpr std::size_t mostTypes = 100, nameLength = 113;

RegistryRecord readRow(std::string_view workspace, const db::Rows& rows) {
  RegistryRecord record{.workspace = std::string(workspace),
                        .name = rows.text(0),
                        .description = rows.text(1),
                        .types = {},
                        .createdAt = rows.integer(3),
                        .updatedAt = rows.integer(4),
                        .createdBy = rows.text(5)};
  for (const json::value& type : parseJson(rows.text(2)).as_array()) record.types.emplace_back(type.as_string());
  return record;
}

json::array typesOf(const RegistryRecord& record) { return json::array(record.types.begin(), record.types.end()); }

std::string subjectOf(std::string_view name) { return fmt::format("registry/{}", name); }

void check(const RegistryRecord& record) {
  if (record.name.empty() || record.name.size() > nameLength || record.name.find_first_of("/:@#") != std::string::npos)
    throw Invalid("name", fmt::format("must be 1 to {} bytes, without / : @ #", nameLength));
  if (record.types.size() > mostTypes) throw Invalid("artifactTypes", fmt::format("must be at most {}", mostTypes));
  for (const std::string& type : record.types)
    if (!isTypeName(type))
      throw Invalid("artifactTypes", fmt::format("must each be 1 to {} bytes, without / and :", typeLength));
}

}  // namespace

std::optional<RegistryRecord> findRegistry(db::Transaction& transaction, std::string_view workspace,
                                           std::string_view name) {
  db::Rows rows = transaction.query(
      fmt::format("SELECT {} FROM wandb_registry WHERE workspace = $1 AND name = $2", columns), {workspace, name});
  return rows.next() ? std::optional(readRow(workspace, rows)) : std::nullopt;
}

std::vector<RegistryRecord> listRegistries(db::Transaction& transaction, std::string_view workspace) {
  std::vector<RegistryRecord> all;
  db::Rows rows = transaction.query(
      fmt::format("SELECT {} FROM wandb_registry WHERE workspace = $1 ORDER BY name", columns), {workspace});
  while (rows.next()) all.push_back(readRow(workspace, rows));
  return all;
}

RegistryRecord putRegistry(registry::Change& change, RegistryRecord record) {
  check(record);
  auto found = findRegistry(change.transaction, record.workspace, record.name);
  record.createdAt = found ? found->createdAt : change.now;
  record.createdBy = found ? found->createdBy : change.actor.name;
  record.updatedAt = change.now;
  std::string types = writeJson(typesOf(record));
  if (found)
    change.transaction.run(
        "UPDATE wandb_registry SET description = $3, types = $4, updated_at = $5 WHERE workspace = $1 AND name = $2",
        {record.workspace, record.name, record.description, types, record.updatedAt});
  else
    change.transaction.run(
        "INSERT INTO wandb_registry (workspace, name, description, types, created_at, updated_at, created_by) "
        "VALUES ($1, $2, $3, $4, $5, $6, $7)",
        {record.workspace, record.name, record.description, types, record.createdAt, record.updatedAt,
         record.createdBy});
  change.record(registry::Action::registrySet, record.workspace, subjectOf(record.name),
                {{"description", crypto::sha256Hex(record.description)}, {"types", typesOf(record)}});
  return record;
}

void deleteRegistry(registry::Change& change, std::string_view workspace, std::string_view name) {
  if (change.transaction.run("DELETE FROM wandb_registry WHERE workspace = $1 AND name = $2", {workspace, name}) > 0)
    change.record(registry::Action::registryDeleted, std::string(workspace), subjectOf(name));
}

void requireAccepted(db::Transaction& transaction, std::string_view workspace, std::string_view project,
                     std::string_view type) {
  if (!isRegistry(project)) return;
  auto found = findRegistry(transaction, workspace, project.substr(registryPrefix.size()));
  if (!found || found->types.empty() || std::ranges::find(found->types, type) != found->types.end()) return;
  throw error(Code::refused, "the registry '{}' accepts artifacts of type {}, not '{}'; an admin can add the type",
              found->name, join(found->types, ", "), shorten(type, 100));
}

}  // namespace regesta::api::wandb
