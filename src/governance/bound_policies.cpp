#include "governance/bound_policies.h"

#include <algorithm>

#include "base/name_pattern.h"
#include "base/text.h"
#include "registry/workspace.h"

namespace regesta::governance {

namespace {

using registry::Action;

std::string placeOf(std::string_view workspace, std::string_view subject) {
  return fmt::format("{}\n{}", workspace, subject);
}

}  // namespace

void BoundPolicies::take(Action action, const json::object& entry) {
  const json::object& data = memberObject(entry, "data");
  std::string subject = memberText(entry, "subject");
  if (action == Action::policyBound) {
    std::string workspace = memberText(entry, "workspace");
    std::string home = workspace == "*" ? std::string(registry::defaultWorkspace) : workspace;
    bindings_[memberInteger(data, "binding")] = {
        workspace, memberText(data, "kind"), memberText(data, "name_pattern"),   memberText(data, "pointer"),
        subject,   placeOf(home, subject),   memberText(data, "policy_selector")};
  } else if (action == Action::policyUnbound) {
    bindings_.erase(memberInteger(data, "binding"));
  } else if (subject.starts_with("policy/")) {
    takePolicy(action, entry);
  }
}

void BoundPolicies::takePolicy(Action action, const json::object& entry) {
  const json::object& data = memberObject(entry, "data");
  std::string workspace = memberText(entry, "workspace"), subject = memberText(entry, "subject");
  if (action == Action::aliasMoved || action == Action::aliasRemoved) {
    std::string pointer = memberText(data, "pointer");
    auto& aliases = policies_[placeOf(workspace, subject.substr(0, subject.rfind("#" + pointer)))].aliases;
    if (action == Action::aliasMoved)
      aliases[pointer] = memberInteger(data, "to");
    else
      aliases.erase(pointer);
    return;
  }
  if (action == Action::assetRenamed) {
    auto before = policies_.extract(placeOf(workspace, "policy/" + memberText(data, "from")));
    if (before) policies_[placeOf(workspace, subject)] = std::move(before.mapped());
    return;
  }
  if (action == Action::assetDeleted) {
    policies_.erase(placeOf(workspace, subject));
    return;
  }
  std::size_t at = subject.rfind('@');
  auto number = at == std::string::npos ? std::nullopt : parseInteger(std::string_view(subject).substr(at + 1));
  if (!number) return;
  std::set<std::int64_t>& versions = policies_[placeOf(workspace, subject.substr(0, at))].versions;
  if (action == Action::versionCreated || action == Action::versionRestored) versions.insert(*number);
  if (action == Action::versionDeleted || action == Action::versionArchived) versions.erase(*number);
}

std::int64_t BoundPolicies::resolve(const Binding& binding) const {
  if (auto number = parseInteger(binding.selector)) return *number;
  auto policy = policies_.find(binding.place);
  if (policy == policies_.end()) return 0;
  const std::set<std::int64_t>& versions = policy->second.versions;
  if (equalsIgnoreCase(binding.selector, "latest")) return versions.empty() ? 0 : *versions.rbegin();
  auto alias = policy->second.aliases.find(binding.selector);
  return alias == policy->second.aliases.end() ? 0 : alias->second;
}

std::vector<BoundPolicies::Policy> BoundPolicies::on(std::string_view workspace, std::string_view asset,
                                                     std::string_view pointer) const {
  std::vector<Policy> bound;
  std::size_t slash = asset.find('/');
  if (slash == std::string_view::npos) return bound;
  for (const auto& [id, binding] : bindings_)
    if (binding.pointer == pointer && AssetPattern{binding.workspace, binding.kind, binding.namePattern}.covers(
                                          workspace, asset.substr(0, slash), asset.substr(slash + 1)))
      bound.push_back({binding.subject, resolve(binding)});
  return bound;
}

}  // namespace regesta::governance
