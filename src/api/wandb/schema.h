#pragma once
#include "base/json.h"
#include "http/message.h"

namespace regesta::api::wandb {

/// What a request asks for, checked against schema.graphql and flattened (native/src/graphql.rs):
/// {"operation","name","fields":[{"key","name","type","args","on","fields"}]}. Throws Error{invalid} for a document
/// that is not GraphQL, does not fit the schema or costs too much.
json::object planOf(std::string_view body);

}  // namespace regesta::api::wandb
