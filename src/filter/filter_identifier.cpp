#include "filter/filter_identifier.h"

#include "base/text.h"
#include "filter/filter_lexer.h"
#include "filter/filter_trace.h"
#include "filter/query_error.h"

namespace regesta::filter {
namespace {

constexpr std::string_view datasetKeys[] = {"name", "digest", "context"};

std::string trimmed(std::string_view text, std::string_view quotes) {
  if (text.size() >= 2 && text.front() == text.back() && quotes.find(text.front()) != std::string_view::npos)
    return unquoted(text);
  return std::string(text);
}

[[noreturn]] void refuseKey(QueryRule id, std::string_view what, std::string_view key, std::vector<std::string> valid) {
  refuseFilter(id, fmt::format("must name {}: {}", what, join(valid, ", ")), key, std::move(valid));
}

bool oneOf(std::string_view word, std::initializer_list<std::string_view> words) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

/// Searches whose entities have one spelling each.
bool isStrict(const Grammar& grammar) {
  return oneOf(grammar.noun, {"experiment", "registered model", "model version"});
}

Field fieldOf(std::string_view entity, const Grammar& grammar) {
  if (grammar.traces) return traceFieldOf(entity);
  if (isStrict(grammar) && !oneOf(entity, {"attribute", "tag", "tags"}))
    refuseEntity(entity, grammar.noun, {"attribute", "tag", "tags"});
  if (oneOf(entity, {"attribute", "attributes", "attr", "run"})) return Field::attribute;
  if (grammar.tags && oneOf(entity, {"tag", "tags"})) return Field::tag;
  if (grammar.metrics && oneOf(entity, {"metric", "metrics"})) return Field::metric;
  if (grammar.params && oneOf(entity, {"parameter", "parameters", "param", "params"})) return Field::param;
  if (grammar.datasets && oneOf(entity, {"dataset", "datasets"})) return Field::dataset;
  std::vector<std::string> valid{"attribute"};
  if (grammar.tags) valid.emplace_back("tag");
  if (grammar.metrics) valid.emplace_back("metric");
  if (grammar.params) valid.emplace_back("parameter");
  if (grammar.datasets) valid.emplace_back("dataset");
  refuseEntity(entity, grammar.noun, std::move(valid));
}

}  // namespace

std::string_view fieldName(Field field) {
  static constexpr std::string_view names[] = {"attribute",        "metric", "parameter", "tag",         "dataset",
                                               "request_metadata", "span",   "feedback",  "expectation", "issue"};
  return names[static_cast<std::size_t>(field)];
}

void refuseEntity(std::string_view entity, std::string_view noun, std::vector<std::string> valid) {
  std::string rule = fmt::format("must begin a field with one of: {}", join(valid, ", "));
  valid.emplace(valid.begin(), noun);
  refuseFilter(QueryRule::entity, std::move(rule), entity, std::move(valid));
}

const Attribute* findAttribute(std::string_view written, const Grammar& grammar) {
  for (const Attribute& attribute : grammar.attributes)
    if (attribute.written == written) return &attribute;
  return nullptr;
}

Identifier parseIdentifier(std::string_view raw, const Grammar& grammar) {
  // The first dot outside of quotes parts the entity from the key.
  std::size_t dot = std::string_view::npos;
  char quote = 0;
  for (std::size_t i = 0; i < raw.size() && dot == std::string_view::npos; ++i) {
    if (quote != 0) {
      if (raw[i] == quote) quote = 0;
    } else if (raw[i] == '`' || raw[i] == '"') {
      quote = raw[i];
    } else if (raw[i] == '.') {
      dot = i;
    }
  }
  Identifier found;
  if (dot != std::string_view::npos) found.field = fieldOf(trimmed(raw.substr(0, dot), "`"), grammar);
  found.key = trimmed(dot == std::string_view::npos ? raw : raw.substr(dot + 1), "'\"`");
  if (found.field == Field::attribute) {
    found.attribute = findAttribute(found.key, grammar);
    if (found.attribute == nullptr) {
      std::vector<std::string> valid;
      for (const Attribute& attribute : grammar.attributes) valid.emplace_back(attribute.written);
      refuseKey(grammar.noun == "issue" ? QueryRule::issueField : QueryRule::attribute, "an attribute", found.key,
                std::move(valid));
    }
    found.key = found.attribute->canonical;
  } else if (found.field == Field::dataset && !oneOf(found.key, {datasetKeys[0], datasetKeys[1], datasetKeys[2]})) {
    refuseKey(QueryRule::datasetKey, "a field of datasets", found.key,
              {std::begin(datasetKeys), std::end(datasetKeys)});
  }
  return found;
}

}  // namespace regesta::filter
