#include "prompt/compose.h"

#include <algorithm>
#include <map>

#include "base/error.h"
#include "base/limits.h"
#include "base/limits_work.h"
#include "base/text.h"

namespace regesta::prompt {
namespace {

/// The member of "partials" that locks a tag. A label may be used with a range of the same prompt.
std::string lockName(std::string_view name, std::string_view selector, bool byName) {
  return byName ? std::string(name) : fmt::format("{}@{}", name, selector);
}

class Composer {
 public:
  explicit Composer(db::Transaction& transaction) : transaction_(transaction) {}

  Composed expand(const std::string& subject, std::int64_t asset, Prompt prompt,
                  const std::vector<registry::Use>& uses) {
    path_.push_back({asset, subject});
    if (!uses.empty()) {
      auto each = [&](std::string& text) { text = expandText(text, prompt, uses); };
      if (prompt.chat)
        for (Message& message : prompt.messages) each(message.content);
      else
        each(prompt.text);
    }
    return {std::move(prompt), std::move(dependencies_)};
  }

 private:
  struct Step {
    std::int64_t asset = 0;
    std::string subject;
  };

  /// A partial as it is stored. It is read and scanned once, however often it is used.
  struct Partial {
    registry::Version version;
    Prompt prompt;
    TemplateScan scanned;
    std::vector<registry::Use> uses;
  };

  /// `text` is a copy of one of the prompt's templates.
  std::string expandText(const std::string& text, const Prompt& prompt, const std::vector<registry::Use>& uses) {
    return expandText(text, scanTemplate(text, prompt.format), prompt, uses);
  }

  std::string expandText(const std::string& text, const TemplateScan& scanned, const Prompt& prompt,
                         const std::vector<registry::Use>& uses) {
    std::string out;
    std::size_t at = 0;
    for (const PartialUse& tag : scanned.partials) {
      auto use = std::ranges::find_if(
          uses, [&](const registry::Use& one) { return one.name == tag.name && one.selector == tag.selector; });
      if (use == uses.end() || tag.offset < at) continue;  // left as text at registration
      out += text.substr(at, tag.offset - at);
      out += partial(*use, prompt);
      at = tag.offset + tag.length;
      if (out.size() > limits::renderedText)
        throw error(Code::invalidState, "with its partials the prompt is longer than {} bytes", limits::renderedText);
    }
    return out += text.substr(at);
  }

  std::string partial(const registry::Use& use, const Prompt& parent) {
    // An empty partial that is used often at every level adds no text, and could be included endlessly.
    if (++expansions_ > limits::partialExpansions)
      throw error(Code::invalidState, "partials are put in more than {} times", limits::partialExpansions);
    const Partial& known = read(use);
    const registry::Version& version = known.version;
    checkLock(use, parent, version);
    std::string subject = fmt::format("{}@{}", version.asset.key.name, version.number);
    for (const Step& step : path_)
      if (step.asset == use.asset) throw error(Code::invalidState, "partials include each other: {}", pathTo(subject));
    if (path_.size() > limits::partialDepth)
      throw error(Code::invalidState, "partials nest deeper than {}: {}", limits::partialDepth, pathTo(subject));
    note(use, version);
    checkFits(known, parent.format, subject);
    path_.push_back({use.asset, subject});
    std::string text = expandText(known.prompt.text, known.scanned, known.prompt, known.uses);
    path_.pop_back();
    return text;
  }

  const Partial& read(const registry::Use& use) {
    auto known = partials_.find({use.asset, use.number});
    if (known != partials_.end()) return known->second;
    Partial partial{.version = versionOf(use)};
    partial.prompt = parsePrompt(partial.version.content);
    partial.scanned = scanTemplate(partial.prompt.text, partial.prompt.format);
    partial.uses = registry::usesOf(transaction_, partial.version);
    return partials_.emplace(std::pair{use.asset, use.number}, std::move(partial)).first->second;
  }

  registry::Version versionOf(const registry::Use& use) {
    std::optional<registry::Asset> asset = registry::findAssetById(transaction_, use.asset);
    if (!asset) throw error(Code::invalidState, "the partial '{}' is gone", use.name);
    if (use.number == 0)
      throw error(
          Code::invalidState,
          "the partial '{}' cannot be included: no version of it is locked, because '{}' found none. Register a "
          "new version",
          use.name, use.selector);
    try {
      return registry::getVersion(transaction_, asset->key, use.number);
    } catch (const Error& fault) {
      throw error(Code::invalidState, "the partial '{}' cannot be included: {}", use.name, fault.message);
    }
  }

  /// Versions from before locks of labels have none in their content.
  static void checkLock(const registry::Use& use, const Prompt& parent, const registry::Version& version) {
    for (bool byName : {true, false}) {
      const json::value* lock = parent.partials.if_contains(lockName(use.name, use.selector, byName));
      if (!lock || !lock->is_object()) continue;
      const json::value* range = lock->get_object().if_contains("range");
      const json::value* digest = lock->get_object().if_contains("digest");
      if (!range || *range != json::value(use.selector) || !digest || *digest == json::value(version.digest)) continue;
      throw error(Code::corrupt, "the partial '{}' is locked to another digest than {} has", use.name,
                  version.subject());
    }
  }

  static void checkFits(const Partial& known, TemplateFormat format, std::string_view subject) {
    const Prompt& partial = known.prompt;
    if (partial.chat)
      throw error(Code::invalidState, "{} is a chat prompt; only text prompts can be partials", subject);
    if (partial.format != format)
      throw error(Code::invalidState, "{} is a {} template, but is used in a {} one", subject,
                  formatName(partial.format), formatName(format));
    if (known.scanned.changesDelimiters)
      throw error(Code::invalidState, "{} changes its delimiters, and so cannot be a partial", subject);
  }

  void note(const registry::Use& use, const registry::Version& version) {
    if (dependencies_.size() >= limits::partialsOfPrompt)
      throw error(Code::invalidState, "the prompt is made of more than {} partials", limits::partialsOfPrompt);
    Dependency one{.parent = path_.back().subject,
                   .name = version.asset.key.name,
                   .selector = use.selector,
                   .asset = use.asset,
                   .number = version.number,
                   .semver = version.semver,
                   .digest = version.digest};
    bool known = std::ranges::any_of(dependencies_, [&](const Dependency& other) {
      return other.parent == one.parent && other.asset == one.asset && other.selector == one.selector;
    });
    if (!known) dependencies_.push_back(std::move(one));
  }

  std::string pathTo(const std::string& subject) const {
    std::string text;
    for (const Step& step : path_) text += step.subject + " > ";
    return text + subject;
  }

  db::Transaction& transaction_;
  std::vector<Step> path_;
  std::vector<Dependency> dependencies_;
  std::map<std::pair<std::int64_t, std::int64_t>, Partial> partials_;  ///< by asset and number
  std::size_t expansions_ = 0;
};

[[noreturn]] void noPartial(const PartialUse& use, std::string_view why) {
  throw Invalid("partials", fmt::format("'{}' on line {} cannot be included: {}", use.name, use.place.line, why));
}

/// The version of an earlier lock of the same name and range, if it still exists.
std::optional<registry::Version> lockedBefore(db::Transaction& transaction, const registry::AssetKey& key,
                                              const PartialUse& use, const json::object& locks) {
  const json::value* lock = locks.if_contains(use.name);
  if (!lock || !lock->is_object()) return std::nullopt;
  const json::value* range = lock->get_object().if_contains("range");
  const json::value* version = lock->get_object().if_contains("version");
  const json::value* digest = lock->get_object().if_contains("digest");
  if (!range || *range != json::value(use.selector) || !version || !version->is_string()) return std::nullopt;
  try {
    registry::Version found = registry::resolveVersion(transaction, key, std::string_view(version->get_string()));
    if (digest && *digest != json::value(found.digest)) return std::nullopt;
    return found;
  } catch (const Error& fault) {
    if (fault.code != Code::notFound && fault.code != Code::invalid) throw;
    return std::nullopt;
  }
}

/// What the tag asks for now. Without a selector: the highest release, or the newest where there is none.
registry::Version asked(db::Transaction& transaction, const registry::AssetKey& key, const PartialUse& use) {
  if (!use.selector.empty()) return registry::resolveVersion(transaction, key, use.selector);
  try {
    return registry::resolveVersion(transaction, key, "*");
  } catch (const Error& fault) {
    if (fault.code != Code::notFound) throw;
    return registry::resolveVersion(transaction, key, "latest");
  }
}

void lock(Prompt& prompt, const PartialUse& use, const registry::Version& version) {
  json::object entry{{"range", use.selector},
                     {"version", version.semver.empty() ? std::to_string(version.number) : version.semver},
                     {"digest", version.digest}};
  std::string name = lockName(use.name, use.selector, !use.langfuse);
  const json::value* other = prompt.partials.if_contains(name);
  if (other && *other != entry)
    throw Invalid("partials", fmt::format("'{}' is used in two versions; use one version per prompt", use.name));
  prompt.partials[name] = std::move(entry);
}

}  // namespace

Composed compose(db::Transaction& transaction, const registry::Version& version) {
  std::string subject = fmt::format("{}@{}", version.asset.key.name, version.number);
  return Composer(transaction)
      .expand(subject, version.asset.id, parsePrompt(version.content), registry::usesOf(transaction, version));
}

Composed composeNew(db::Transaction& transaction, const registry::AssetKey& key, const Prompt& prompt,
                    const std::vector<registry::Use>& uses) {
  try {
    std::optional<registry::Asset> asset = registry::findAsset(transaction, key);
    return Composer(transaction).expand(key.name, asset ? asset->id : 0, prompt, uses);
  } catch (const Error& fault) {
    if (fault.code != Code::invalidState) throw;
    throw Invalid("partials", fault.message);
  }
}

std::vector<registry::Use> lockPartials(db::Transaction& transaction, const access::Identity& author,
                                        const registry::AssetKey& key, Prompt& prompt, const Prompt* before,
                                        bool lenient) {
  json::object given = std::move(prompt.partials);
  prompt.partials.clear();
  std::vector<registry::Use> uses;
  std::vector<PartialUse> wanted = partialsOf(prompt);
  if (wanted.size() > limits::partialExpansions)  // each is looked up, also where those that do not exist stay text
    throw Invalid("partials", fmt::format("at most {} may be used", limits::partialExpansions));
  for (const PartialUse& use : wanted) {
    registry::AssetKey partial{key.workspace, registry::Kind::prompt, use.name};
    if (!author.may(access::Verb::read, key.workspace, use.name)) {
      if (lenient && !use.langfuse) continue;
      author.require(access::Verb::read, key.workspace, use.name);
    }
    try {
      std::optional<registry::Version> version;
      if (!use.langfuse) version = lockedBefore(transaction, partial, use, given);
      if (!version && before && !use.langfuse) version = lockedBefore(transaction, partial, use, before->partials);
      if (!version) version = asked(transaction, partial, use);
      lock(prompt, use, *version);
      uses.push_back({use.name, use.selector, version->asset.id, version->number});
    } catch (const Error& fault) {
      if (fault.code != Code::notFound && fault.code != Code::invalid) throw;
      if (lenient && !use.langfuse) continue;
      noPartial(use, fault.message);
    }
  }
  return uses;
}

}  // namespace regesta::prompt
