#include "governance/binding.h"

#include <algorithm>
#include <cctype>

#include "base/error.h"
#include "base/name_pattern.h"
#include "base/text.h"
#include "crypto/hash.h"
#include "db/columns.h"
#include "registry/pointer.h"
#include "registry/workspace.h"

namespace regesta::governance {

namespace {

constexpr std::string_view columns =
    "SELECT id, workspace, kind, name_pattern, pointer, policy, policy_selector, opa_url, opa_path, created_at, "
    "created_by FROM binding ";

Binding readBinding(const db::Rows& rows) {
  constexpr db::Columns at(columns);
  return {rows.integer(at["id"]),
          rows.text(at["workspace"]),
          rows.text(at["kind"]),
          rows.text(at["name_pattern"]),
          registry::Pointer::read(rows.text(at["pointer"])),
          rows.text(at["policy"]),
          rows.text(at["policy_selector"]),
          rows.text(at["opa_url"]),
          rows.text(at["opa_path"]),
          rows.integer(at["created_at"]),
          rows.text(at["created_by"])};
}

std::vector<Binding> readAll(db::Rows rows) {
  std::vector<Binding> bindings;
  while (rows.next()) bindings.push_back(readBinding(rows));
  return bindings;
}

json::object bindingData(const Binding& binding) {
  json::object data{{"binding", binding.id},
                    {"kind", binding.kind},
                    {"name_pattern", binding.namePattern},
                    {"pointer", binding.pointer.text()},
                    {"policy", binding.policy},
                    {"policy_selector", binding.policySelector}};
  if (!binding.opaUrl.empty()) {
    data["opa_url"] = binding.opaUrl;
    data["opa_path"] = binding.opaPath;
  }
  return data;
}

/// "bank/lending": what follows /v1/data/ at OPA.
bool isOpaPath(std::string_view path) {
  auto fits = [](unsigned char c) { return std::isalnum(c) || c == '_' || c == '/' || c == '-'; };
  return !path.empty() && path.size() <= 250 && std::ranges::all_of(path, fits) && path.front() != '/' &&
         path.back() != '/' && path.find("//") == path.npos;
}

void checkBinding(db::Transaction& transaction, const Binding& binding) {
  if (binding.workspace != "*") registry::getWorkspace(transaction, binding.workspace);
  if (binding.kind != "*" && !registry::parseKind(binding.kind))
    throw Invalid("kind", "must be prompt, model, dataset, policy, artifact or \"*\"");
  registry::checkNamePattern(binding.namePattern);
  if (binding.opaUrl.empty()) {
    if (!binding.opaPath.empty()) throw Invalid("opa_path", "needs opa_url");
    registry::resolveVersion(transaction, binding.policyKey(), binding.policySelector);
    return;
  }
  if (!binding.policy.empty()) throw Invalid("policy", "cannot be named together with opa_url");
  if (!isOpaPath(binding.opaPath))
    throw Invalid("opa_path", "must be the path of a document in OPA, such as bank/lending");
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

std::string Binding::policySubject() const {
  return opaUrl.empty() ? policyKey().subject() : fmt::format("opa/{}/{}", opaUrl, opaPath);
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
      "pointer = $4 AND policy = $5 AND opa_url = $6 AND opa_path = $7",
      {binding.workspace, binding.kind, binding.namePattern, binding.pointer.text(), binding.policy, binding.opaUrl,
       binding.opaPath});
  if (same.next())
    throw error(Code::exists, "binding {} does this already; remove it to change its selector", same.integer(0));
  binding.id = change.transaction.insert(
      "INSERT INTO binding (workspace, kind, name_pattern, pointer, policy, policy_selector, opa_url, opa_path, "
      "created_at, created_by) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) RETURNING id",
      {binding.workspace, binding.kind, binding.namePattern, binding.pointer.text(), binding.policy,
       binding.policySelector, binding.opaUrl, binding.opaPath, binding.createdAt, binding.createdBy});
  change.record(registry::Action::policyBound, binding.workspace, binding.policySubject(), bindingData(binding));
  return binding;
}

void unbind(registry::Change& change, std::int64_t id) {
  std::optional<Binding> binding = findBinding(change.transaction, id);
  if (!binding) throw error(Code::notFound, "the binding {} does not exist", id);
  change.transaction.run("DELETE FROM binding WHERE id = $1", {id});
  change.record(registry::Action::policyUnbound, binding->workspace, binding->policySubject(), bindingData(*binding));
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
  if (!binding.opaUrl.empty()) {
    bound.subject = binding.policySubject();
    bound.opaUrl = binding.opaUrl;
    bound.opaPath = binding.opaPath;
    return bound;
  }
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
