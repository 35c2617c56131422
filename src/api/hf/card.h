#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "api/hf/call.h"

namespace regesta::api::hf {

/// The metadata at the head of a README.md.
struct Card {
  json::object data;  ///< empty: none
  std::string fault;  ///< why it cannot be read; empty: it can
};
Card readCard(std::string_view readme);
/// Of the commit's README.md; empty without one.
Card cardOf(const Call& call, db::Transaction& transaction, const registry::Commit& commit);

/// The tags of a repository as the Hub derives them: "license:mit", "dataset:loans", a language, the card's own tags.
std::vector<std::string> tagsOf(const json::object& card);

/// POST /api/validate-yaml: what is wrong with a README.md that is about to be committed.
struct ReadmeCheck {
  std::string content, repoType;
  static constexpr Field fields[] = {field<&ReadmeCheck::content>("content"),
                                     field<&ReadmeCheck::repoType>("repoType")};
};
Plain validateYaml(Call& call, const ReadmeCheck& request);

}  // namespace regesta::api::hf
