#pragma once
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"

namespace regesta::governance {

struct CardSection {
  std::string_view heading;
  std::string_view guidance;    ///< what to write
  std::string_view facts = {};  ///< what the registry fills in: "version", "files", "training", "metrics", …
  bool required = true;
};
struct CardTemplate {
  std::string_view name;
  std::string_view title;
  std::span<const CardSection> sections;
};

std::span<const CardTemplate> cardTemplates();
const CardTemplate* findCardTemplate(std::string_view name);
std::vector<std::string> cardTemplateNames();

/// A card in Markdown with the template's sections. `version` is describeVersion()'s object, `about` has "kind", "name"
/// and "files". A section that the registry cannot fill has a comment with the guidance, and counts as empty.
std::string draftCard(const CardTemplate& form, const json::object& about, const json::object& version);

}  // namespace regesta::governance
