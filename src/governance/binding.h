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

/// A policy binding: `pointer` of a matching asset moves only if `policy` allows it. Rows of table `binding`.
struct Binding {
  std::int64_t id = 0;
  std::string workspace = "default";  ///< "*": every workspace; the policy is then taken from "default"
  std::string kind = "*";             ///< a kind's name, or "*"
  std::string namePattern = "*";      ///< glob over asset names
  registry::Pointer pointer;
  std::string policy;  ///< name of a policy asset; empty: an external OPA decides
  std::string policySelector = "latest";
  std::string opaUrl;   ///< of an external OPA, "https://opa.example:8181"; empty: none
  std::string opaPath;  ///< of the document there: "bank/lending"
  std::int64_t createdAt = 0;
  std::string createdBy;
  /// The workspace of its policy.
  registry::AssetKey policyKey() const;
  /// As decisions name it, without a version: "policy/fair-lending", "opa/https://opa.example:8181/bank/lending".
  std::string policySubject() const;
  bool guards(const registry::AssetKey& key) const;  ///< some pointer of that asset
};

/// Recorded as "policy.bound". Throws Invalid for an invalid member, Error{notFound} if the policy does not resolve,
/// Error{exists} if the binding exists.
Binding bind(registry::Change& change, Binding binding);
/// Recorded as "policy.unbound". Throws Error{notFound}.
void unbind(registry::Change& change, std::int64_t id);
std::optional<Binding> findBinding(db::Transaction& transaction, std::int64_t id);
/// Of a workspace and of all workspaces ("*"), by id.
std::vector<Binding> listBindings(db::Transaction& transaction, std::string_view workspace);
/// The bindings of this pointer of this asset, by id. Empty: not protected (registry::isProtected agrees).
std::vector<Binding> bindingsOn(db::Transaction& transaction, const registry::AssetKey& key,
                                const registry::Pointer& pointer);
/// All bindings of the policy.
std::vector<Binding> bindingsOf(db::Transaction& transaction, const registry::AssetKey& policy);

/// Content of policy versions: {"modules":[{"name","text"}]}.
std::string modulesToContent(const std::vector<policy::Module>& modules);
/// Throws Error{corrupt} for other content.
std::vector<policy::Module> modulesFromContent(std::string_view content);

/// A policy as a decision uses it. `error` is set instead of modules if it cannot be read; the gate then refuses.
struct BoundPolicy {
  std::string subject;  ///< "policy/fair-lending@2"; of an external OPA Binding::policySubject()
  std::string digest;
  std::vector<policy::Module> modules;
  std::string error;
  std::string opaUrl = {}, opaPath = {};  ///< set: an external OPA is asked, and there are no modules
};
BoundPolicy resolvePolicy(db::Transaction& transaction, const Binding& binding);
/// The built-in policy that denies versions whose content is missing (registry/version_files.h). Evaluated, stored and
/// replayed like a bound one.
BoundPolicy contentPolicy();

}  // namespace regesta::governance
