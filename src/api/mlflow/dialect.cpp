#include "api/mlflow/dialect.h"

#include "api/mlflow/missing_text.h"
#include "api/mlflow/query_text.h"
#include "api/mlflow/rule_text.h"
#include "base/json.h"

namespace regesta::api::mlflow {
namespace {

constexpr std::string_view pointer = "See the API docs for more information about request parameters.";

constexpr std::string_view invalidPath = "Invalid path";

struct Spelling {
  int status;
  std::string_view code;
};

Spelling spellingOf(Code code) {
  switch (code) {
    case Code::invalid:
      return {400, "INVALID_PARAMETER_VALUE"};
    case Code::unauthenticated:
      return {401, "UNAUTHENTICATED"};
    case Code::denied:
    case Code::refused:
      return {403, "PERMISSION_DENIED"};
    case Code::notFound:
      return {404, "RESOURCE_DOES_NOT_EXIST"};
    case Code::exists:
      return {400, "RESOURCE_ALREADY_EXISTS"};
    case Code::conflict:
      return {409, "RESOURCE_CONFLICT"};
    case Code::invalidState:
      return {400, "INVALID_STATE"};
    case Code::tooLarge:
      return {413, "INVALID_PARAMETER_VALUE"};
    case Code::exhausted:
      return {429, "RESOURCE_EXHAUSTED"};
    case Code::unsupported:
      return {501, "NOT_IMPLEMENTED"};
    case Code::unavailable:
      return {503, "TEMPORARILY_UNAVAILABLE"};
    case Code::corrupt:
      return {500, "DATA_LOSS"};
    case Code::internal:
      return {500, "INTERNAL_ERROR"};
  }
  return {500, "INTERNAL_ERROR"};
}

}  // namespace

std::string messageOf(const Error& error) {
  if (const auto* missing = dynamic_cast<const tracking::Missing*>(&error)) return missingText(*missing);
  if (const auto* deleted = dynamic_cast<const tracking::Deleted*>(&error)) return deletedText(*deleted);
  if (const auto* taken = dynamic_cast<const tracking::NameTaken*>(&error)) return takenText(*taken);
  const auto* invalid = dynamic_cast<const Invalid*>(&error);
  if (invalid == nullptr) return error.message;
  if (const auto* path = dynamic_cast<const registry::PathError*>(&error)) return pathText(*path);
  if (const auto* broken = dynamic_cast<const tracking::RuleError*>(&error)) return ruleText(*broken);
  if (const auto* query = dynamic_cast<const filter::QueryError*>(&error)) return queryText(*query);
  if (invalid->rule == "is required")
    return fmt::format("Missing value for required parameter '{}'. {}", invalid->field, pointer);
  return fmt::format("Invalid value{}{} for parameter '{}' supplied: {}. {}", invalid->got.empty() ? "" : " ",
                     invalid->got, invalid->field, invalid->rule, pointer);
}

http::Response renderError(const Error& error) {
  Spelling spelling = spellingOf(error.code);
  http::Response response = errorHead(error, spelling.status);
  JsonWriter writer(response.body);
  std::string message = messageOf(error);
  writer.object().key("error_code").text(spelling.code);
  if (message.starts_with(invalidPath)) {
    writer.key("message").text(invalidPath);  // and no more: clients compare the whole answer
  } else {
    writer.key("message").text(message);
    if (!error.detail.empty()) writer.key("detail").raw(error.detail);
  }
  writer.end();
  return response;
}

const Dialect& dialect() {
  static const Dialect mlflow{
      .name = "mlflow",
      .manner = {.forbidUnknown = false, .camelCase = true, .omitEmptyLists = true, .skipUnknownWords = true},
      .wantsJsonType = true,
      .bodyOnGet = true,
      .workspaceHeader = "X-MLFLOW-WORKSPACE",
      .renderError = [](const http::Request&, const Error& error) { return renderError(error); },
  };
  return mlflow;
}

void missing(std::string_view parameter) { throw Invalid(std::string(parameter), "is required"); }

void invalidValue(std::string_view parameter, std::string_view value, std::string_view hint) {
  std::string shown;
  appendJsonString(shown, value);
  throw error(Code::invalid, "Invalid value {} for parameter '{}' supplied{}{}", shown, parameter,
              hint.empty() ? "." : ": ", hint);
}

}  // namespace regesta::api::mlflow
