#include "delivery/target.h"

#include <map>

#include "base/error.h"
#include "base/semver.h"
#include "base/text.h"
#include "prompt/compose.h"
#include "registry/archive.h"
#include "registry/pointer.h"
#include "rollout/bucket.h"

namespace regesta::delivery {
namespace {

std::string whyFixed(std::string_view selector, const registry::Version& version, bool alias) {
  if (alias) return fmt::format("'{}' points to version {}", selector, version.number);
  if (selector == "latest") return fmt::format("version {} is the newest", version.number);
  if (parseInteger(selector) || SemVer::parse(selector)) return fmt::format("version {} was requested", version.number);
  return fmt::format("version {} is the newest in '{}'", version.number, selector);
}

std::string percent(std::int64_t share) { return fmt::format("{:g} %", static_cast<double>(share) / 100); }

std::string whyChosen(const registry::Rollout& rollout, const rollout::Choice& choice) {
  std::string_view variant = choice.variant;
  if (rollout.forced != 0)
    return fmt::format("the kill switch of rollout {} serves version {} to everyone", rollout.id, choice.version);
  if (choice.segment >= 0) {
    const registry::RolloutSegment& segment = rollout.plan.segments[static_cast<std::size_t>(choice.segment)];
    std::string name = segment.name.empty() ? fmt::format("number {}", choice.segment + 1) : segment.name;
    return fmt::format("segment '{}' of rollout {} leads to version {} ({})", name, rollout.id, choice.version,
                       variant);
  }
  if (choice.reason == rollout::Choice::Reason::fixed)
    return fmt::format("rollout {} runs on '{}'; callers without a key get the stable version {}", rollout.id,
                       rollout.alias, choice.version);
  return fmt::format("rollout {} gives {} of the keys another version; this key gets version {} ({})", rollout.id,
                     percent(rollout.share()), choice.version, variant);
}

}  // namespace

Target::Target(db::Transaction& transaction, const registry::AssetKey& key, std::string_view selector) {
  registry::Asset asset = registry::getAsset(transaction, key);
  std::optional<registry::Alias> alias = registry::findAlias(transaction, asset, selector);
  if (std::optional<rollout::BucketLabel> label = rollout::parseBucketLabel(selector); label && !alias) {
    selector = label->alias;
    bucket_ = label->bucket;
    alias = registry::findAlias(transaction, asset, selector);
    if (!alias)
      throw error(Code::notFound, "{} has no alias '{}'{}", key.subject(), shorten(selector, 100),
                  registry::nearAlias(transaction, asset, selector));
  }
  if (alias)
    if (auto rollout = registry::runningRollout(transaction, asset, selector)) {
      addRollout(transaction, *std::move(rollout));
      return;
    }
  registry::Version version = registry::resolveVersion(transaction, key, selector);
  registry::requireNotArchived(version, "served");
  Loaded loaded = load(transaction, std::move(version));
  add(transaction, loaded, {}, whyFixed(selector, *loaded.version, alias.has_value()));
}

Target::Loaded Target::load(db::Transaction& transaction, registry::Version version) {
  Loaded loaded;
  loaded.version = loaded.composed = std::make_shared<const registry::Version>(std::move(version));
  if (loaded.version->content.empty()) return loaded;  // a deleted or foreign version: nothing to compose
  prompt::Composed made = prompt::compose(transaction, *loaded.version);
  if (made.dependencies.empty()) return loaded;
  auto composed = std::make_shared<registry::Version>(*loaded.version);
  composed->content = prompt::canonicalPrompt(made.prompt);
  loaded.composed = std::move(composed);
  return loaded;
}

void Target::add(db::Transaction& transaction, const Loaded& loaded, rollout::Choice choice, std::string why) {
  Resolved answer;
  answer.version = loaded.version;
  answer.composed = loaded.composed;
  answer.aliases = registry::aliasesOf(transaction, *answer.version);
  answer.reason = choice.reason;
  answer.why = std::move(why);
  if (chooser_) {
    answer.rollout = chooser_->rollout().id;
    answer.variant = choice.variant;
  }
  // The content is cached as stored and once per requesting front, usually two.
  bytes_ += 3 * answer.composed->content.size() + 2048;
  served_.push_back(std::make_shared<const Served>(std::move(answer)));
}

void Target::addRollout(db::Transaction& transaction, registry::Rollout rollout) {
  chooser_.emplace(std::move(rollout));
  const registry::Rollout& running = chooser_->rollout();
  std::map<std::int64_t, Loaded> versions;
  for (const rollout::Choice& choice : chooser_->choices()) {
    auto found = versions.find(choice.version);
    if (found == versions.end())
      found = versions
                  .emplace(choice.version,
                           load(transaction, registry::getVersion(transaction, running.key, choice.version)))
                  .first;
    add(transaction, found->second, choice, whyChosen(running, choice));
  }
}

std::size_t Target::pick(const rollout::EvaluationContext& context) const {
  if (!chooser_) return 0;
  if (bucket_ < 0) return chooser_->place(chooser_->choose(context));
  return chooser_->place(chooser_->choose({.attributes = context.attributes, .bucket = bucket_}));
}

}  // namespace regesta::delivery
