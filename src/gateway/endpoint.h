#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/item.h"

namespace regesta::gateway {

/// A model of an endpoint.
struct Mapping {
  std::string mappingId;  ///< "m-" and 32 hexadecimal digits
  std::string modelId;
  std::string linkage;  ///< PRIMARY or FALLBACK
  double weight = 1;
  std::optional<std::int64_t> order;  ///< of fallbacks
  std::int64_t createdAt = 0;         ///< milliseconds
  std::string createdBy;
};
/// Something in the tracking server that calls the endpoint.
struct Binding {
  std::string resourceType, resourceId;
  Stamp stamp;
};
struct GuardrailUse {
  std::string guardrailId;
  std::optional<std::int64_t> order;
  std::int64_t createdAt = 0;
  std::string createdBy;
};
struct Fallback {
  std::string strategy;  ///< empty: none
  std::optional<std::int64_t> attempts;
};

/// What applications call: models, with rules which of them answers.
struct Endpoint {
  std::string endpointId, name;
  std::string routing;  ///< empty: none
  std::optional<Fallback> fallback;
  std::optional<std::int64_t> experiment;  ///< that gets its traces
  bool usageTracking = true;
  std::map<std::string, std::string> tags;
  std::vector<Mapping> models;
  std::vector<Binding> bindings;
  std::vector<GuardrailUse> guardrails;
  Stamp stamp;
};

/// Sets id, ids of mappings and times. Throws Error{notFound} for an unknown model, Error{exists} for a name that is
/// taken, Error{invalid}.
Endpoint createEndpoint(registry::Change& change, std::string_view workspace, Endpoint told);
/// Stores what changed of an endpoint that getEndpoint() found; gives new mappings their ids. Throws like
/// createEndpoint(), and Error{exists} for a model that is attached twice.
Endpoint saveEndpoint(registry::Change& change, std::string_view workspace, Endpoint changed);
void deleteEndpoint(registry::Change& change, std::string_view workspace, std::string_view id);

Endpoint getEndpoint(db::Transaction& transaction, std::string_view workspace, std::string_view id);
Endpoint getEndpointByName(db::Transaction& transaction, std::string_view workspace, std::string_view name);
std::vector<Endpoint> listEndpoints(db::Transaction& transaction, std::string_view workspace);

}  // namespace regesta::gateway
