#include "filter/filter_identifier.h"

#include "base/error.h"
#include "base/text.h"
#include "filter/filter_lexer.h"
#include "filter/filter_trace.h"

namespace regesta::filter {
namespace {

constexpr std::string_view datasetKeys[] = {"name", "digest", "context"};

std::string trimmed(std::string_view text, std::string_view quotes) {
  if (text.size() >= 2 && text.front() == text.back() && quotes.find(text.front()) != std::string_view::npos)
    return unquoted(text);
  return std::string(text);
}

std::string validKeys(const Grammar& grammar) {
  std::vector<std::string> keys;
  for (const Attribute& attribute : grammar.attributes) keys.push_back(fmt::format("'{}'", attribute.written));
  return join(keys, ", ");
}

bool oneOf(std::string_view word, std::initializer_list<std::string_view> words) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

Field fieldOf(std::string_view entity, const Grammar& grammar) {
  if (grammar.traces) return traceFieldOf(entity);
  if (oneOf(entity, {"attribute", "attributes", "attr", "run"})) return Field::attribute;
  if (grammar.tags && oneOf(entity, {"tag", "tags"})) return Field::tag;
  if (grammar.metrics && oneOf(entity, {"metric", "metrics"})) return Field::metric;
  if (grammar.params && oneOf(entity, {"parameter", "parameters", "param", "params"})) return Field::param;
  if (grammar.datasets && oneOf(entity, {"dataset", "datasets"})) return Field::dataset;
  if (grammar.metrics)
    throw error(Code::invalid,
                "Invalid entity type '{}'. Valid values are ['metric', 'parameter', 'tag', 'attribute', 'dataset']",
                entity);
  throw error(Code::invalid, "Invalid entity type '{}'. Valid entity types are ('attribute', 'tag', 'tags')", entity);
}

}  // namespace

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
    if (found.attribute == nullptr)
      throw error(Code::invalid, "Invalid attribute key '{}' specified. Valid keys are '{{{}}}'", found.key,
                  validKeys(grammar));
    found.key = found.attribute->canonical;
  } else if (found.field == Field::dataset && !oneOf(found.key, {datasetKeys[0], datasetKeys[1], datasetKeys[2]})) {
    throw error(Code::invalid, "Invalid dataset key '{}' specified. Valid keys are '{{'name', 'digest', 'context'}}'",
                found.key);
  }
  return found;
}

}  // namespace regesta::filter
