#pragma once
#include <string>

#include "base/json.h"

namespace regesta::cli {

/// How an entity of MLflow's API differs from the item that was read from the source; empty: it has everything that the
/// item has. Tags that only the entity has do not count.
std::string compareExperiment(const json::object& item, const json::object& entity);
std::string compareRun(const json::object& item, const json::object& entity);
std::string compareVersion(const json::object& item, const json::object& entity);
std::string compareTrace(const json::object& item, const json::object& entity);
std::string compareLoggedModel(const json::object& item, const json::object& entity);

}  // namespace regesta::cli
