#pragma once
// Internal to the governance room.
#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "registry/action.h"

namespace regesta::governance {

/// Which policies were bound to which pointers, and in which version, by the entries so far. A copy keeps what it has.
class BoundPolicies {
 public:
  struct Policy {
    std::string subject;       ///< "policy/fair", "opa/URL/path"
    std::int64_t version = 0;  ///< what its selector meant; 0: not known from entries
  };

  void take(registry::Action action, const json::object& entry);
  /// The policies of the pointer ("production", "stage:Production") of the asset ("prompt/pay").
  std::vector<Policy> on(std::string_view workspace, std::string_view asset, std::string_view pointer) const;

 private:
  struct Binding {
    std::string workspace, kind, namePattern, pointer, subject, place, selector;
  };
  struct Asset {
    std::set<std::int64_t> versions;  ///< neither deleted nor archived
    std::map<std::string, std::int64_t, std::less<>> aliases;
  };
  void takePolicy(registry::Action action, const json::object& entry);
  std::int64_t resolve(const Binding& binding) const;

  std::map<std::int64_t, Binding> bindings_;
  std::map<std::string, Asset, std::less<>> policies_;  ///< by workspace and subject
};

}  // namespace regesta::governance
