#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "api/endpoint.h"
#include "registry/version.h"

namespace regesta::api::mlflow {

/// What MLflow's registry demands of names, and the words in which it refuses. All throw Error{invalid}.
void checkModelName(std::string_view name);
/// The name of something that is there: prompts that other fronts made may stand in folders ("support/greeting").
void checkKnownName(std::string_view name);
void checkRegistryTag(std::string_view key, std::string_view value);
void checkTagKey(std::string_view key);
/// `alias` as a name; `reserved` also refuses "latest" and v<digits>, which may be read but not set.
void checkAliasName(std::string_view alias, bool reserved);
std::int64_t parseVersion(std::string_view text);
std::string stageOf(std::string_view text);

/// The registered model or prompt, or Error{notFound} in MLflow's words. Checks the caller's right to it by name.
registry::Asset getModel(const Call& call, db::Session& session, governance::Verb verb, std::string_view name);
registry::Version getModelVersion(const Call& call, db::Session& session, governance::Verb verb, std::string_view name,
                                  std::string_view version);

}  // namespace regesta::api::mlflow
