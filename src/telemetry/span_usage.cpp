#include <cmath>
#include <functional>
#include <unordered_map>

#include "base/error.h"
#include "telemetry/span.h"

namespace regesta::telemetry {
namespace {

std::optional<double> numberIn(const json::value* value) {
  if (value == nullptr) return std::nullopt;
  if (value->is_int64()) return static_cast<double>(value->get_int64());
  if (value->is_double() && std::isfinite(value->get_double())) return value->get_double();
  return std::nullopt;
}

std::optional<double> numberIn(const json::object& object, std::initializer_list<std::string_view> names) {
  for (std::string_view name : names)
    if (auto number = numberIn(object.if_contains(name))) return number;
  return std::nullopt;
}

/// An attribute that holds an object: as such, or as JSON in a string.
std::optional<json::object> objectIn(const Span& span, std::string_view attribute) {
  const json::value* value = span.attributes.if_contains(attribute);
  if (value == nullptr) return std::nullopt;
  if (value->is_object()) return value->get_object();
  if (!value->is_string()) return std::nullopt;
  try {
    json::value parsed = parseJson(value->get_string());
    return parsed.is_object() ? std::optional(std::move(parsed.get_object())) : std::nullopt;
  } catch (const Error&) {
    return std::nullopt;  // a client's free text
  }
}

/// Counts of tokens are not negative and fit; values beyond were not counts.
std::optional<std::int64_t> count(std::optional<double> number) {
  if (!number || *number < 0 || *number > 1e15) return std::nullopt;
  return static_cast<std::int64_t>(*number);
}

std::optional<TokenUsage> usageFrom(const json::object& object, std::initializer_list<std::string_view> inputNames,
                                    std::initializer_list<std::string_view> outputNames,
                                    std::initializer_list<std::string_view> totalNames) {
  auto input = count(numberIn(object, inputNames)), output = count(numberIn(object, outputNames)),
       total = count(numberIn(object, totalNames));
  if (!input && !output && !total) return std::nullopt;
  TokenUsage usage{input.value_or(0), output.value_or(0), 0};
  usage.total = total.value_or(usage.input + usage.output);
  return usage;
}

/// Visits each span that has a figure and no ancestor with one.
template <class Figure>
void eachTopmost(const std::vector<Span>& spans, const std::function<std::optional<Figure>(const Span&)>& figureOf,
                 const std::function<void(const Figure&)>& visit) {
  std::unordered_map<std::string_view, std::size_t> places;
  std::vector<std::optional<Figure>> figures;
  for (std::size_t i = 0; i < spans.size(); ++i) {
    places.emplace(spans[i].spanId, i);
    figures.push_back(figureOf(spans[i]));
  }
  // 0 unknown, 1 no ancestor has one, 2 some ancestor has one. Each chain is walked once; a ring of parents ends where
  // it began.
  std::vector<int> below(spans.size(), 0);
  for (std::size_t i = 0; i < spans.size(); ++i) {
    std::vector<std::size_t> chain;
    std::size_t at = i;
    int known = 1;
    for (;;) {
      if (below[at] != 0) {
        known = below[at] == 2 || figures[at] ? 2 : 1;
        break;
      }
      below[at] = 1;
      chain.push_back(at);
      auto parent = places.find(spans[at].parentId);
      if (parent == places.end()) {
        known = 1;
        break;
      }
      at = parent->second;
    }
    for (auto place = chain.rbegin(); place != chain.rend(); ++place) {
      below[*place] = known;
      if (figures[*place]) known = 2;
    }
  }
  for (std::size_t i = 0; i < spans.size(); ++i)
    if (figures[i] && below[i] != 2) visit(*figures[i]);
}

std::optional<Cost> costsOf(const Span& span) {
  if (auto object = objectIn(span, "mlflow.llm.cost"))
    if (auto total = numberIn(*object, {"total_cost"}))
      return Cost{numberIn(*object, {"input_cost"}), numberIn(*object, {"output_cost"}), *total};
  if (auto object = objectIn(span, "langfuse.observation.cost_details"))
    if (auto total = numberIn(*object, {"total"}))
      return Cost{numberIn(*object, {"input"}), numberIn(*object, {"output"}), *total};
  std::optional<double> total = numberIn(span.attributes.if_contains("gen_ai.usage.cost"));
  return total ? std::optional(Cost{{}, {}, *total}) : std::nullopt;
}

}  // namespace

std::optional<TokenUsage> usageOf(const Span& span) {
  if (auto object = objectIn(span, "mlflow.chat.tokenUsage"))
    if (auto usage = usageFrom(*object, {"input_tokens"}, {"output_tokens"}, {"total_tokens"})) return usage;
  if (auto object = objectIn(span, "langfuse.observation.usage_details"))
    if (auto usage = usageFrom(*object, {"input", "prompt_tokens", "input_tokens"},
                               {"output", "completion_tokens", "output_tokens"}, {"total", "total_tokens"}))
      return usage;
  if (auto usage = usageFrom(span.attributes, {"gen_ai.usage.input_tokens", "gen_ai.usage.prompt_tokens"},
                             {"gen_ai.usage.output_tokens", "gen_ai.usage.completion_tokens"},
                             {"gen_ai.usage.total_tokens", "llm.usage.total_tokens"}))
    return usage;
  return usageFrom(span.attributes, {"llm.token_count.prompt"}, {"llm.token_count.completion"},
                   {"llm.token_count.total"});
}

std::optional<double> costOf(const Span& span) {
  std::optional<Cost> cost = costsOf(span);
  return cost ? std::optional(cost->total) : std::nullopt;
}

std::optional<TokenUsage> usageOf(const std::vector<Span>& spans) {
  std::optional<TokenUsage> sum;
  eachTopmost<TokenUsage>(
      spans, [](const Span& span) { return usageOf(span); },
      [&](const TokenUsage& usage) {
        if (!sum) sum.emplace();
        sum->input += usage.input;
        sum->output += usage.output;
        sum->total += usage.total;
      });
  return sum;
}

std::optional<Cost> costOf(const std::vector<Span>& spans) {
  std::optional<Cost> sum;
  auto add = [](std::optional<double>& to, const std::optional<double>& what) {
    if (what) to = to.value_or(0) + *what;
  };
  eachTopmost<Cost>(spans, costsOf, [&](const Cost& cost) {
    if (!sum) sum.emplace();
    add(sum->input, cost.input);
    add(sum->output, cost.output);
    sum->total += cost.total;
  });
  return sum;
}

}  // namespace regesta::telemetry
