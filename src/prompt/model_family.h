#pragma once
#include <string>

#include "base/json.h"

namespace regesta::prompt {

/// The model of a model_config.
struct Model {
  std::string provider;  ///< member "provider", or the part of the name before '/'; lower case; may be empty
  std::string name;      ///< members "model", "model_name", "model_id" or "modelId", as written; empty: none
  std::string family;    ///< the name, lower case, without provider, date, snapshot number, -latest, -preview, -exp
};
Model modelOf(const json::value& modelConfig);

}  // namespace regesta::prompt
