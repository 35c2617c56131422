#pragma once
#include "base/broken_rule.h"

namespace regesta::tracking {

/// The rules for what clients log. `facts` of a RuleError are what a message needs besides field and value.
enum class Rule {
  keyCharacters,
  keyPath,  ///< facts: the name that the key resolves to as a path
  length,   ///< facts: the limit in characters
  runId,
  timestamp,  ///< facts: the metric's key and its value as JSON
  experimentName,
  experimentId,
  modelName,
  locationParameters,  ///< of artifact locations, as are the following
  locationQuery,
  locationScheme,  ///< facts: the scheme
  locationRunUri,
  locationLength,  ///< facts: the limit in characters
  paramRepeated,   ///< facts: the keys
  paramChanged,    ///< facts: key, stored value, new value, what owns the param ("run", "model") and its id
  paramsChanged,   ///< facts: the run's id, then key, stored value and new value of each
  batchCount,      ///< facts: the limit
  inputCount,      ///< facts: the limit
  runNameTag,      ///< facts: the name in the tag
};

using RuleError = BrokenRule<Rule>;

}  // namespace regesta::tracking
