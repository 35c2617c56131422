#pragma once
#include <optional>
#include <string>
#include <vector>

#include "api/mlflow/optional_text.h"
#include "api/mlflow/tracking_wire.h"
#include "gateway/endpoint.h"
#include "gateway/model.h"

/// What several of the gateway's requests share, as in service.proto.
namespace regesta::api::mlflow::wire {

inline constexpr std::string_view linkageWords[] = {"PRIMARY", "FALLBACK"};
inline constexpr std::string_view routingWords[] = {"REQUEST_BASED_TRAFFIC_SPLIT"};
inline constexpr std::string_view fallbackWords[] = {"SEQUENTIAL"};

struct GatewayModel {
  std::string model_definition_id, name;
  std::optional<std::string> secret_id, secret_name;
  std::string provider, model_name;
  std::int64_t created_at = 0, last_updated_at = 0;
  std::optional<std::string> created_by, last_updated_by;
  static constexpr Field fields[] = {field<&GatewayModel::model_definition_id>("model_definition_id"),
                                     field<&GatewayModel::name>("name"),
                                     field<&GatewayModel::secret_id>("secret_id"),
                                     field<&GatewayModel::secret_name>("secret_name"),
                                     field<&GatewayModel::provider>("provider"),
                                     field<&GatewayModel::model_name>("model_name"),
                                     field<&GatewayModel::created_at>("created_at"),
                                     field<&GatewayModel::last_updated_at>("last_updated_at"),
                                     field<&GatewayModel::created_by>("created_by"),
                                     field<&GatewayModel::last_updated_by>("last_updated_by")};
};

struct GatewayMapping {
  std::string mapping_id, endpoint_id, model_definition_id;
  std::optional<GatewayModel> model_definition;
  double weight = 1;
  std::string linkage_type;
  std::optional<std::int64_t> fallback_order;
  std::int64_t created_at = 0;
  std::optional<std::string> created_by;
  static constexpr Field fields[] = {field<&GatewayMapping::mapping_id>("mapping_id"),
                                     field<&GatewayMapping::endpoint_id>("endpoint_id"),
                                     field<&GatewayMapping::model_definition_id>("model_definition_id"),
                                     field<&GatewayMapping::model_definition>("model_definition"),
                                     field<&GatewayMapping::weight>("weight"),
                                     field<&GatewayMapping::created_at>("created_at"),
                                     field<&GatewayMapping::created_by>("created_by"),
                                     field<&GatewayMapping::linkage_type>("linkage_type", oneOf(linkageWords)),
                                     field<&GatewayMapping::fallback_order>("fallback_order")};
};

struct GatewayModelConfig {
  std::string model_definition_id, linkage_type;
  double weight = 1;
  std::optional<std::int64_t> fallback_order;
  static constexpr Field fields[] = {field<&GatewayModelConfig::model_definition_id>("model_definition_id"),
                                     field<&GatewayModelConfig::linkage_type>("linkage_type", oneOf(linkageWords)),
                                     field<&GatewayModelConfig::weight>("weight"),
                                     field<&GatewayModelConfig::fallback_order>("fallback_order")};
};

struct GatewayFallback {
  std::optional<std::string> strategy;
  std::optional<std::int64_t> max_attempts;
  static constexpr Field fields[] = {field<&GatewayFallback::strategy>("strategy", oneOf(fallbackWords)),
                                     field<&GatewayFallback::max_attempts>("max_attempts")};
};

GatewayModel modelOf(const gateway::Model& model);
GatewayMapping mappingOf(db::Transaction& transaction, const std::string& workspace, const std::string& endpoint,
                         const gateway::Mapping& mapping);
/// `place` names the config in the error for a linkage type that is missing or unknown.
gateway::Mapping mappingOf(const GatewayModelConfig& config, const std::string& place, const std::string& by);

}  // namespace regesta::api::mlflow::wire
