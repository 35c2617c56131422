// What a stranger can send to the Git front: requests in pkt-lines however they are cut, packs, objects, the team's
// files. The first byte chooses the reader.
//
// rooms: api
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "api/git/pkt_line.h"
#include "api/git/request.h"
#include "base/error.h"
#include "crypto/ssh_signature.h"
#include "git/object.h"
#include "git/pack.h"
#include "git/ref_name.h"
#include "gitremote/fault.h"
#include "gitremote/layout.h"

using namespace regesta;

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

/// The head of a push, parsed in pieces of `step` bytes; "refused" if it is not valid.
std::string pushHead(std::string_view bytes, std::size_t step) {
  api::git::PushHeadReader reader;
  try {
    for (std::size_t at = 0; at < bytes.size(); at += step) {
      if (!reader.take(bytes.substr(at, step))) continue;
      std::string seen =
          fmt::format("{}{}{} ", reader.head().reportStatus, reader.head().sideBand, reader.head().quiet);
      for (const auto& ref : reader.head().refs) {
        seen += fmt::format("{} {} {};", ref.from.str(), ref.to.str(), ref.name);
        git::isRefName(ref.name);
      }
      std::size_t taken = std::min(bytes.size(), at + step) - reader.rest().size();
      return seen + std::to_string(taken);
    }
  } catch (const Error&) {
    return "refused";
  }
  return "more";
}

void object(std::string_view bytes) {
  git::Commit commit = git::parseCommit(bytes);
  require(commit.parents.size() <= 64);
  require(git::signedPart(git::Type::commit, bytes).size() <= bytes.size());
  crypto::readSshSignature(commit.signature, "git", bytes);
}

void tree(std::string_view bytes) {
  std::vector<git::Entry> entries = git::parseTree(bytes);
  for (const git::Entry& entry : entries) require(git::isSafeName(entry.name));
  std::string written = git::writeTree(entries);
  std::vector<git::Entry> again = git::parseTree(written);
  require(again.size() == entries.size());
  for (std::size_t i = 0; i < again.size(); ++i)
    require(again[i].name == entries[i].name && again[i].id == entries[i].id && again[i].mode == entries[i].mode);
}

void paths(std::string_view text) {
  if (auto place = gitremote::parseVersionPath(text))
    require(gitremote::versionPath(place->name, place->semver) == text);
  if (auto place = gitremote::parseVersionTag(text)) require(!place->name.empty());
  gitremote::parseAliasTag(text);
  gitremote::Aliases aliases = gitremote::parseAliases("aliases.yaml", text);
  require(gitremote::parseAliases("aliases.yaml", gitremote::writeAliases(aliases)) == aliases);
}

void tag(std::string_view bytes) {
  git::Tag read = git::parseTag(bytes);
  crypto::readSshSignature(read.signature, "git", git::signedPart(git::Type::tag, bytes));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 1) return 0;
  std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  try {
    switch (data[0] % 7) {
      case 0: {
        std::string whole = pushHead(bytes, bytes.size() + 1);
        require(pushHead(bytes, 1 + bytes.size() / 3) == whole || whole == "refused");
        break;
      }
      case 1:
        api::git::parseFetch(bytes);
        break;
      case 2:
        git::scanPack(bytes);
        break;
      case 3:
        object(bytes);
        break;
      case 4:
        tree(bytes);
        break;
      case 5:
        tag(bytes);
        break;
      case 6:
        paths(bytes);
        break;
    }
  } catch (const Error& refused) {
    require(!gitremote::isOurs(refused));
  }
  return 0;
}
