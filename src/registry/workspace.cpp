#include "registry/workspace.h"

#include "base/error.h"
#include "base/limits.h"
#include "base/text.h"
#include "crypto/hash.h"

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

bool holdsAnything(db::Session& session, std::string_view name) {
  return session.query("SELECT 1 FROM asset WHERE workspace = $1 LIMIT 1", {name}).next() ||
         session.query("SELECT 1 FROM tree_file WHERE workspace = $1 LIMIT 1", {name}).next();
}

}  // namespace

Workspace createWorkspace(Change& change, std::string_view name, std::string_view description) {
  checkWorkspaceName(name);
  checkDescription(description);
  if (findWorkspace(change.session, name)) throw error(Code::exists, "Workspace '{}' exists already", name);
  std::int64_t id =
      change.session.insert("INSERT INTO workspace (name, description, created_at) VALUES ($1, $2, $3) RETURNING id",
                            {name, description, change.now});
  change.record("workspace.created", std::string(name), "workspace/" + std::string(name));
  return {id, std::string(name), std::string(description), change.now};
}

std::optional<Workspace> findWorkspace(db::Session& session, std::string_view name) {
  db::Rows rows = session.query(fmt::format("SELECT {} FROM workspace WHERE name = $1", columns), {name});
  if (!rows.next()) return std::nullopt;
  return readRow(rows);
}

Workspace getWorkspace(db::Session& session, std::string_view name) {
  std::optional<Workspace> found = findWorkspace(session, name);
  if (!found) throw error(Code::notFound, "Workspace '{}' not found", name);
  return *std::move(found);
}

std::vector<Workspace> listWorkspaces(db::Session& session) {
  std::vector<Workspace> all;
  db::Rows rows = session.query(fmt::format("SELECT {} FROM workspace", columns));
  while (rows.next()) all.push_back(readRow(rows));
  std::sort(all.begin(), all.end(), [](const Workspace& a, const Workspace& b) { return a.name < b.name; });
  return all;
}

Workspace describeWorkspace(Change& change, std::string_view name, std::string_view description) {
  checkDescription(description);
  Workspace workspace = getWorkspace(change.session, name);
  change.session.run("UPDATE workspace SET description = $2 WHERE id = $1", {workspace.id, description});
  change.record("workspace.described", workspace.name, "workspace/" + workspace.name,
                {{"digest", crypto::sha256Hex(description)}});
  workspace.description = description;
  return workspace;
}

void deleteWorkspace(Change& change, std::string_view name) {
  Workspace workspace = getWorkspace(change.session, name);
  if (name == defaultWorkspace) throw Error(Code::invalidState, "The default workspace cannot be deleted");
  if (holdsAnything(change.session, name))
    throw error(Code::invalidState, "Workspace '{}' is not empty: delete its assets and files first", name);
  change.session.run("DELETE FROM workspace WHERE id = $1", {workspace.id});
  change.record("workspace.deleted", workspace.name, "workspace/" + workspace.name);
}

}  // namespace regesta::registry
