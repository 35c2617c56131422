#include "gitremote/ref_claim.h"

#include <set>
#include <vector>

#include "base/encoding.h"
#include "base/error.h"
#include "base/semver.h"
#include "base/text.h"
#include "governance/binding.h"
#include "registry/pointer.h"

namespace regesta::gitremote {
namespace {

constexpr std::string_view separators = "#@/!";
constexpr std::size_t namesLookedUp = 64;

/// As people read it: without escapes, however often they were escaped, in lower case and without refs/heads/.
std::string readAs(std::string_view ref) {
  constexpr int rounds = 4;
  std::string text(ref);
  for (int i = 0; i < rounds && text.find('%') != std::string::npos; ++i) {
    auto decoded = percentDecode(text);
    if (!decoded || *decoded == text) break;
    text = *std::move(decoded);
  }
  for (std::string_view folder : {"refs/heads/", "refs/tags/"})
    if (text.starts_with(folder)) return lower(text.substr(folder.size()));
  return lower(text);
}

std::vector<registry::AssetKey> promptsNamed(db::Transaction& transaction, std::string_view workspace,
                                             std::string_view name) {
  std::vector<registry::AssetKey> keys;
  db::Rows rows = transaction.query(
      "SELECT name FROM asset WHERE workspace = $1 AND kind = 'prompt' AND LOWER(name) = $2", {workspace, name});
  while (rows.next()) keys.push_back({std::string(workspace), registry::Kind::prompt, rows.text(0)});
  return keys;
}

/// The aliases that a prompt has or a policy protects, as they are written.
std::set<std::string> aliasesAround(db::Transaction& transaction, const registry::AssetKey& key,
                                    const std::vector<governance::Binding>& bindings) {
  std::set<std::string> aliases;
  if (auto asset = registry::findAsset(transaction, key))
    for (const registry::Alias& alias : registry::listAliases(transaction, *asset)) aliases.insert(alias.name);
  for (const governance::Binding& binding : bindings)
    if (!governance::bindingsOn(transaction, key, binding.pointer).empty()) aliases.insert(binding.pointer.text());
  return aliases;
}

}  // namespace

std::string claimReadInto(db::Transaction& transaction, std::string_view workspace, std::string_view ref) {
  std::string text = readAs(ref);
  std::vector<governance::Binding> bindings = governance::listBindings(transaction, workspace);
  std::set<std::string_view> looked;
  for (std::size_t begin = 0; begin != std::string::npos;) {
    for (std::size_t at = text.find_first_of(separators, begin + 1); at != std::string::npos;
         at = text.find_first_of(separators, at + 1)) {
      std::string_view name = std::string_view(text).substr(begin, at - begin);
      if (!looked.insert(name).second) continue;
      if (looked.size() > namesLookedUp) throw Error(Code::invalid, "the name of the ref has too many parts");
      std::vector<std::string_view> rest = split(std::string_view(text).substr(at + 1), '/');
      std::string_view version = rest.front().substr(rest.front().starts_with('v') ? 1 : 0);
      bool namesVersion = (text[at] == '@' || text[at] == '#') && SemVer::parse(version);
      for (const registry::AssetKey& key : promptsNamed(transaction, workspace, name)) {
        if (namesVersion) return fmt::format("{}@v{}", key.name, version);
        for (const std::string& alias : aliasesAround(transaction, key, bindings))
          for (std::string_view word : rest)
            if (word.substr(0, word.find_first_of("#@!")) == lower(alias) || word == lower(alias))
              return fmt::format("{}#{}", key.name, alias);
      }
    }
    // "alias/greeting/production": the name may follow folders.
    std::size_t next = text.find_first_of(separators, begin);
    begin = next == std::string::npos ? next : next + 1;
  }
  return {};
}

}  // namespace regesta::gitremote
