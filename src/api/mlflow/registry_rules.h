#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "api/endpoint.h"
#include "registry/version.h"

namespace regesta::api::mlflow {

/// Rules of MLflow's registry for names, with its messages. All throw Error{invalid}.
void checkModelName(std::string_view name);
/// The name of an existing asset: prompts of other fronts may be in folders ("support/greeting").
void checkKnownName(std::string_view name);
void checkRegistryTag(std::string_view key, std::string_view value);
void checkTagKey(std::string_view key);
/// `alias` as a name; `reserved` also refuses "latest" and v<digits>, which may be read but not set.
void checkAliasName(std::string_view alias, bool reserved);
std::int64_t parseVersion(std::string_view text);
std::string stageOf(std::string_view text);

/// The registered model or prompt, or Error{notFound} with MLflow's message. Checks the caller's permission by name.
registry::Asset getModel(const Call& call, db::Transaction& transaction, access::Verb verb, std::string_view name);
registry::Version getModelVersion(const Call& call, db::Transaction& transaction, access::Verb verb,
                                  std::string_view name, std::string_view version);
/// The same with its aliases. Waits once (Database::readOnce).
registry::AliasedVersion getAliasedVersion(const Call& call, db::Transaction& transaction, access::Verb verb,
                                           std::string_view name, std::string_view version);

}  // namespace regesta::api::mlflow
