#include "access/grants.h"
#include "base/error.h"
#include "base/text.h"
#include "governance/change_request.h"
#include "governance/citation.h"
#include "governance/gate.h"
#include "jobs/queue.h"
#include "registry/clearance_issuer.h"
#include "registry/use.h"

namespace regesta::governance {

namespace {

/// The first few that the caller may know of, and how many others there are.
std::string listed(const access::Identity& identity, std::string_view workspace, const std::vector<Cited>& items) {
  constexpr std::size_t most = 5;
  std::vector<std::string> shown;
  std::size_t known = 0;
  for (const Cited& item : items) {
    if (!item.asset.empty() && !identity.may(access::Verb::read, workspace, item.asset)) continue;
    if (++known <= most) shown.push_back(item.text);
  }
  std::size_t hidden = items.size() - known;
  std::string others = hidden == 0 ? ""
                       : shown.empty()
                           ? fmt::format("{} that you cannot read", hidden)
                           : fmt::format(" and {} other{} that you cannot read", hidden, hidden == 1 ? "" : "s");
  return join(shown, ", ") + (known > most ? fmt::format(" and {} more", known - most) : "") + others;
}

/// Versions that other prompts include cannot be deleted; only callers who may read those prompts get their names.
void requireUnused(const access::Identity& identity, std::string_view what, std::string_view workspace,
                   const std::vector<std::string>& users) {
  if (users.empty()) return;
  std::vector<Cited> items;
  for (const std::string& user : users) {  // "prompt/letter@1"
    std::size_t name = user.find('/') + 1;
    items.push_back({user, user.substr(name, user.rfind('@') - name)});
  }
  throw error(Code::refused, "{} cannot be deleted: it is part of {}", what, listed(identity, workspace, items));
}

/// `name` "*": an object without a name, such as a run, which only administrators of all names may delete.
void requireUncited(const access::Identity& identity, const Citations& citations, std::string_view what,
                    std::string_view workspace, std::string_view name) {
  registry::requireNotHeld(citations.holds, what, "deleted");
  if (!citations.pointers.empty())
    throw error(Code::refused, "{} cannot be deleted: {} points to it. Move the protected pointer first", what,
                listed(identity, workspace, citations.pointers));
  if (citations.records.empty() || identity.may(access::Verb::administer, workspace, name)) return;
  throw error(Code::denied,
              "{} cannot be deleted by {}: {} {} it. Only users with the role 'admin' may delete cited objects", what,
              identity.actor.name, listed(identity, workspace, citations.records),
              citations.records.size() == 1 ? "cites" : "cite");
}

}  // namespace

registry::Removal Gate::removal(registry::Change& change, const access::Identity& identity,
                                const registry::Version& version, Pointers pointers) {
  const registry::AssetKey& key = version.asset.key;
  requireUncited(identity, citationsOf(change.transaction, version), version.subject(), key.workspace, key.name);
  requireUnused(identity, fmt::format("Version {} of {} '{}'", version.number, registry::kindName(key.kind), key.name),
                key.workspace, registry::usersOf(change.transaction, version));
  closeRequestsAbout(change, version.asset, version.number, "a version that it is about was deleted");
  jobs::closeJobsAbout(change, key.workspace, version.asset.id, version.number, "the version was deleted");
  return registry::ClearanceIssuer::remove(pointers == Pointers::remove);
}

registry::Removal Gate::removal(registry::Change& change, const access::Identity& identity,
                                const registry::Asset& asset, Pointers pointers) {
  requireUncited(identity, citationsOf(change.transaction, asset), asset.key.subject(), asset.key.workspace,
                 asset.key.name);
  requireUnused(identity, fmt::format("{} '{}'", registry::kindName(asset.key.kind), asset.key.name),
                asset.key.workspace, registry::usersOf(change.transaction, asset));
  closeRequestsAbout(change, asset, 0, "the asset was deleted");
  jobs::closeJobsAbout(change, asset.key.workspace, asset.id, 0, "the asset was deleted");
  return registry::ClearanceIssuer::remove(pointers == Pointers::remove);
}

registry::Removal Gate::removal(registry::Change& change, const access::Identity& identity, std::string_view workspace,
                                std::string_view node) {
  requireUncited(identity, citationsOf(change.transaction, workspace, node), node, workspace, access::everyName);
  return registry::ClearanceIssuer::remove(false);
}

}  // namespace regesta::governance
