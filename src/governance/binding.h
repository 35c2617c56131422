#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "policy/engine.h"
#include "registry/asset.h"
#include "registry/version.h"

namespace regesta::governance {

/// A gate: before `pointer` of an asset that matches moves, `policy` must agree. Rows of table `binding`.
struct Binding {
  std::int64_t id = 0;
  std::string workspace = "default";  ///< "*": every workspace; the policy is then taken from "default"
  std::string kind = "*";             ///< a kind's name, or "*"
  std::string namePattern = "*";      ///< glob over asset names
  std::string pointer;                ///< "production", "stage:Production"
  std::string policy;                 ///< name of a policy asset
  std::string policySelector = "latest";
  std::int64_t createdAt = 0;
  std::string createdBy;
  /// Where its policy lives.
  registry::AssetKey policyKey() const;
};

/// Canonical spelling of a pointer: an alias, or "stage:Production" in any case. Throws Invalid{field "pointer"}.
std::string canonicalPointer(std::string_view pointer);

/// Recorded as "policy.bound". Throws Invalid for a bad part, Error{notFound} when the policy does not resolve,
/// Error{exists} for the same binding again.
Binding bind(registry::Change& change, Binding binding);
/// Recorded as "policy.unbound". Throws Error{notFound}.
void unbind(registry::Change& change, std::int64_t id);
std::optional<Binding> findBinding(db::Session& session, std::int64_t id);
/// Of a workspace and of all workspaces ("*"), by id.
std::vector<Binding> listBindings(db::Session& session, std::string_view workspace);
/// Those that guard this pointer of this asset, by id. Empty: it is not protected (registry::isProtected agrees).
std::vector<Binding> bindingsOn(db::Session& session, const registry::AssetKey& key, std::string_view pointer);
/// Those that use the policy, whatever they guard.
std::vector<Binding> bindingsOf(db::Session& session, const registry::AssetKey& policy);

/// Content of policy versions: {"modules":[{"name","text"}]}.
std::string modulesToContent(const std::vector<policy::Module>& modules);
/// Throws Error{corrupt} for content that is not that.
std::vector<policy::Module> modulesFromContent(std::string_view content);

/// A policy as a decision uses it. `error` is set instead of modules when it cannot be had: the gate stays closed.
struct BoundPolicy {
  std::string subject;  ///< "policy/fair-lending@2"
  std::string digest;
  std::vector<policy::Module> modules;
  std::string error;
};
BoundPolicy resolvePolicy(db::Session& session, const Binding& binding);

}  // namespace regesta::governance
