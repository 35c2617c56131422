// A file of any form (the first byte chooses) from anybody: a prompt, or an Invalid that names the file. What was read
// and can be written reads back the same.
// rooms: delivery
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "base/error.h"
#include "prompt/import.h"
#include "prompt/lint.h"
#include "prompt/prompt_file.h"

using namespace regesta;
using namespace regesta::delivery;

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

constexpr std::string_view paths[] = {"prompts/a/v1.0.0.md", "prompts/a.prompt", "prompts/a.prompty", "prompts/a.txt",
                                      "prompts/a.json",      "prompts/a.yaml",   "prompts/a.j2"};

void readBack(const PromptFile& file, FileForm form) {
  std::string bytes;
  try {
    bytes = writePromptFile(file, form);
  } catch (const Error& fault) {
    require(fault.code == Code::unsupported);
    return;
  }
  PromptFile again = parsePromptFile(promptFilePath("a", file.semver, form), bytes);
  require(canonicalPrompt(again.prompt) == canonicalPrompt(file.prompt));
  require(again.tags == file.tags && again.aliases == file.aliases && again.description == file.description);
}

template <class Fn>
void expectInvalid(Fn&& fn) {
  try {
    fn();
  } catch (const Error& fault) {
    require(!fault.message.empty());
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  std::string_view path = paths[data[0] % std::size(paths)];
  try {
    PromptFile file = parsePromptFile(path, bytes);
    for (const Problem& problem : lint(file.prompt)) fileLine(file, problem);
    for (FileForm form : {FileForm::markdown, FileForm::json, FileForm::yaml}) readBack(file, form);
  } catch (const Invalid& fault) {
    require(fault.message.starts_with(path));
  }
  expectInvalid([&] { importLangfuse(bytes); });
  expectInvalid([&] { importPromptLayer(bytes); });
  expectInvalid([&] { importOpenAi(bytes, "a"); });
  expectInvalid([&] { importPromptfoo("a.yaml", bytes, [](const std::string&) { return std::nullopt; }); });
  return 0;
}
