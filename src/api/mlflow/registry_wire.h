#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "api/mlflow/tracking_wire.h"
#include "api/shape.h"
#include "registry/pointer.h"
#include "registry/version.h"

/// The registry half of MLflow's messages, as in model_registry.proto, and conversions from core types.
namespace regesta::api::mlflow::wire {

struct ModelVersion {
  std::string name, version;
  std::int64_t creation_timestamp = 0, last_updated_timestamp = 0;
  std::string user_id, current_stage, description, source, run_id;
  std::string status = "READY";
  std::vector<KeyValue> tags;
  std::string run_link;
  std::vector<std::string> aliases;
  std::optional<std::string> model_id;
  static constexpr Field fields[] = {field<&ModelVersion::name>("name"),
                                     field<&ModelVersion::version>("version"),
                                     field<&ModelVersion::creation_timestamp>("creation_timestamp"),
                                     field<&ModelVersion::last_updated_timestamp>("last_updated_timestamp"),
                                     field<&ModelVersion::user_id>("user_id"),
                                     field<&ModelVersion::current_stage>("current_stage"),
                                     field<&ModelVersion::description>("description"),
                                     field<&ModelVersion::source>("source"),
                                     field<&ModelVersion::run_id>("run_id"),
                                     field<&ModelVersion::status>("status"),
                                     field<&ModelVersion::tags>("tags"),
                                     field<&ModelVersion::run_link>("run_link"),
                                     field<&ModelVersion::aliases>("aliases"),
                                     field<&ModelVersion::model_id>("model_id")};
};

struct ModelAlias {
  std::string alias, version;
  static constexpr Field fields[] = {field<&ModelAlias::alias>("alias"), field<&ModelAlias::version>("version")};
};

struct RegisteredModel {
  std::string name;
  std::int64_t creation_timestamp = 0, last_updated_timestamp = 0;
  std::string user_id;
  std::optional<std::string> description;
  std::vector<ModelVersion> latest_versions;
  std::vector<KeyValue> tags;
  std::vector<ModelAlias> aliases;
  static constexpr Field fields[] = {field<&RegisteredModel::name>("name"),
                                     field<&RegisteredModel::creation_timestamp>("creation_timestamp"),
                                     field<&RegisteredModel::last_updated_timestamp>("last_updated_timestamp"),
                                     field<&RegisteredModel::user_id>("user_id"),
                                     field<&RegisteredModel::description>("description"),
                                     field<&RegisteredModel::latest_versions>("latest_versions"),
                                     field<&RegisteredModel::tags>("tags"),
                                     field<&RegisteredModel::aliases>("aliases")};
};

struct OneVersion {
  ModelVersion model_version;
  static constexpr Field fields[] = {field<&OneVersion::model_version>("model_version")};
};
struct OneModel {
  RegisteredModel registered_model;
  static constexpr Field fields[] = {field<&OneModel::registered_model>("registered_model")};
};
struct VersionList {
  std::vector<ModelVersion> model_versions;
  std::optional<std::string> next_page_token;
  static constexpr Field fields[] = {field<&VersionList::model_versions>("model_versions"),
                                     field<&VersionList::next_page_token>("next_page_token")};
};
struct ModelList {
  std::vector<RegisteredModel> registered_models;
  std::optional<std::string> next_page_token;
  static constexpr Field fields[] = {field<&ModelList::registered_models>("registered_models"),
                                     field<&ModelList::next_page_token>("next_page_token")};
};

/// Requests that name a model, or one version of it.
struct ModelRef {
  std::string name;
  static constexpr Field fields[] = {field<&ModelRef::name>("name", required)};
};
struct VersionRef {
  std::string name, version;
  static constexpr Field fields[] = {field<&VersionRef::name>("name", required),
                                     field<&VersionRef::version>("version", required)};
};
/// One page of a search.
struct SearchRequest {
  std::string filter, page_token;
  std::optional<std::int64_t> max_results;
  std::vector<std::string> order_by;
  static constexpr Field fields[] = {
      field<&SearchRequest::filter>("filter"), field<&SearchRequest::page_token>("page_token"),
      field<&SearchRequest::max_results>("max_results"), field<&SearchRequest::order_by>("order_by")};
};

/// Without aliases, which MLflow's searches omit.
ModelVersion versionOf(db::Transaction& transaction, const registry::Version& version);
ModelVersion versionWithAliases(db::Transaction& transaction, const registry::Version& version);
RegisteredModel modelOf(db::Transaction& transaction, const registry::Asset& asset);
registry::Tags registryTags(const std::vector<KeyValue>& list);

}  // namespace regesta::api::mlflow::wire
