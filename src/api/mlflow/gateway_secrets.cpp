#include "gateway/secret.h"

#include "api/mlflow/gateway.h"
#include "api/mlflow/gateway_wire.h"

namespace regesta::api::mlflow {
namespace {

using wire::unlessEmpty;

struct GatewaySecret {
  std::string secret_id, secret_name;
  TextMap masked_values;
  std::int64_t created_at = 0, last_updated_at = 0;
  std::optional<std::string> provider, created_by, last_updated_by;
  TextMap auth_config;
  static constexpr Field fields[] = {field<&GatewaySecret::secret_id>("secret_id"),
                                     field<&GatewaySecret::secret_name>("secret_name"),
                                     field<&GatewaySecret::masked_values>("masked_values"),
                                     field<&GatewaySecret::created_at>("created_at"),
                                     field<&GatewaySecret::last_updated_at>("last_updated_at"),
                                     field<&GatewaySecret::provider>("provider"),
                                     field<&GatewaySecret::created_by>("created_by"),
                                     field<&GatewaySecret::last_updated_by>("last_updated_by"),
                                     field<&GatewaySecret::auth_config>("auth_config")};
};
struct OneGatewaySecret {
  GatewaySecret secret;
  static constexpr Field fields[] = {field<&OneGatewaySecret::secret>("secret")};
};
struct GatewaySecrets {
  std::vector<GatewaySecret> secrets;
  static constexpr Field fields[] = {field<&GatewaySecrets::secrets>("secrets")};
};
struct CreateGatewaySecret {
  std::string secret_name;
  TextMap secret_value;
  std::string provider;
  TextMap auth_config;
  std::string created_by;
  static constexpr Field fields[] = {field<&CreateGatewaySecret::secret_name>("secret_name", required),
                                     field<&CreateGatewaySecret::secret_value>("secret_value", required | secret),
                                     field<&CreateGatewaySecret::provider>("provider"),
                                     field<&CreateGatewaySecret::auth_config>("auth_config"),
                                     field<&CreateGatewaySecret::created_by>("created_by")};
};
struct GatewaySecretRef {
  std::string secret_id, secret_name;
  static constexpr Field fields[] = {field<&GatewaySecretRef::secret_id>("secret_id"),
                                     field<&GatewaySecretRef::secret_name>("secret_name")};
};
struct GatewaySecretId {
  std::string secret_id;
  static constexpr Field fields[] = {field<&GatewaySecretId::secret_id>("secret_id", required)};
};
struct ListGatewaySecrets {
  std::string provider;
  static constexpr Field fields[] = {field<&ListGatewaySecrets::provider>("provider")};
};
struct UpdateGatewaySecret {
  std::string secret_id;
  TextMap secret_value, auth_config;
  std::string updated_by;
  static constexpr Field fields[] = {field<&UpdateGatewaySecret::secret_id>("secret_id", required),
                                     field<&UpdateGatewaySecret::secret_value>("secret_value", secret),
                                     field<&UpdateGatewaySecret::auth_config>("auth_config"),
                                     field<&UpdateGatewaySecret::updated_by>("updated_by")};
};
struct SecretsConfig {
  bool secrets_available = true, using_default_passphrase = false;
  static constexpr Field fields[] = {field<&SecretsConfig::secrets_available>("secrets_available"),
                                     field<&SecretsConfig::using_default_passphrase>("using_default_passphrase")};
};

GatewaySecret wireOf(const gateway::Secret& s) {
  return {.secret_id = s.secretId,
          .secret_name = s.name,
          .masked_values = s.masked,
          .created_at = s.stamp.createdAt,
          .last_updated_at = s.stamp.updatedAt,
          .provider = unlessEmpty(s.provider),
          .created_by = unlessEmpty(s.stamp.createdBy),
          .last_updated_by = unlessEmpty(s.stamp.updatedBy),
          .auth_config = s.authConfig};
}

OneGatewaySecret createSecret(Call& call, const CreateGatewaySecret& in) {
  return call.core.store.change(call.actor(), [&](registry::Change& change) -> OneGatewaySecret {
    gateway::NewSecret told{.name = in.secret_name,
                            .values = in.secret_value,
                            .provider = in.provider,
                            .authConfig = in.auth_config,
                            .by = in.created_by};
    return {wireOf(gateway::createSecret(change, call.workspace, told, gateway::secretKey(call.core.store)))};
  });
}

OneGatewaySecret getSecret(Call& call, const GatewaySecretRef& in) {
  if (in.secret_id.empty() && in.secret_name.empty()) throw Invalid("secret_id", "is required");
  return call.core.store.read([&](db::Transaction& transaction) -> OneGatewaySecret {
    return {wireOf(in.secret_name.empty() ? gateway::getSecret(transaction, call.workspace, in.secret_id)
                                          : gateway::getSecretByName(transaction, call.workspace, in.secret_name))};
  });
}

GatewaySecrets listSecrets(Call& call, const ListGatewaySecrets& in) {
  return call.core.store.read([&](db::Transaction& transaction) {
    GatewaySecrets found;
    for (const gateway::Secret& one : gateway::listSecrets(transaction, call.workspace, in.provider))
      found.secrets.push_back(wireOf(one));
    return found;
  });
}

OneGatewaySecret updateSecret(Call& call, const UpdateGatewaySecret& in) {
  gateway::SecretUpdate update{.values = in.secret_value, .authConfig = {}, .by = in.updated_by};
  if (!in.auth_config.empty()) update.authConfig = in.auth_config;
  return call.core.store.change(call.actor(), [&](registry::Change& change) -> OneGatewaySecret {
    return {wireOf(
        gateway::updateSecret(change, call.workspace, in.secret_id, update, gateway::secretKey(call.core.store)))};
  });
}

Empty deleteSecret(Call& call, const GatewaySecretId& in) {
  call.core.store.change(
      call.actor(), [&](registry::Change& change) { gateway::deleteSecret(change, call.workspace, in.secret_id); });
  return {};
}

SecretsConfig secretsConfig(Call&, const Empty&) { return {}; }

}  // namespace

std::span<const Route> gatewaySecretRoutes() {
  constexpr std::string_view what = "the gateway";
  static const Route routes[] = {
      post("/api/3.0/mlflow/gateway/secrets/create", "Create a secret of the gateway", administers(what), createSecret),
      get("/api/3.0/mlflow/gateway/secrets/get", "Get a secret of the gateway, masked", administers(what), getSecret),
      get("/api/3.0/mlflow/gateway/secrets/list", "List secrets of the gateway, masked", administers(what),
          listSecrets),
      post("/api/3.0/mlflow/gateway/secrets/update", "Update a secret of the gateway", administers(what), updateSecret),
      del("/api/3.0/mlflow/gateway/secrets/delete", "Delete a secret of the gateway", administers(what), deleteSecret),
      get("/api/3.0/mlflow/gateway/secrets/config", "Get whether the gateway can store secrets", reads(what),
          secretsConfig),
  };
  return routes;
}

}  // namespace regesta::api::mlflow
