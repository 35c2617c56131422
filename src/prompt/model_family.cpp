#include "prompt/model_family.h"

#include <algorithm>

#include "base/text.h"

namespace regesta::prompt {
namespace {

std::string textOf(const json::object& config, std::initializer_list<std::string_view> members) {
  for (std::string_view member : members)
    if (const json::value* value = config.if_contains(member); value && value->is_string())
      return std::string(value->get_string());
  return {};
}

bool isDigits(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](unsigned char c) { return std::isdigit(c); });
}

/// Takes one mark of a snapshot off the end: -2024-08-06, -05-20, -20241022, -0613, -001, @003, :latest, -preview, …
bool dropSnapshot(std::string& name) {
  std::size_t cut = name.find_last_of("-@:");
  if (cut == std::string::npos || cut == 0) return false;
  std::string_view last = std::string_view(name).substr(cut + 1);
  for (std::string_view mark : {"latest", "preview", "exp", "experimental", "stable"})
    if (last == mark) return name.resize(cut), true;
  if (!isDigits(last)) return false;
  if (last.size() >= 3 || name[cut] != '-') return name.resize(cut), true;
  // Two digits are a snapshot only as part of a date: gpt-4o-2024-08-06, and not gemini-2.
  std::size_t before = name.find_last_of('-', cut - 1);
  if (last.size() != 2 || before == std::string::npos) return false;
  std::string_view month = std::string_view(name).substr(before + 1, cut - before - 1);
  if (!isDigits(month) || month.size() != 2) return false;
  return name.resize(before), true;
}

}  // namespace

Model modelOf(const json::value& modelConfig) {
  Model model;
  if (!modelConfig.is_object()) return model;
  const json::object& config = modelConfig.get_object();
  model.provider = lower(textOf(config, {"provider"}));
  model.name = textOf(config, {"model", "model_name", "model_id", "modelId"});
  model.family = lower(model.name);
  if (std::size_t slash = model.family.rfind('/'); slash != std::string::npos) {
    if (model.provider.empty()) model.provider = model.family.substr(0, slash);
    model.family.erase(0, slash + 1);
  }
  while (dropSnapshot(model.family)) {
  }
  return model;
}

}  // namespace regesta::prompt
