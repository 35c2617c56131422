#include "registry/workspace.h"

#include "base/error.h"
#include "base/limits.h"
#include "base/name.h"
#include "base/text.h"
#include "crypto/hash.h"
#include "registry/hold.h"
#include "registry/part_upload.h"

namespace regesta::registry {
namespace {

constexpr std::string_view columns = "id, name, description, created_at";

Workspace readRow(db::Rows& rows) { return {rows.integer(0), rows.text(1), rows.text(2), rows.integer(3)}; }

bool isLetterOrDigit(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }

void checkWorkspaceName(std::string_view name) {
  bool fine = name.size() >= 2 && name.size() <= 63 && isLetterOrDigit(name.front()) && isLetterOrDigit(name.back());
  for (char c : name) fine = fine && (isLetterOrDigit(c) || c == '-');
  if (!fine) throw Invalid("name", "must be 2 to 63 lower-case letters, digits and '-', not at either end");
}

void checkDescription(std::string_view description) {
  if (description.size() > limits::descriptionLength || !isUtf8(description))
    throw Invalid("description", fmt::format("must be at most {} bytes of UTF-8", limits::descriptionLength));
}

bool hasContent(db::Transaction& transaction, std::string_view name) {
  return transaction.query("SELECT 1 FROM asset WHERE workspace = $1 LIMIT 1", {name}).next() ||
         transaction.query("SELECT 1 FROM tree_file WHERE workspace = $1 LIMIT 1", {name}).next() ||
         transaction.query("SELECT 1 FROM blob_alias WHERE workspace = $1 LIMIT 1", {name}).next() ||
         transaction.query("SELECT 1 FROM oci_blob WHERE workspace = $1 LIMIT 1", {name}).next();
}

}  // namespace

Workspace createWorkspace(Change& change, std::string_view name, std::string_view description) {
  checkWorkspaceName(name);
  checkDescription(description);
  if (findWorkspace(change.transaction, name)) throw error(Code::exists, "Workspace '{}' already exists", name);
  for (const Workspace& other : listWorkspaces(change.transaction))
    if (areConfusable(other.name, name))
      throw error(Code::exists, "'{}' looks like the name of the workspace '{}': choose another", name, other.name);
  // Grants, runs, bindings and requests name workspaces: another one of the same name would inherit what they say.
  if (change.transaction
          .query("SELECT 1 FROM subject_entry WHERE workspace = $1 AND subject = $2",
                 {name, fmt::format("workspace/{}", name)})
          .next())
    throw error(Code::exists, "A workspace named '{}' was deleted, and names are not used again; choose another name",
                name);
  std::int64_t id = change.transaction.insert(
      "INSERT INTO workspace (name, description, created_at) VALUES ($1, $2, $3) RETURNING id",
      {name, description, change.now});
  change.record(Action::workspaceCreated, std::string(name), "workspace/" + std::string(name));
  return {id, std::string(name), std::string(description), change.now};
}

std::optional<Workspace> findWorkspace(db::Transaction& transaction, std::string_view name) {
  db::Rows rows = transaction.query(fmt::format("SELECT {} FROM workspace WHERE name = $1", columns), {name});
  if (!rows.next()) return std::nullopt;
  return readRow(rows);
}

Workspace getWorkspace(db::Transaction& transaction, std::string_view name) {
  std::optional<Workspace> found = findWorkspace(transaction, name);
  if (!found) throw error(Code::notFound, "Workspace '{}' not found", name);
  return *std::move(found);
}

std::vector<Workspace> listWorkspaces(db::Transaction& transaction) {
  std::vector<Workspace> all;
  db::Rows rows = transaction.query(fmt::format("SELECT {} FROM workspace", columns));
  while (rows.next()) all.push_back(readRow(rows));
  std::sort(all.begin(), all.end(), [](const Workspace& a, const Workspace& b) { return a.name < b.name; });
  return all;
}

Workspace describeWorkspace(Change& change, std::string_view name, std::string_view description) {
  checkDescription(description);
  Workspace workspace = getWorkspace(change.transaction, name);
  change.transaction.run("UPDATE workspace SET description = $2 WHERE id = $1", {workspace.id, description});
  change.record(Action::workspaceDescribed, workspace.name, "workspace/" + workspace.name,
                {{"digest", crypto::sha256Hex(description)}});
  workspace.description = description;
  return workspace;
}

void deleteWorkspace(Change& change, std::string_view name) {
  Workspace workspace = getWorkspace(change.transaction, name);
  if (name == defaultWorkspace) throw Error(Code::invalidState, "The default workspace cannot be deleted");
  if (hasContent(change.transaction, name))
    throw error(Code::invalidState, "Workspace '{}' is not empty: delete its assets and files first", name);
  requireNotHeld(listHolds(change.transaction, name, false, 0, 1), fmt::format("Workspace '{}'", name), "deleted");
  removeUploadsOf(change.transaction, name);  // not files yet
  change.transaction.run("DELETE FROM workspace WHERE id = $1", {workspace.id});
  change.record(Action::workspaceDeleted, workspace.name, "workspace/" + workspace.name);
}

}  // namespace regesta::registry
