#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "base/json.h"
#include "db/database.h"

// Internal to the evaluation room: the model in the body of a scorer. gateway:/NAME is an endpoint of the gateway.
namespace regesta::evaluation {

/// Throws Error{invalid} for a model that is blank or not a text.
void checkScorerModel(json::value& body);
/// Puts the endpoint's id in place of its name. Throws Error{notFound}. Other bodies stay as they are.
std::string withEndpointIds(db::Transaction& transaction, std::string_view workspace, std::string body);
/// Puts the endpoint's present name in place of its id; null for one that was deleted.
std::string withEndpointNames(db::Transaction& transaction, std::string_view workspace, std::string body);
/// The endpoint's id in a stored body.
std::optional<std::string> endpointOf(const std::string& body);
/// Throws Error{invalid} for a scorer that a server could not run automatically.
void checkGradesAlone(std::string_view name, const std::string& body);

}  // namespace regesta::evaluation
