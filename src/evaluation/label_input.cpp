#include "evaluation/label_input.h"

#include <set>

#include "base/error.h"
#include "base/json.h"
#include "base/limits_evaluation.h"
#include "base/text.h"

namespace regesta::evaluation {
namespace {

constexpr std::string_view kinds[] = {"pass_fail", "categorical", "numeric", "text"};

void checkLabel(const std::string& field, std::string_view label) {
  if (label.empty()) throw Invalid(field, "must be a non-empty string");
  if (characterCount(label) > limits::labelLength)
    throw Invalid(field, fmt::format("must have at most {} characters", limits::labelLength));
}

void check(const PassFailInput& input) {
  checkLabel("input.pass_fail.positive_label", input.positiveLabel);
  checkLabel("input.pass_fail.negative_label", input.negativeLabel);
  if (input.positiveLabel == input.negativeLabel)
    throw Invalid("input.pass_fail.negative_label", "must be distinct from positive_label");
}

void check(const CategoricalInput& input) {
  const std::string field = "input.categorical.options";
  if (input.options.empty()) throw Invalid(field, "must be a non-empty list");
  if (input.options.size() > limits::labelOptions)
    throw Invalid(field, fmt::format("must have at most {} entries", limits::labelOptions));
  std::set<std::string_view> seen;
  for (const std::string& option : input.options) {
    checkLabel(field, option);
    if (!seen.insert(option).second)
      throw Invalid(field, fmt::format("must be deduplicated; '{}' appears twice", option));
  }
}

void check(const NumericInput& input) {
  if (input.least && input.most && *input.least >= *input.most)
    throw Invalid("input.numeric.min_value", "must be strictly less than max_value");
}

void check(const TextInput& input) {
  if (input.maxLength && *input.maxLength < 1) throw Invalid("input.text.max_length", "must be at least 1");
}

json::object bodyOf(const PassFailInput& input) {
  return {{"positive_label", input.positiveLabel}, {"negative_label", input.negativeLabel}};
}

json::object bodyOf(const CategoricalInput& input) {
  return {{"options", json::array(input.options.begin(), input.options.end())}, {"multi_select", input.multiSelect}};
}

json::object bodyOf(const NumericInput& input) {
  json::object body;
  if (input.least) body["min_value"] = *input.least;
  if (input.most) body["max_value"] = *input.most;
  return body;
}

json::object bodyOf(const TextInput& input) {
  json::object body;
  if (input.maxLength) body["max_length"] = *input.maxLength;
  return body;
}

std::optional<double> numberIn(const json::object& body, std::string_view name) {
  const json::value* value = body.if_contains(name);
  return value ? std::optional(value->to_number<double>()) : std::nullopt;
}

}  // namespace

void checkInput(const LabelInput& input) {
  std::visit([](const auto& one) { check(one); }, input);
}

void checkSameKind(const LabelInput& stored, const LabelInput& wanted) {
  if (stored.index() != wanted.index())
    throw error(Code::invalid,
                "a label schema's input type cannot be changed after creation: it is {}, not {}. Create another one",
                kinds[stored.index()], kinds[wanted.index()]);
  const auto* before = std::get_if<CategoricalInput>(&stored);
  if (before && before->multiSelect != std::get<CategoricalInput>(wanted).multiSelect)
    throw Error(Code::invalid, "`multi_select` cannot be changed after creation. Create another label schema");
}

std::string packInput(const LabelInput& input) {
  json::object body = std::visit([](const auto& one) { return bodyOf(one); }, input);
  return writeJson(json::object{{kinds[input.index()], std::move(body)}});
}

LabelInput unpackInput(std::string_view packed) {
  json::value whole = parseJson(packed);
  const json::key_value_pair& only = *whole.as_object().begin();
  const json::object& body = only.value().as_object();
  if (only.key() == "pass_fail")
    return PassFailInput{memberText(body, "positive_label"), memberText(body, "negative_label")};
  if (only.key() == "categorical") {
    CategoricalInput input{.options = {}, .multiSelect = body.at("multi_select").as_bool()};
    for (const json::value& option : body.at("options").as_array()) input.options.emplace_back(option.as_string());
    return input;
  }
  if (only.key() == "numeric") return NumericInput{numberIn(body, "min_value"), numberIn(body, "max_value")};
  TextInput input;
  if (const json::value* most = body.if_contains("max_length")) input.maxLength = most->to_number<std::int64_t>();
  return input;
}

}  // namespace regesta::evaluation
