#include "governance/binding.h"

#include "base/error.h"
#include "base/limits.h"
#include "base/name.h"
#include "base/name_pattern.h"
#include "base/text.h"
#include "crypto/hash.h"
#include "db/columns.h"
#include "registry/pointer.h"
#include "registry/workspace.h"

namespace regesta::governance {

namespace {

constexpr std::string_view columns =
    "SELECT id, workspace, kind, name_pattern, pointer, policy, policy_selector, created_at, created_by FROM binding ";

Binding readBinding(const db::Rows& rows) {
  constexpr db::Columns at(columns);
  return {rows.integer(at["id"]),
          rows.text(at["workspace"]),
          rows.text(at["kind"]),
          rows.text(at["name_pattern"]),
          registry::Pointer::read(rows.text(at["pointer"])),
          rows.text(at["policy"]),
          rows.text(at["policy_selector"]),
          rows.integer(at["created_at"]),
          rows.text(at["created_by"])};
}

std::vector<Binding> readAll(db::Rows rows) {
  std::vector<Binding> bindings;
  while (rows.next()) bindings.push_back(readBinding(rows));
  return bindings;
}

json::object bindingData(const Binding& binding) {
  return {{"binding", binding.id},
          {"kind", binding.kind},
          {"name_pattern", binding.namePattern},
          {"pointer", binding.pointer.text()},
          {"policy", binding.policy},
          {"policy_selector", binding.policySelector}};
}

void checkBinding(db::Transaction& transaction, const Binding& binding) {
  if (binding.workspace != "*") registry::getWorkspace(transaction, binding.workspace);
  if (binding.kind != "*" && !registry::parseKind(binding.kind))
    throw Invalid("kind", "must be prompt, model, dataset, policy, artifact or \"*\"");
  const std::string& pattern = binding.namePattern;
  if (pattern.empty() || pattern.size() > limits::nameLength || !isUtf8(pattern))
    throw Invalid("name_pattern",
                  fmt::format("must be a name or a pattern with '*' and '?', at most {} bytes", limits::nameLength));
  // A pattern that only looks like the names it is meant for would guard nothing.
  if (std::string_view fault = nameFault(pattern); !fault.empty()) throw Invalid("name_pattern", std::string(fault));
  registry::resolveVersion(transaction, binding.policyKey(), binding.policySelector);
}

std::string textMember(const json::value& item, std::string_view name) {
  const json::value* found = item.is_object() ? item.as_object().if_contains(name) : nullptr;
  if (!found || !found->is_string())
    throw error(Code::corrupt, "the policy's content has a module without a text '{}'", name);
  return std::string(found->as_string());
}

}  // namespace

registry::AssetKey Binding::policyKey() const {
  return {workspace == "*" ? std::string(registry::defaultWorkspace) : workspace, registry::Kind::policy, policy};
}

bool Binding::guards(const registry::AssetKey& key) const {
  return AssetPattern{workspace, kind, namePattern}.covers(key.workspace, registry::kindName(key.kind), key.name);
}

Binding bind(registry::Change& change, Binding binding) {
  if (binding.pointer == registry::Pointer::stage("None")) throw Invalid("pointer", "must not be stage:None");
  checkBinding(change.transaction, binding);
  binding.createdAt = change.now;
  binding.createdBy = change.actor.name;
  auto same = change.transaction.query(
      "SELECT id FROM binding WHERE workspace = $1 AND kind = $2 AND name_pattern = $3 AND "
      "pointer = $4 AND policy = $5",
      {binding.workspace, binding.kind, binding.namePattern, binding.pointer.text(), binding.policy});
  if (same.next())
    throw error(Code::exists, "binding {} does this already; remove it to change its selector", same.integer(0));
  binding.id = change.transaction.insert(
      "INSERT INTO binding (workspace, kind, name_pattern, pointer, policy, policy_selector, created_at, created_by) "
      "VALUES ($1, $2, $3, $4, $5, $6, $7, $8) RETURNING id",
      {binding.workspace, binding.kind, binding.namePattern, binding.pointer.text(), binding.policy,
       binding.policySelector, binding.createdAt, binding.createdBy});
  change.record(registry::Action::policyBound, binding.workspace, binding.policyKey().subject(), bindingData(binding));
  return binding;
}

void unbind(registry::Change& change, std::int64_t id) {
  std::optional<Binding> binding = findBinding(change.transaction, id);
  if (!binding) throw error(Code::notFound, "the binding {} does not exist", id);
  change.transaction.run("DELETE FROM binding WHERE id = $1", {id});
  change.record(registry::Action::policyUnbound, binding->workspace, binding->policyKey().subject(),
                bindingData(*binding));
}

std::optional<Binding> findBinding(db::Transaction& transaction, std::int64_t id) {
  auto rows = transaction.query(fmt::format("{} WHERE id = $1", columns), {id});
  if (!rows.next()) return std::nullopt;
  return readBinding(rows);
}

std::vector<Binding> listBindings(db::Transaction& transaction, std::string_view workspace) {
  return readAll(
      transaction.query(fmt::format("{} WHERE workspace = $1 OR workspace = '*' ORDER BY id", columns), {workspace}));
}

std::vector<Binding> bindingsOn(db::Transaction& transaction, const registry::AssetKey& key,
                                const registry::Pointer& pointer) {
  std::vector<Binding> bindings =
      readAll(transaction.query(fmt::format("{} WHERE pointer = $1 ORDER BY id", columns), {pointer.text()}));
  std::erase_if(bindings, [&](const Binding& binding) { return !binding.guards(key); });
  return bindings;
}

std::vector<Binding> bindingsOf(db::Transaction& transaction, const registry::AssetKey& policy) {
  std::vector<Binding> bindings =
      readAll(transaction.query(fmt::format("{} WHERE policy = $1 ORDER BY id", columns), {policy.name}));
  std::erase_if(bindings, [&](const Binding& binding) { return binding.policyKey().workspace != policy.workspace; });
  return bindings;
}

std::string modulesToContent(const std::vector<policy::Module>& modules) {
  json::array list;
  for (const policy::Module& module : modules)
    list.push_back(json::object{{"name", module.name}, {"text", module.text}});
  return canonicalJson(json::object{{"modules", std::move(list)}});
}

std::vector<policy::Module> modulesFromContent(std::string_view content) {
  json::value root = parseJson(content);
  const json::value* list = root.is_object() ? root.as_object().if_contains("modules") : nullptr;
  if (!list || !list->is_array() || list->as_array().empty())
    throw Error(Code::corrupt, "the policy's content is not {\"modules\":[{\"name\",\"text\"}]}");
  std::vector<policy::Module> modules;
  for (const json::value& item : list->as_array())
    modules.push_back({textMember(item, "name"), textMember(item, "text")});
  return modules;
}

BoundPolicy contentPolicy() {
  static const policy::Module module{"content.rego", R"(package regesta.gate
deny contains {
  "code": "content-missing",
  "msg": "this server has no files of the version: its source led to none when it was registered",
  "remediation": "upload the files, then register a new version of them"
} if input.candidate.content.state == "missing"
)"};
  return {.subject = "built-in/content", .digest = crypto::sha256Hex(module.text), .modules = {module}, .error = {}};
}

BoundPolicy resolvePolicy(db::Transaction& transaction, const Binding& binding) {
  BoundPolicy bound;
  bound.subject = fmt::format("{}@{}", binding.policyKey().subject(), binding.policySelector);
  try {
    registry::Version version = registry::resolveVersion(transaction, binding.policyKey(), binding.policySelector);
    bound.subject = version.subject();
    bound.digest = version.digest;
    bound.modules = modulesFromContent(version.content);
  } catch (const Error& error) {
    // If the policy is gone, the gate refuses. That is a result for the caller, not a failure of the request.
    if (error.code != Code::notFound && error.code != Code::corrupt && error.code != Code::invalid) throw;
    bound.error = fmt::format("{} of binding {} cannot be used: {}", bound.subject, binding.id, error.message);
  }
  return bound;
}

}  // namespace regesta::governance
