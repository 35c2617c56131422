#include "api/mlflow/rule_text.h"

#include "base/json.h"
#include "base/text.h"

namespace regesta::api::mlflow {
namespace {

using tracking::Rule;
using tracking::RuleError;

std::string invalidParameter(const RuleError& error, std::string_view why, std::size_t most = 500) {
  std::string shown;
  appendJsonString(shown, shorten(error.value, most));
  return fmt::format("Invalid value {} for parameter '{}' supplied{}{}", shown, error.field, why.empty() ? "." : ": ",
                     why);
}

std::string paramChanged(const RuleError& error) {
  return fmt::format(
      "Changing param values is not allowed. Param with key='{}' was already logged with value='{}' for {} ID='{}'. "
      "Attempted logging new value '{}'.",
      error.facts[0], error.facts[1], error.facts[3], error.facts[4], error.facts[2]);
}

std::string paramsChanged(const RuleError& error) {
  std::string changes;
  for (std::size_t i = 1; i + 2 < error.facts.size(); i += 3)
    changes += fmt::format("{}{{'key': {}, 'old_value': {}, 'new_value': {}}}", changes.empty() ? "" : ", ",
                           pythonText(error.facts[i]), pythonText(error.facts[i + 1]), pythonText(error.facts[i + 2]));
  return fmt::format("Changing param values is not allowed. Params were already logged='[{}]' for run ID='{}'.",
                     changes, error.facts[0]);
}

std::string locationText(const RuleError& error) {
  switch (error.id) {
    case Rule::locationParameters:
      return "'artifact_location' URL can't include fragments or params.";
    case Rule::locationQuery:
      return "Invalid query string";
    case Rule::locationScheme:
      return fmt::format(
          "Invalid 'artifact_location': the '{}' scheme addresses a host other than the tracking server's configured "
          "artifact storage",
          error.facts[0]);
    case Rule::locationRunUri:
      return fmt::format("Artifact location cannot be a runs:/ URI. Given: '{}'", error.value);
    default:
      return fmt::format(
          "Invalid artifact path length. The length of the artifact path cannot be greater than {} characters.",
          error.facts[0]);
  }
}

}  // namespace

std::string ruleText(const RuleError& error) {
  switch (error.id) {
    case Rule::keyCharacters:
      return invalidParameter(error,
                              "Names may only contain alphanumerics, underscores (_), dashes (-), periods (.), spaces "
                              "( ), colon(:) and slashes (/).");
    case Rule::keyPath:
      return invalidParameter(
          error, fmt::format("Names may be treated as files in certain cases, and must not resolve to other names when "
                             "treated as such. This name would resolve to {}",
                             pythonText(error.facts[0])));
    case Rule::length:
      return fmt::format("'{}' exceeds the maximum length of {} characters", error.field, error.facts[0]);
    case Rule::runId:
      return invalidParameter(error, {}, 300);
    case Rule::timestamp:
      return fmt::format(
          "Invalid value {} for parameter '{}' supplied: metric '{}' (value={}). Timestamp must be a nonnegative long "
          "(64-bit integer) ",
          error.value, error.field, error.facts[0], error.facts[1]);
    case Rule::experimentName:
      return "Invalid experiment name: ''";
    case Rule::experimentId:
      return fmt::format("Invalid experiment ID '{}'. Experiment ID must be a valid integer.",
                         shorten(error.value, 200));
    case Rule::modelName:
      return fmt::format(
          "Invalid model name ({}) provided. Model name must be a non-empty string and cannot contain the following "
          "characters: ('/', ':', '.', '%', '\"', \"'\")",
          pythonText(error.value));
    case Rule::paramRepeated:
      return fmt::format(
          "Duplicate parameter keys have been submitted: {}. Please ensure the request contains only one param value "
          "per param key.",
          pythonList(error.facts));
    case Rule::paramChanged:
      return paramChanged(error);
    case Rule::paramsChanged:
      return paramsChanged(error);
    case Rule::batchCount:
      return fmt::format(
          "A batch logging request can contain at most {0} {1}. Got {2} {1}. Please split up {1} across multiple "
          "requests and try again.",
          error.facts[0], error.field, error.value);
    case Rule::inputCount:
      return fmt::format("A log-inputs request can contain at most {} datasets. Got {}.", error.facts[0], error.value);
    case Rule::runNameTag:
      return fmt::format(
          "Both 'run_name' argument and 'mlflow.runName' tag are specified, but with different values (run_name='{}', "
          "mlflow.runName='{}').",
          error.value, error.facts[0]);
    default:
      return locationText(error);
  }
}

std::string pathText(const registry::PathError& error) {
  return error.value.empty() ? fmt::format("Invalid path: {}", error.rule)
                             : fmt::format("Invalid path: '{}' {}", error.value, error.rule);
}

std::string pythonText(std::string_view text) {
  char quote = text.find('\'') != std::string_view::npos && text.find('"') == std::string_view::npos ? '"' : '\'';
  std::string out(1, quote);
  for (char c : text) {
    if (c == quote || c == '\\') out += '\\';
    if (c == '\n')
      out += "\\n";
    else if (c == '\t')
      out += "\\t";
    else if (c == '\r')
      out += "\\r";
    else if (static_cast<unsigned char>(c) < 0x20)
      out += fmt::format("\\x{:02x}", static_cast<unsigned>(c));
    else
      out += c;
  }
  return out += quote;
}

std::string pythonList(const std::vector<std::string>& texts) {
  std::string out = "[";
  for (const std::string& text : texts) {
    if (out.size() > 1) out += ", ";
    out += pythonText(text);
  }
  return out += ']';
}

}  // namespace regesta::api::mlflow
