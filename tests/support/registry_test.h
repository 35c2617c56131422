#pragma once
#include <string>

#include "registry/clearance_issuer.h"
#include "registry/pointer.h"
#include "registry/version.h"
#include "support/store_test.h"

namespace regesta {

/// Assets, versions and pointers on an empty store. Clearances are issued without a gate: these tests are about what
/// the registry does with one.
class RegistryTest : public StoreTest {
 protected:
  registry::Asset make(const std::string& name, registry::Kind kind = registry::Kind::model) {
    return change([&](registry::Change& c) { return registry::createAsset(c, {workspace_, kind, name}, "", {}); });
  }
  registry::Version add(const registry::Asset& asset, const std::string& source = "s3://bucket/model") {
    return change([&](registry::Change& c) { return registry::createVersion(c, asset, {.source = source}); });
  }
  /// Moves an alias from wherever it points now.
  void point(const registry::Asset& asset, const std::string& alias, std::int64_t to,
             const std::string& decision = {}) {
    change([&](registry::Change& c) {
      std::int64_t from = registry::holderOf(c.transaction, asset, registry::Pointer::alias(alias));
      registry::moveAlias(c, asset,
                          registry::ClearanceIssuer::move(registry::Pointer::alias(alias), from, to, decision));
    });
  }
  /// Binds a policy named "p" to the pointer of the models whose name matches the pattern.
  void protect(const std::string& pattern, const std::string& pointer) {
    store_->database().write([&](db::Transaction& transaction) {
      transaction.run(
          "INSERT INTO binding (workspace, kind, name_pattern, pointer, policy, policy_selector, created_at, "
          "created_by) VALUES ('default', 'model', $1, $2, 'p', 'latest', 0, 'user:anna')",
          {pattern, pointer});
    });
  }
};

}  // namespace regesta
