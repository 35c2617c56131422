#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/item.h"

namespace regesta::gateway {

/// A scorer that checks what goes into an endpoint or comes out of it.
struct Guardrail {
  std::string guardrailId, name;
  std::string scorerId;
  std::int64_t scorerVersion = 0;
  std::string stage;           ///< BEFORE or AFTER
  std::string action;          ///< VALIDATION or SANITIZATION
  std::string actionEndpoint;  ///< id; empty: none
  Stamp stamp;
};

/// Sets id and times. The caller has found the scorer.
Guardrail createGuardrail(registry::Change& change, std::string_view workspace, const Guardrail& told);
/// Endpoints no longer use it.
void deleteGuardrail(registry::Change& change, std::string_view workspace, std::string_view id);
Guardrail getGuardrail(db::Transaction& transaction, std::string_view workspace, std::string_view id);
/// By id.
std::vector<Guardrail> listGuardrails(db::Transaction& transaction, std::string_view workspace);

}  // namespace regesta::gateway
