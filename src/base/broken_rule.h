#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace regesta {

/// `value` as `got` of an Invalid: JSON, shortened; empty if it is empty.
std::string shownValue(std::string_view value);

/// A request value that breaks a rule of the enum `Rule`. A front with messages of its own chooses them by `id`; others
/// show the message of Invalid. `facts` are what a message needs besides field and value; the enum documents them.
template <class Rule>
class BrokenRule : public Invalid {
 public:
  BrokenRule(Rule id, std::string field, std::string rule, std::string_view value = {},
             std::vector<std::string> facts = {})
      : Invalid(std::move(field), std::move(rule), shownValue(value)), id(id), value(value), facts(std::move(facts)) {}
  Rule id;
  std::string value;
  std::vector<std::string> facts;
};

}  // namespace regesta
