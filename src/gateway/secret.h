#pragma once
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/item.h"

namespace regesta::gateway {

using Texts = std::map<std::string, std::string>;

/// Credentials of a model provider. Its values never leave the server; people see the ends of them.
struct Secret {
  std::string secretId, name;
  Texts masked;
  std::string provider;  ///< empty: none
  Texts authConfig;
  Stamp stamp;
};

struct NewSecret {
  std::string name;
  Texts values;
  std::string provider;
  Texts authConfig;
  std::string by;
};
/// `key` is of the store (secretKey()). Throws Error{exists} for a name that is taken, Error{invalid}.
Secret createSecret(registry::Change& change, std::string_view workspace, const NewSecret& told, std::string_view key);

struct SecretUpdate {
  Texts values;                     ///< empty: unchanged
  std::optional<Texts> authConfig;  ///< empty map: removed
  std::string by;
};
Secret updateSecret(registry::Change& change, std::string_view workspace, std::string_view id,
                    const SecretUpdate& update, std::string_view key);
/// Models that use it stay, without a secret.
void deleteSecret(registry::Change& change, std::string_view workspace, std::string_view id);

Secret getSecret(db::Transaction& transaction, std::string_view workspace, std::string_view id);
Secret getSecretByName(db::Transaction& transaction, std::string_view workspace, std::string_view name);
std::vector<Secret> listSecrets(db::Transaction& transaction, std::string_view workspace, std::string_view provider);

/// The key that secrets are encrypted under: derived from the store's secret, which is outside the database.
std::string secretKey(const registry::Store& store);
/// The values. Throws Error{corrupt} if they were changed, or sealed for another secret or under another key.
Texts openSecret(db::Transaction& transaction, std::string_view workspace, std::string_view id, std::string_view key);

}  // namespace regesta::gateway
