#include "api/wandb/names.h"

#include "base/encoding.h"
#include "base/error.h"
#include "base/text.h"
#include "registry/workspace.h"

namespace regesta::api::wandb {
namespace {

constexpr std::string_view runPrefix = "Run:v1:", registryIdPrefix = "Registry:", filePrefix = "RunFile:";

std::string decoded(std::string_view id) {
  auto text = base64Decode(id);
  if (!text) throw error(Code::notFound, "there is nothing with the id '{}'", shorten(id, 100));
  return *std::move(text);
}

}  // namespace

std::string defaultEntity(const Call& call) {
  std::string only;
  for (const access::Grant& grant : call.identity->grants) {
    if (grant.workspace == "*" || (!only.empty() && only != grant.workspace))
      return std::string(registry::defaultWorkspace);
    only = grant.workspace;
  }
  return only.empty() ? std::string(registry::defaultWorkspace) : only;
}

void noSuch(std::string_view type, std::string_view id) {
  throw error(Code::notFound, "no such {}: '{}'", type, shorten(id, 100));
}

std::string idOf(std::string_view type, std::int64_t number) {
  return base64Encode(fmt::format("{}:{}", type, number));
}

std::int64_t numberOf(std::string_view type, std::string_view id) {
  std::string text = decoded(id);
  std::string prefix = fmt::format("{}:", type);
  std::optional<std::int64_t> number;
  if (text.starts_with(prefix)) number = parseInteger(text.substr(prefix.size()));
  // One spelling per object: "Artifact:01" is not another name of "Artifact:1".
  if (!number || idOf(type, *number) != id) noSuch(type, id);
  return *number;
}

std::string runId(const RunName& name) {
  return base64Encode(fmt::format("{}{}:{}:{}", runPrefix, name.run, name.project, name.entity));
}

RunName runNameOf(std::string_view id) {
  std::string text = decoded(id);
  std::size_t last = text.rfind(':'), first = text.find(':', runPrefix.size());
  if (!text.starts_with(runPrefix) || first == std::string::npos || first >= last) noSuch("run", id);
  return {text.substr(last + 1), text.substr(first + 1, last - first - 1),
          text.substr(runPrefix.size(), first - runPrefix.size())};
}

std::string entityOfRunId(std::string_view id) { return runNameOf(id).entity; }

std::string runFileId(const RunName& run, std::string_view path) {
  return base64Encode(fmt::format("{}{}:{}", filePrefix, runId(run), path));
}

std::pair<RunName, std::string> runFileOf(std::string_view id) {
  std::string text = decoded(id);
  std::size_t colon = text.find(':', filePrefix.size());  // base64 has none
  if (!text.starts_with(filePrefix) || colon == std::string::npos) noSuch("file", id);
  return {runNameOf(text.substr(filePrefix.size(), colon - filePrefix.size())), text.substr(colon + 1)};
}

std::string registryId(std::string_view entity, std::string_view project) {
  return base64Encode(fmt::format("{}{}:{}", registryIdPrefix, entity, project));
}

bool isRegistryId(std::string_view id) { return base64Decode(id).value_or("").starts_with(registryIdPrefix); }

RegistryName registryOfId(std::string_view id) {
  std::string text = decoded(id);
  std::size_t colon = text.find(':', registryIdPrefix.size());
  if (!text.starts_with(registryIdPrefix) || colon == std::string::npos) noSuch("registry", id);
  return {text.substr(registryIdPrefix.size(), colon - registryIdPrefix.size()), text.substr(colon + 1)};
}

json::value looseJson(std::string_view text) {
  std::string plain;
  plain.reserve(text.size());
  bool quoted = false;
  for (std::size_t i = 0; i < text.size();) {
    char c = text[i];
    if (quoted) {
      std::size_t count = c == '\\' && i + 1 < text.size() ? 2 : 1;
      quoted = c != '"';
      plain.append(text.substr(i, count));
      i += count;
      continue;
    }
    std::size_t word = 0;
    for (std::string_view special : {"-Infinity", "Infinity", "NaN"})
      if (text.substr(i).starts_with(special)) word = std::max(word, special.size());
    if (word > 0) {
      plain += fmt::format("\"{}\"", text.substr(i, word));
      i += word;
      continue;
    }
    quoted = c == '"';
    plain += c;
    ++i;
  }
  return parseJson(plain);
}

}  // namespace regesta::api::wandb
