#pragma once
#include <string>
#include <vector>

#include "policy/engine.h"
#include "prompt/prompt.h"

namespace regesta::cli {

/// A prompt in a folder, with the location of its tests.
struct TestedPrompt {
  std::string title;      ///< "loan-summary 1.4.0"
  std::string testsFile;  ///< tests.yaml next to it
  prompt::Prompt prompt;
};

/// The prompts of a file or folder that have tests. A file is tested with the tests.yaml of its folder; a folder with
/// tests.yaml (tests.yml, tests.json) is one prompt, the one with the highest SemVer in it; in any other folder those
/// below it. `without`: the tests come from elsewhere. Throws Error{notFound} that says what was looked for.
std::vector<TestedPrompt> testedPrompts(const std::string& path, bool without);

/// YAML or JSON. Throws Error{invalid} with the line.
json::value readYamlFile(const std::string& file);

/// Chat messages, made here. Throws Error{invalid} that names missing variables, and for partials, which only a server
/// has.
json::array renderedHere(const prompt::Prompt& prompt, const json::object& vars, policy::Engine& engine);

}  // namespace regesta::cli
