#pragma once
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "api/endpoint.h"
#include "base/json.h"

namespace regesta::api::wandb {

/// A workspace is W&B's entity, an experiment its project. What a client says when it names neither:
inline constexpr std::string_view defaultProject = "uncategorized";
std::string defaultEntity(const Call& call);

/// Throws Error{notFound}. `type`: "run".
[[noreturn]] void noSuch(std::string_view type, std::string_view id);

/// Ids as clients expect them: standard base64 of "Type:…".
std::string idOf(std::string_view type, std::int64_t number);
/// The number in such an id. Throws Error{notFound}.
std::int64_t numberOf(std::string_view type, std::string_view id);

/// A run as W&B names it: the last part is chosen by the client.
struct RunName {
  std::string entity, project, run;
};
std::string runId(const RunName& name);
RunName runNameOf(std::string_view id);  ///< throws Error{notFound}
std::string entityOfRunId(std::string_view id);
std::string runFileId(const RunName& run, std::string_view path);
/// Throws Error{notFound}.
std::pair<RunName, std::string> runFileOf(std::string_view id);

/// A registry is a project without an experiment: its id holds its name.
struct RegistryName {
  std::string entity, project;
};
std::string registryId(std::string_view entity, std::string_view project);
bool isRegistryId(std::string_view id);
RegistryName registryOfId(std::string_view id);  ///< throws Error{notFound}

/// JSON as Python writes it, with bare NaN and Infinity, which become texts. Throws Error{invalid}.
json::value looseJson(std::string_view text);

}  // namespace regesta::api::wandb
