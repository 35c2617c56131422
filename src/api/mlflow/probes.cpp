#include "api/mlflow/probes.h"

namespace regesta::api::mlflow {
namespace {

/// The MLflow whose behaviour this front has. Clients compare it: from 3.4 on they send spans as OTLP.
constexpr std::string_view emulated = "3.17.2";

Plain text(std::string_view body) {
  Plain answer;
  answer.contentType = "text/plain; charset=utf-8";
  answer.body = body;
  return answer;
}

Plain health(Call&, const Empty&) { return text("OK"); }
Plain version(Call&, const Empty&) { return text(emulated); }

struct ServerFeatures {
  bool gateway = true;
  static constexpr Field fields[] = {field<&ServerFeatures::gateway>("gateway")};
};
struct ServerInfo {
  std::string store_type = "SqlStore";
  bool workspaces_enabled = true;
  bool trace_archival_enabled = false, multipart_uploads_enabled = false, multipart_downloads_enabled = false;
  // About the request's form only: this server never hands out presigned URLs.
  bool presigned_upload_run_id_supported = true, presigned_upload_model_id_supported = true;
  ServerFeatures features_enabled;
  static constexpr Field fields[] = {
      field<&ServerInfo::store_type>("store_type"),
      field<&ServerInfo::workspaces_enabled>("workspaces_enabled"),
      field<&ServerInfo::trace_archival_enabled>("trace_archival_enabled"),
      field<&ServerInfo::multipart_uploads_enabled>("multipart_uploads_enabled"),
      field<&ServerInfo::multipart_downloads_enabled>("multipart_downloads_enabled"),
      field<&ServerInfo::presigned_upload_run_id_supported>("presigned_upload_run_id_supported"),
      field<&ServerInfo::presigned_upload_model_id_supported>("presigned_upload_model_id_supported"),
      field<&ServerInfo::features_enabled>("features_enabled")};
};
ServerInfo serverInfo(Call&, const Empty&) { return {}; }

}  // namespace

std::span<const Route> probeRoutes() {
  static const Route routes[] = {
      get("/health", "Check that the server is alive", open(), health),
      get("/version", "Get the version of the server", open(), version),
      get("/api/3.0/mlflow/server-info", "Get the features of this server", open(), serverInfo),
  };
  return routes;
}

}  // namespace regesta::api::mlflow
