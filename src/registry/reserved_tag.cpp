#include "registry/reserved_tag.h"

#include <algorithm>

#include "base/error.h"
#include "base/name.h"
#include "base/text.h"
#include "registry/commit.h"
#include "registry/pointer.h"
#include "registry/rollout/rollout.h"
#include "registry/rows.h"

namespace regesta::registry {
namespace {

constexpr std::string_view contentPrefixes[] = {"mlflow.prompt.", "_mlflow_prompt_"};
// MLflow's clients before 3 record runs of a prompt version in these tags; they are not content.
constexpr std::string_view aboutRuns[] = {"mlflow.prompt.associatedrunids", "mlflow.prompt.run_ids"};
constexpr std::string_view originWord = "git", originPrefix = "git.", manifestPrefix = "oci.manifest.";
constexpr std::string_view claimable[] = {"commit", "author", "time", "tag", "dirty", "signature"};
constexpr std::string_view claimableSignatures[] = {"good, says Git", "bad, says Git", "unknown, says Git"};

std::string derived(std::string_view key) {
  return fmt::format(
      "'{}' is reserved: it shows what the content of a prompt version says. Register a new version to "
      "change the content",
      shorten(key, 100));
}

std::string reservedOrigin(std::string_view key) {
  return fmt::format("'{}' is reserved: it says where a version came from, which only a push or commit tells",
                     shorten(key, 100));
}

/// Without invisible and ignorable characters.
std::string asciiOf(std::string_view text) {
  std::string kept;
  for (char c : text)
    if (c > ' ' && c < 0x7F) kept += c;
  return lower(kept);
}

/// By what callers get the version, in words: "the alias 'production' points to it"; empty: by its number alone.
std::string servedBy(db::Transaction& transaction, const Version& version) {
  if (auto aliases = aliasesOf(transaction, version); !aliases.empty())
    return fmt::format("the alias '{}' points to it", aliases.front());
  if (version.stage != stages[0]) return fmt::format("it is in the stage {}", version.stage);
  for (const Rollout& rollout : activeRollouts(transaction, version.asset))
    if (std::ranges::find(rollout.plan.arms, version.number, &RolloutArm::version) != rollout.plan.arms.end())
      return fmt::format("rollout {} serves it", rollout.id);
  return {};
}

}  // namespace

bool isContentTag(std::string_view key) {
  std::string folded = lower(trim(key));
  if (std::ranges::find(aboutRuns, folded) != std::end(aboutRuns)) return false;
  return std::ranges::any_of(contentPrefixes, [&](std::string_view prefix) { return folded.starts_with(prefix); });
}

bool isOriginTag(const AssetKey& key, std::string_view tag) {
  if (asciiOf(tag).starts_with(manifestPrefix) || asciiOf(tag) == parentTag) return true;
  if (key.kind != Kind::prompt) return false;
  if (asciiOf(tag).starts_with(originPrefix)) return true;
  std::size_t dot = tag.find('.');
  return dot != std::string_view::npos && areConfusable(trim(tag.substr(0, dot)), originWord);
}

void checkNewTags(const AssetKey& key, const Tags& tags) {
  for (const auto& [tag, value] : tags) {
    if (isContentTag(tag)) throw Invalid("tags", derived(tag));
    if (isOriginTag(key, tag)) throw Invalid("tags", reservedOrigin(tag));
  }
}

Tags claimedOrigin(const Tags& told) {
  constexpr std::size_t longest = 1000;
  Tags tags;
  for (const auto& [word, value] : told) {
    if (std::ranges::find(claimable, word) == std::end(claimable))
      throw Invalid("git", fmt::format("must hold only {}, not '{}'", fmt::join(claimable, ", "), shorten(word, 100)));
    if (word == "signature" && std::ranges::find(claimableSignatures, value) == std::end(claimableSignatures))
      throw Invalid("git.signature", "must be what Git says: \"good, says Git\", or bad or unknown");
    if (value.size() > longest || !isUtf8(value) || hasInvisible(value))
      throw Invalid("git." + word,
                    fmt::format("must be text of at most {} bytes without invisible characters", longest));
    tags[fmt::format("{}{}", originPrefix, word)] = value;
  }
  if (!tags.empty()) tags["git.claimed"] = "by the client, not checked";
  return tags;
}

void checkAssetTagKey(const AssetKey& key, std::string_view tag) {
  if (isContentTag(tag)) throw Invalid("key", derived(tag));
  if (isOriginTag(key, tag)) throw Invalid("key", reservedOrigin(tag));
}

void checkVersionTagKey(const AssetKey& key, std::string_view tag) {
  checkAssetTagKey(key, tag);
  if (asciiOf(tag) == metadataTag)
    throw Invalid("key", fmt::format("'{}' is reserved: clients of W&B change the metadata of their artifacts",
                                     shorten(tag, 100)));
}

void setMetadataTag(Change& change, const Version& version, std::string_view value) {
  rows::putVersionTag(change, version, metadataTag, value);
}

void setModelConfigTag(Change& change, const Version& version, std::string_view value) {
  const AssetKey& key = version.asset.key;
  if (key.kind != Kind::prompt || hasBinding(change.transaction, key))
    throw error(Code::refused,
                "The model config of version {} of {} '{}' cannot change: it is part of the content, and a policy is "
                "bound to the asset. Register a new version",
                version.number, kindName(key.kind), key.name);
  if (std::string served = servedBy(change.transaction, version); !served.empty())
    throw error(
        Code::refused,
        "The model config of version {} of '{}' cannot change: {}, and callers would get other content without a "
        "move. Register a new version",
        version.number, key.name, served);
  rows::putVersionTag(change, version, modelConfigTag, value);
}

}  // namespace regesta::registry
