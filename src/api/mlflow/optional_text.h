#pragma once
#include <optional>
#include <string>

namespace regesta::api::mlflow::wire {

/// Clients expect no member for a text that is empty.
inline std::optional<std::string> unlessEmpty(const std::string& text) {
  return text.empty() ? std::nullopt : std::optional(text);
}

}  // namespace regesta::api::mlflow::wire
