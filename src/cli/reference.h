#pragma once
#include <string>
#include <string_view>

namespace regesta::cli {

/// How people write what they mean, everywhere the same: KIND/NAME, KIND/NAME@VERSION, KIND/NAME#ALIAS. Without a kind
/// it is the command's own ("model" unless it says otherwise).
struct Reference {
  std::string kind, name;
  std::string selector;  ///< after '@': number, SemVer, range, alias or "latest"; empty when not given
  std::string pointer;   ///< after '#'; empty when not given

  std::string asset() const { return kind + "/" + name; }
};

/// What a command uses of a reference. It refuses the rest: `prompt delete explain@2` must not delete the prompt.
enum class Takes {
  asset,    ///< KIND/NAME alone
  alias,    ///< also #ALIAS
  version,  ///< also @VERSION; an alias is a version, too, and becomes the selector
  any       ///< also @VERSION or #ALIAS, told apart
};

/// Throws UsageError for an empty name or a selector with a pointer.
Reference parseReference(std::string_view text, std::string_view defaultKind = "model");
/// The same, and throws UsageError for a part that the command does not take, and for another kind than `kind`; empty:
/// any kind, without one a model.
Reference parseReference(std::string_view text, std::string_view kind, Takes takes);
/// The same, and demands a version ("@3").
Reference parseVersionReference(std::string_view text, std::string_view defaultKind = "model");

bool isKind(std::string_view word);

/// "Production" for the pointer "stage:Production"; empty for an alias.
std::string_view stageOf(std::string_view pointer);

}  // namespace regesta::cli
