#pragma once
#include <string>

#include "base/json.h"

namespace regesta::delivery {

/// Which model a model_config names.
struct Model {
  std::string provider;  ///< member "provider", or what stands before '/' in the name; lower case; may be empty
  std::string name;      ///< members "model", "model_name", "model_id" or "modelId", as written; empty: none named
  std::string family;    ///< the name, lower case, without provider, date, snapshot number, -latest, -preview, -exp
};
Model modelOf(const json::value& modelConfig);

}  // namespace regesta::delivery
