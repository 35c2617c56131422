#include "ledger/witness_policy.h"

#include <algorithm>
#include <functional>

#include "base/error.h"
#include "base/text.h"

namespace regesta::ledger {
namespace {

constexpr std::size_t mostWitnesses = 32;
constexpr std::size_t longestPolicy = 64 * 1024;

std::vector<std::string> wordsOf(std::string_view line) {
  std::vector<std::string> words;
  for (std::size_t at = 0; at < line.size();) {
    std::size_t begin = line.find_first_not_of(" \t\r", at);
    if (begin == std::string_view::npos) break;
    std::size_t end = std::min(line.find_first_of(" \t\r", begin), line.size());
    words.emplace_back(line.substr(begin, end - begin));
    at = end;
  }
  return words;
}

}  // namespace

WitnessPolicy WitnessPolicy::anyOf(const std::vector<WitnessKey>& keys, std::size_t required) {
  WitnessPolicy policy;
  Group group{"quorum", required, {}};
  for (const WitnessKey& key : keys) {
    // One witness counts once, whatever it is called.
    if (std::ranges::find(policy.keys_, key.publicKey, &WitnessKey::publicKey) != policy.keys_.end()) continue;
    std::string name = std::to_string(policy.witnesses_.size());
    policy.witnesses_.push_back({name, key, ""});
    policy.keys_.push_back(key);
    group.members.push_back(name);
  }
  policy.groups_.push_back(std::move(group));
  policy.quorum_ = "quorum";
  return policy;
}

bool WitnessPolicy::isSatisfiedBy(const std::set<std::size_t>& cosigners) const {
  if (quorum_.empty()) return true;
  std::set<std::string, std::less<>> met;
  for (std::size_t cosigner : cosigners) met.insert(witnesses_.at(cosigner).name);
  for (const Group& group : groups_) {
    auto count = std::ranges::count_if(group.members, [&](const std::string& name) { return met.contains(name); });
    if (static_cast<std::size_t>(count) >= group.required) met.insert(group.name);
  }
  return met.contains(quorum_);
}

std::string WitnessPolicy::description() const {
  if (quorum_.empty()) return fmt::format("none of {} witnesses", witnesses_.size());
  auto group = std::ranges::find(groups_, quorum_, &Group::name);
  if (group == groups_.end()) return "the witness " + quorum_;
  bool flat = std::ranges::all_of(group->members, [&](const std::string& name) {
    return std::ranges::find(witnesses_, name, &Witness::name) != witnesses_.end();
  });
  std::string of = group->members.size() == 1 ? (flat ? "witness" : "group") : (flat ? "witnesses" : "groups");
  return fmt::format("{} of {} {}", group->required, group->members.size(), of);
}

std::expected<WitnessPolicy, std::string> parseWitnessPolicy(std::string_view text) {
  if (text.size() > longestPolicy) return std::unexpected("the witness policy has more than 64 KiB");
  WitnessPolicy policy;
  std::set<std::string, std::less<>> names{"none"};
  bool quorum = false;
  std::size_t number = 0;
  for (std::string_view line : split(text, '\n')) {
    ++number;
    auto fault = [&](std::string_view what) { return std::unexpected(fmt::format("line {}: {}", number, what)); };
    std::vector<std::string> words = wordsOf(line);
    if (words.empty() || words[0].starts_with('#') || words[0] == "log") continue;
    if (words[0] == "witness") {
      if (words.size() < 3 || words.size() > 4) return fault("must be 'witness NAME KEY [URL]'");
      auto key = parseWitnessKey(words[2]);
      if (!key) return fault(key.error());
      if (std::ranges::find(policy.keys_, key->publicKey, &WitnessKey::publicKey) != policy.keys_.end())
        return fault("this key is listed already");
      if (!names.insert(words[1]).second) return fault(fmt::format("the name '{}' is taken", words[1]));
      if (policy.witnesses_.size() == mostWitnesses) return fault("there are more than 32 witnesses");
      std::string url = words.size() == 4 ? words[3] : "";
      if (!url.empty() && !url.starts_with("https://") && !url.starts_with("http://"))
        return fault("the URL must begin with https:// or http://");
      while (url.ends_with('/')) url.pop_back();
      policy.witnesses_.push_back({words[1], *key, std::move(url)});
      policy.keys_.push_back(*std::move(key));
    } else if (words[0] == "group") {
      if (words.size() < 4) return fault("must be 'group NAME any|all|K MEMBER…'");
      WitnessPolicy::Group group{words[1], 0, {words.begin() + 3, words.end()}};
      for (std::size_t i = 0; i < group.members.size(); ++i) {
        if (!names.contains(group.members[i]) || group.members[i] == "none")
          return fault(fmt::format("the member '{}' is not defined above", group.members[i]));
        if (std::find(group.members.begin(), group.members.begin() + static_cast<std::ptrdiff_t>(i),
                      group.members[i]) != group.members.begin() + static_cast<std::ptrdiff_t>(i))
          return fault(fmt::format("the member '{}' is listed twice", group.members[i]));
      }
      if (words[2] == "any") group.required = 1;
      if (words[2] == "all") group.required = group.members.size();
      if (auto count = parseInteger(words[2]); count && *count > 0) group.required = static_cast<std::size_t>(*count);
      if (group.required == 0 || group.required > group.members.size())
        return fault(fmt::format("the threshold must be any, all or 1 to {}", group.members.size()));
      if (!names.insert(words[1]).second) return fault(fmt::format("the name '{}' is taken", words[1]));
      policy.groups_.push_back(std::move(group));
    } else if (words[0] == "quorum") {
      if (words.size() != 2 || quorum) return fault("must be one line 'quorum NAME' or 'quorum none'");
      if (!names.contains(words[1])) return fault(fmt::format("'{}' is not defined above", words[1]));
      if (words[1] != "none") policy.quorum_ = words[1];
      quorum = true;
    } else {
      return fault(fmt::format("'{}' is not witness, group, quorum or log", words[0]));
    }
  }
  if (!quorum) return std::unexpected("the line 'quorum NAME' is missing");
  return policy;
}

std::expected<Cosigned, std::string> readCosigned(std::string_view bytes, const WitnessPolicy& policy) {
  auto note = parseNote(bytes);
  if (!note) return std::unexpected(note.error());
  auto checkpoint = parseCheckpoint(note->text);
  if (!checkpoint) return std::unexpected(checkpoint.error());
  auto cosignatures = cosignaturesOf(*note, policy.keys());
  if (!cosignatures) return std::unexpected(cosignatures.error());
  std::ranges::sort(*cosignatures, {}, &Cosignature::time);
  Cosigned cosigned{.checkpoint = *std::move(checkpoint), .witnesses = {}};
  std::set<std::size_t> cosigners;
  bool satisfied = policy.isSatisfiedBy({});
  for (const Cosignature& cosignature : *cosignatures) {
    cosigners.insert(cosignature.key);
    cosigned.witnesses.push_back(policy.keys()[cosignature.key].name);
    if (satisfied) continue;
    cosigned.time = cosignature.time;
    satisfied = policy.isSatisfiedBy(cosigners);
  }
  if (!satisfied)
    return std::unexpected(
        fmt::format("the checkpoint of {} entries has {} cosignatures of known witnesses; {} are "
                    "required",
                    cosigned.checkpoint.size, cosignatures->size(), policy.description()));
  return cosigned;
}

std::expected<Cosigned, std::string> openCosigned(std::string_view note, const VerifierKey& key,
                                                  const WitnessPolicy& policy) {
  auto checkpoint = openCheckpoint(note, key);
  if (!checkpoint) return std::unexpected(checkpoint.error());
  return readCosigned(note, policy);
}

}  // namespace regesta::ledger
