#include "gateway/secret.h"

#include "base/encoding.h"
#include "base/error.h"
#include "base/limits_gateway.h"
#include "base/text.h"
#include "crypto/sealed_stream.h"
#include "gateway/texts.h"

namespace regesta::gateway {
namespace {

constexpr std::size_t shortest = 8, firstShown = 3, lastShown = 4;

/// The first 3 and last 4 characters, so that users recognize the value.
std::string mask(std::string_view value) {
  if (characterCount(value) < shortest) return "***";
  if (!std::ranges::all_of(value, [](char c) { return c >= ' ' && c <= '~'; })) return "***";
  return fmt::format("{}...{}", value.substr(0, firstShown), value.substr(value.size() - lastShown));
}

Texts masked(const Texts& values) {
  Texts shown;
  for (const auto& [name, value] : values) shown.emplace(name, mask(value));
  return shown;
}

/// What the sealed values are bound to: they cannot be moved to another secret.
std::string bindingOf(const Item& item) { return fmt::format("gateway/{}/{}", item.workspace, item.id); }

std::string seal(const Item& item, const Texts& values, std::string_view key) {
  std::string plain = writeJson(packTexts(values));
  if (plain.size() > limits::gatewayBody)
    throw error(Code::tooLarge, "a secret may take at most {} bytes", limits::gatewayBody);
  crypto::Sealer sealer(key, bindingOf(item));
  return base64Encode(sealer.header() + sealer.seal(plain, true));
}

/// 'api_base' without white space; a blank one counts as absent.
Texts checkedConfig(Texts config) {
  auto base = config.find("api_base");
  if (base == config.end()) return config;
  base->second = std::string(trim(base->second));
  if (base->second.empty()) config.erase(base);
  return config;
}

Secret secretOf(const Item& item) {
  return {.secretId = item.id,
          .name = item.name,
          .masked = unpackTexts(item.body, "masked"),
          .provider = memberText(item.body, "provider"),
          .authConfig = unpackTexts(item.body, "auth_config"),
          .stamp = item.stamp};
}

}  // namespace

Secret createSecret(registry::Change& change, std::string_view workspace, const NewSecret& told, std::string_view key) {
  if (told.values.empty()) throw Error(Code::invalid, "Missing value for required parameter 'secret_value'.");
  if (findNamed(change.transaction, workspace, secrets, told.name))
    throw error(Code::exists, "Secret with name '{}' already exists", told.name);
  Item item{.workspace = std::string(workspace),
            .kind = std::string(secrets.name),
            .id = newId(secrets),
            .name = told.name,
            .body = {{"masked", packTexts(masked(told.values))},
                     {"provider", told.provider},
                     {"auth_config", packTexts(checkedConfig(told.authConfig))}},
            .stamp = {.createdBy = told.by, .updatedBy = told.by}};
  item.sealed = seal(item, told.values, key);
  insertItem(change, item);
  return secretOf(item);
}

Secret updateSecret(registry::Change& change, std::string_view workspace, std::string_view id,
                    const SecretUpdate& update, std::string_view key) {
  Item item = getItem(change.transaction, workspace, secrets, id);
  if (!update.values.empty()) {
    item.sealed = seal(item, update.values, key);
    item.body["masked"] = packTexts(masked(update.values));
  }
  if (update.authConfig) item.body["auth_config"] = packTexts(checkedConfig(*update.authConfig));
  item.stamp.updatedBy = update.by;
  updateItem(change, item);
  return secretOf(item);
}

void deleteSecret(registry::Change& change, std::string_view workspace, std::string_view id) {
  Item item = getItem(change.transaction, workspace, secrets, id);
  for (Item& model : listItems(change.transaction, workspace, models)) {
    if (memberText(model.body, "secret_id") != id) continue;
    model.body["secret_id"] = "";
    updateItem(change, model);
  }
  removeItem(change, item);
}

Secret getSecret(db::Transaction& transaction, std::string_view workspace, std::string_view id) {
  return secretOf(getItem(transaction, workspace, secrets, id));
}

Secret getSecretByName(db::Transaction& transaction, std::string_view workspace, std::string_view name) {
  return secretOf(getNamed(transaction, workspace, secrets, name));
}

std::vector<Secret> listSecrets(db::Transaction& transaction, std::string_view workspace, std::string_view provider) {
  std::vector<Secret> found;
  for (const Item& item : listItems(transaction, workspace, secrets))
    if (provider.empty() || memberText(item.body, "provider") == provider) found.push_back(secretOf(item));
  return found;
}

std::string secretKey(const registry::Store& store) {
  return *hexDecode(store.key("regesta gateway secret v1").tag({"seal"}));
}

Texts openSecret(db::Transaction& transaction, std::string_view workspace, std::string_view id, std::string_view key) {
  Item item = getItem(transaction, workspace, secrets, id);
  std::optional<std::string> sealed = base64Decode(item.sealed);
  if (!sealed || sealed->size() < crypto::sealedHeader)
    throw error(Code::corrupt, "the values of gateway secret {} are not what was sealed", id);
  std::string_view bytes = *sealed;
  crypto::Opener opener(key, bindingOf(item), bytes.substr(0, crypto::sealedHeader));
  std::string plain = opener.open(bytes.substr(crypto::sealedHeader));
  return unpackTexts({{"values", parseJson(plain)}}, "values");
}

}  // namespace regesta::gateway
