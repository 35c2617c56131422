#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "gateway/item.h"

namespace regesta::gateway {

/// How many of an experiment's new traces a scorer shall grade. Stored for clients; nothing here grades.
struct Scoring {
  std::string configId;
  std::string scorerId;
  std::int64_t experiment = 0;
  double sampleRate = 0;  ///< 0: none, 1: all
  std::optional<std::string> filter;
};

/// Sets the id. Replaces what the scorer had.
Scoring saveScoring(registry::Change& change, std::string_view workspace, const Scoring& told);
void removeScoring(registry::Change& change, std::string_view workspace, std::string_view scorerId);
std::optional<Scoring> findScoring(db::Transaction& transaction, std::string_view workspace, std::string_view scorerId);

}  // namespace regesta::gateway
