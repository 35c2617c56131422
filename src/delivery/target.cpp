#include "delivery/target.h"

#include <map>

#include "base/error.h"
#include "base/semver.h"
#include "base/text.h"
#include "delivery/bucket.h"
#include "delivery/compose.h"
#include "registry/pointer.h"

namespace regesta::delivery {
namespace {

std::string whyFixed(std::string_view selector, const registry::Version& version, bool alias) {
  if (alias) return fmt::format("'{}' stands on version {}", selector, version.number);
  if (selector == "latest") return fmt::format("version {} is the newest", version.number);
  if (parseInteger(selector) || SemVer::parse(selector)) return fmt::format("version {} was asked for", version.number);
  return fmt::format("version {} is the newest in '{}'", version.number, selector);
}

std::string percent(std::int64_t share) { return fmt::format("{:g} %", static_cast<double>(share) / 100); }

std::string whyChosen(const registry::Rollout& rollout, const Choice& choice) {
  std::string_view variant = choice.variant;
  if (rollout.forced != 0)
    return fmt::format("the kill switch of rollout {} serves version {} to everyone", rollout.id, choice.version);
  if (choice.segment >= 0) {
    const registry::RolloutSegment& segment = rollout.plan.segments[static_cast<std::size_t>(choice.segment)];
    std::string name = segment.name.empty() ? fmt::format("number {}", choice.segment + 1) : segment.name;
    return fmt::format("segment '{}' of rollout {} leads to version {} ({})", name, rollout.id, choice.version,
                       variant);
  }
  if (choice.reason == Choice::Reason::fixed)
    return fmt::format("rollout {} runs on '{}'; who asks without a key gets the stable version {}", rollout.id,
                       rollout.alias, choice.version);
  return fmt::format("rollout {} gives {} of the keys another version; this key gets version {} ({})", rollout.id,
                     percent(rollout.share()), choice.version, variant);
}

}  // namespace

Target::Target(db::Session& session, const registry::AssetKey& key, std::string_view selector) {
  registry::Asset asset = registry::getAsset(session, key);
  std::optional<registry::Alias> alias = registry::findAlias(session, asset, selector);
  if (std::optional<BucketLabel> label = parseBucketLabel(selector); label && !alias) {
    selector = label->alias;
    bucket_ = label->bucket;
    alias = registry::findAlias(session, asset, selector);
    if (!alias) throw error(Code::notFound, "{} has no alias '{}'", key.subject(), shorten(selector, 100));
  }
  if (alias)
    if (auto rollout = registry::runningRollout(session, asset, selector)) {
      addRollout(session, *std::move(rollout));
      return;
    }
  Loaded loaded = load(session, registry::resolveVersion(session, key, selector));
  add(session, loaded, {}, whyFixed(selector, *loaded.version, alias.has_value()));
}

Target::Loaded Target::load(db::Session& session, registry::Version version) {
  Loaded loaded;
  loaded.version = loaded.composed = std::make_shared<const registry::Version>(std::move(version));
  if (loaded.version->content.empty()) return loaded;  // a deleted or foreign version: nothing to compose
  Composed made = compose(session, *loaded.version);
  if (made.dependencies.empty()) return loaded;
  auto composed = std::make_shared<registry::Version>(*loaded.version);
  composed->content = canonicalPrompt(made.prompt);
  loaded.composed = std::move(composed);
  loaded.live = made.live();
  for (const Dependency& one : made.dependencies)
    if (one.live) follows_.insert(one.name);
  return loaded;
}

void Target::add(db::Session& session, const Loaded& loaded, Choice choice, std::string why) {
  Resolved answer;
  answer.version = loaded.version;
  answer.composed = loaded.composed;
  answer.live = loaded.live;
  answer.aliases = registry::aliasesOf(session, *answer.version);
  answer.reason = choice.reason;
  answer.why = std::move(why);
  if (chooser_) {
    answer.rollout = chooser_->rollout().id;
    answer.variant = choice.variant;
  }
  // The content is kept as it is stored and once for each front that asks; two do as a rule.
  bytes_ += 3 * answer.composed->content.size() + 2048;
  served_.push_back(std::make_shared<const Served>(std::move(answer)));
}

void Target::addRollout(db::Session& session, registry::Rollout rollout) {
  chooser_.emplace(std::move(rollout));
  const registry::Rollout& running = chooser_->rollout();
  std::map<std::int64_t, Loaded> versions;
  for (const Choice& choice : chooser_->choices()) {
    auto found = versions.find(choice.version);
    if (found == versions.end())
      found =
          versions.emplace(choice.version, load(session, registry::getVersion(session, running.key, choice.version)))
              .first;
    add(session, found->second, choice, whyChosen(running, choice));
  }
}

std::size_t Target::pick(const Asker& asker) const {
  if (!chooser_) return 0;
  if (bucket_ < 0) return chooser_->place(chooser_->choose(asker));
  return chooser_->place(chooser_->choose({.context = asker.context, .bucket = bucket_}));
}

}  // namespace regesta::delivery
