#include "api/mlflow/query_text.h"

#include <span>

#include "api/mlflow/rule_text.h"
#include "base/text.h"

namespace regesta::api::mlflow {
namespace {

using filter::QueryError;
using filter::QueryRule;

constexpr std::string_view listStart = "While parsing a list in the query, expected";

/// "'a', 'b'"
std::string quotedList(std::span<const std::string> texts) {
  std::string out;
  for (const std::string& text : texts) out += fmt::format("{}'{}'", out.empty() ? "" : ", ", text);
  return out;
}

bool isOfRegistry(std::string_view noun) { return noun == "registered model" || noun == "model version"; }

std::string entityText(const QueryError& error) {
  std::string entity = shorten(error.value, 100);
  const std::string& noun = error.facts[0];
  if (noun == "trace")
    return fmt::format("Invalid entity type '{}'. Valid values are {{{}}}", entity,
                       quotedList(std::span(error.facts).subspan(1)));
  if (noun == "logged model")
    return fmt::format("Invalid entity type: '{}'. Expected one of ['attributes', 'metrics', 'params', 'tags'].",
                       entity);
  if (noun == "run")
    return fmt::format(
        "Invalid entity type '{}'. Valid values are ['metric', 'parameter', 'tag', 'attribute', 'dataset']", entity);
  return fmt::format("Invalid entity type '{}'. Valid entity types are ('attribute', 'tag', 'tags')", entity);
}

/// What messages about comparators call the fields of spans and of what people say about traces; empty for the others.
std::string_view spelledEntity(std::string_view field) {
  if (field == "feedback" || field == "expectation") return "assessment";
  return field == "span" || field == "issue" ? field : std::string_view();
}

std::string traceComparatorText(const QueryError& error, const std::string& allowed) {
  const std::string& field = error.facts[1];
  std::string key = shorten(error.facts[2], 100);
  if (field == "attribute" && key == "prompt")
    return fmt::format(
        "Invalid comparator '{}' for prompts filter. Only '=' is supported with format: prompt = \"name/version\"",
        error.value);
  if (std::string_view entity = spelledEntity(field); !entity.empty())
    return fmt::format("{}.{} comparator '{}' not one of '{{{}}}'", entity, key, error.value, allowed);
  return fmt::format("Invalid comparator '{}' for '{}', not one of {{{}}}", error.value, key, allowed);
}

/// How filters of logged models write the entity.
std::string_view pluralEntity(std::string_view field) {
  if (field == "attribute") return "attributes";
  if (field == "metric") return "metrics";
  return field == "parameter" ? "params" : "tags";
}

std::string comparatorText(const QueryError& error) {
  const std::string &noun = error.facts[0], &field = error.facts[1], &key = error.facts[2];
  std::string allowed = quotedList(std::span(error.facts).subspan(4));
  if (noun == "trace") return traceComparatorText(error, allowed);
  if (noun == "logged model")
    return fmt::format("Invalid comparison operator for {}.{}: '{}'. Expected one of ({}).", pluralEntity(field), key,
                       error.value, allowed);
  if (isOfRegistry(noun) && field == "attribute" && error.facts[3] == "number")
    return fmt::format("Invalid comparator for attribute {}: {}", key, error.value);
  if (isOfRegistry(noun)) return fmt::format("Invalid comparator for {}: {}", field, error.value);
  if (noun == "issue")
    return fmt::format("Invalid comparator '{}'. Supported comparators: {{{}}}", error.value, allowed);
  return fmt::format("Invalid comparator '{}' not one of '{{{}}}'", error.value, allowed);
}

std::string textExpected(const QueryError& error) {
  const std::string &noun = error.facts[0], &field = error.facts[1];
  if (field == "dataset")
    return fmt::format("Expected a quoted string value for dataset attributes. Got value {}", error.value);
  if (field != "attribute")
    return fmt::format("Expected a quoted string value for {} (e.g. 'my-value'). Got value {}", field, error.value);
  return fmt::format("Expected a quoted string value{} for attributes. Got value {}",
                     isOfRegistry(noun) ? " or a list of quoted string values" : "", error.value);
}

std::string keyText(const QueryError& error) {
  std::string key = shorten(error.value, 100);
  switch (error.id) {
    case QueryRule::spanKey:
      return fmt::format("Invalid span attribute '{}'. Supported attributes: {}.", key, join(error.facts, ", "));
    case QueryRule::issueKey:
      return fmt::format("Invalid issue attribute '{}'. Supported attributes: {}", key, join(error.facts, ", "));
    case QueryRule::issueField:
      return fmt::format("Invalid filter field '{}'. Supported fields: {{{}}}", key, quotedList(error.facts));
    case QueryRule::datasetKey:
      return fmt::format("Invalid dataset key '{}' specified. Valid keys are '{{{}}}'", key, quotedList(error.facts));
    default:
      return fmt::format("Invalid attribute key '{}' specified. Valid keys are '{{{}}}'", key, quotedList(error.facts));
  }
}

std::string orderText(const QueryError& error) {
  std::string clause = shorten(error.value, 200);
  switch (error.id) {
    case QueryRule::orderDirection:
      return fmt::format("Invalid ordering key in order_by clause '{}'.", clause);
    case QueryRule::orderKey:
      if (error.facts.empty()) return fmt::format("Invalid order by field name: {}", clause);
      if (error.facts[0] == "metrics")
        return fmt::format("Invalid order by field name: {}. Only metrics are supported.", clause);
      return fmt::format("Invalid order by key '{}' specified. Valid keys are '{{{}}}'", clause,
                         quotedList(error.facts));
    case QueryRule::orderField:
      if (error.facts[0].empty()) return fmt::format("Invalid identifier type in order_by clause '{}'", clause);
      return fmt::format("Invalid identifier type '{}' in order_by", error.facts[0]);
    case QueryRule::orderRepeated:
      return fmt::format("`order_by` contains duplicate fields: {}", pythonList(error.facts));
    default:
      return fmt::format("Invalid order_by clause '{}'. Could not be parsed.", clause);
  }
}

std::string pageText(const QueryError& error) {
  const std::string& fact = error.facts[0];
  if (error.id == QueryRule::pageSize)
    return fmt::format("Invalid value {} for parameter 'max_results' supplied. It must be {}", error.value,
                       error.value.starts_with('-') || error.value == "0" ? "a positive integer" : "at most " + fact);
  if (error.id == QueryRule::pageTokenQuery) {
    bool experiments = fact == "experiment_ids";
    std::string_view what = experiments ? "Experiment IDs" : fact == "filter_string" ? "Filter string" : "Order by";
    std::string_view noun = experiments ? "experiment IDs" : fact == "filter_string" ? "filter string" : "order by";
    return fmt::format("{} in the page token {} not match the requested {}. Expected: {}. Found: {}", what,
                       experiments ? "do" : "does", noun, error.facts[1], error.facts[2]);
  }
  if (fact == "encoding") return "Invalid page token, could not base64-decode";
  if (fact == "content") return fmt::format("Invalid page token, decoded value={}", error.value);
  if (fact == "number") return fmt::format("Invalid page token, parsed value={}", error.value);
  if (fact == "range") return fmt::format("Invalid page token, offset {} is out of range", error.value);
  return fmt::format("Invalid page token: {}", error.value);
}

std::string valueText(const QueryError& error) {
  switch (error.id) {
    case QueryRule::listShape:
      return fmt::format("{} a non-empty list of string values, but got ill-formed list.", listStart);
    case QueryRule::listItem:
      return fmt::format("{} string value, punctuation, or whitespace, but got different type in list: {}", listStart,
                         error.value);
    case QueryRule::listEmpty:
      return fmt::format("{} a non-empty list of string values, but got empty list", listStart);
    case QueryRule::quotes:
      return fmt::format(
          "Parameter value is either not quoted or unidentified quote types used for string value {}. Use either "
          "single or double quotes.",
          error.value);
    case QueryRule::text:
      return textExpected(error);
    case QueryRule::metricNumber:
      return fmt::format("Expected numeric value type for metric. Found {}", error.value);
    case QueryRule::number:
      return fmt::format("Expected numeric value type for numeric attribute: {}. Found {}", error.facts[0],
                         error.value);
    case QueryRule::integer:
      return fmt::format("Invalid value for numeric attribute '{}': {}", error.facts[0], error.value);
    case QueryRule::pattern:
      return fmt::format("Invalid regular expression for RLIKE: {}", error.facts[0]);
    default:
      return fmt::format("Invalid prompts filter value '{}'. Expected format: prompt = \"name/version\"",
                         shorten(error.value, 200));
  }
}

std::string metricFilterText(const QueryError& error) {
  const std::string &what = error.facts[0], &view = error.facts[1], &entity = error.facts[2];
  std::string value = shorten(error.value, 200);
  if (what == "identifier")
    return fmt::format(
        "Invalid identifier '{}'. Columns should be specified as 'trace.<key>', 'span.<key>', 'assessment.<key>'.",
        value);
  if (what == "view")
    return fmt::format("Invalid view type '{}'. Valid values are dict_keys(['trace', 'span', 'assessment'])", value);
  if (what == "entity")
    return fmt::format("Invalid entity '{}' specified for view type '{}'. Valid entities are [{}]", value, view,
                       quotedList(std::span(error.facts).subspan(3)));
  if (what == "key")
    return fmt::format("Filtering by {0} requires a key, e.g. '{1}.{0}.<key> = <value>'", entity, view);
  if (what == "no key")
    return fmt::format("Filtering by {0} does not require a key, use '{1}.{0}' instead", entity, view);
  if (what == "comparator") return fmt::format("Invalid comparator: '{}', only '=' operator is supported", value);
  if (what == "value")
    return fmt::format("Expected a quoted string value for {} value (e.g. 'my-value'). Got value {}", entity, value);
  if (what == "view type")
    return fmt::format("Filtering by {} is only supported for {} view type, got {}", view, error.facts[3], value);
  return "Invalid clause(s) in filter string: " + value;
}

}  // namespace

std::string queryText(const QueryError& error) {
  switch (error.id) {
    case QueryRule::blank:
      if (error.facts[0] == "logged model")
        return fmt::format("Invalid filter string: '{}'. Expected a single SQL expression.", shorten(error.value, 200));
      return fmt::format("Invalid filter '{}'. Could not be parsed.", shorten(error.value, 200));
    case QueryRule::clause:
      if (error.facts[0] == "logged model")
        return fmt::format(
            "Invalid filter string: '{}'. Expected a list of comparisons separated by 'AND' "
            "(e.g. 'metrics.loss > 0.1 AND params.lr = 0.01').",
            shorten(error.value, 200));
      return fmt::format("Invalid clause(s) in filter string: '{}'", shorten(error.value, 200));
    case QueryRule::statements:
      return fmt::format("Search filter contained multiple expression '{}'. Provide AND-ed expression list.",
                         shorten(error.value, 500));
    case QueryRule::sign:
      return fmt::format("Invalid comparator '{}' in the filter string", error.value);
    case QueryRule::entity:
      return entityText(error);
    case QueryRule::attribute:
    case QueryRule::datasetKey:
    case QueryRule::spanKey:
    case QueryRule::issueKey:
    case QueryRule::issueField:
      return keyText(error);
    case QueryRule::comparator:
      return comparatorText(error);
    case QueryRule::nullTest:
      return fmt::format("IS NULL / IS NOT NULL is only supported for tags and params, not for '{}' '{}'",
                         error.facts[0], error.facts[1]);
    case QueryRule::listAttribute:
      return fmt::format("Only [{}] attributes support comparison with a list of quoted string values.",
                         quotedList(error.facts));
    case QueryRule::order:
    case QueryRule::orderDirection:
    case QueryRule::orderKey:
    case QueryRule::orderField:
    case QueryRule::orderRepeated:
      return orderText(error);
    case QueryRule::pageSize:
    case QueryRule::pageToken:
    case QueryRule::pageTokenQuery:
      return pageText(error);
    case QueryRule::aggregation:
      return fmt::format("Found invalid aggregation_type(s): ['{}']. Supported aggregation types: {}", error.value,
                         pythonList(error.facts));
    case QueryRule::dimension:
      return fmt::format("Found invalid dimension(s): ['{}']. Supported dimensions: {}", shorten(error.value, 100),
                         pythonList(error.facts));
    case QueryRule::metricFilter:
      return metricFilterText(error);
    default:
      return valueText(error);
  }
}

}  // namespace regesta::api::mlflow
