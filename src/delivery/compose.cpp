#include "delivery/compose.h"

#include <algorithm>

#include "base/error.h"
#include "base/limits.h"
#include "base/text.h"

namespace regesta::delivery {
namespace {

class Composer {
 public:
  explicit Composer(db::Session& session) : session_(session) {}

  Composed expand(const std::string& subject, std::int64_t asset, Prompt prompt,
                  const std::vector<registry::Use>& uses) {
    path_.push_back({asset, subject});
    if (!uses.empty()) {
      auto each = [&](std::string& text) { text = expandText(text, prompt.format, uses); };
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

  std::string expandText(std::string_view text, TemplateFormat format, const std::vector<registry::Use>& uses) {
    std::string out;
    std::size_t at = 0;
    for (const PartialUse& tag : scanTemplate(text, format).partials) {
      auto use = std::ranges::find_if(
          uses, [&](const registry::Use& one) { return one.name == tag.name && one.selector == tag.selector; });
      if (use == uses.end() || tag.offset < at) continue;  // left as text at registration
      out += text.substr(at, tag.offset - at);
      out += partial(*use, format);
      at = tag.offset + tag.length;
      if (out.size() > limits::renderedText)
        throw error(Code::invalidState, "with its partials the prompt is longer than {} bytes", limits::renderedText);
    }
    return out += text.substr(at);
  }

  std::string partial(const registry::Use& use, TemplateFormat format) {
    registry::Version version = versionOf(use);
    std::string subject = fmt::format("{}@{}", version.asset.key.name, version.number);
    for (const Step& step : path_)
      if (step.asset == use.asset) throw error(Code::invalidState, "partials include each other: {}", pathTo(subject));
    if (path_.size() > limits::partialDepth)
      throw error(Code::invalidState, "partials nest deeper than {}: {}", limits::partialDepth, pathTo(subject));
    note(use, version);
    Prompt prompt = parsePrompt(version.content);
    checkFits(prompt, format, subject);
    path_.push_back({use.asset, subject});
    std::string text = expandText(prompt.text, format, registry::usesOf(session_, version));
    path_.pop_back();
    return text;
  }

  registry::Version versionOf(const registry::Use& use) {
    std::optional<registry::Asset> asset = registry::findAssetById(session_, use.asset);
    if (!asset) throw error(Code::invalidState, "the partial '{}' is gone", use.name);
    try {
      return use.number != 0 ? registry::getVersion(session_, asset->key, use.number)
                             : registry::resolveVersion(session_, asset->key, use.selector);
    } catch (const Error& fault) {
      throw error(Code::invalidState, "the partial '{}' cannot be put in: {}", use.name, fault.message);
    }
  }

  static void checkFits(const Prompt& partial, TemplateFormat format, std::string_view subject) {
    if (partial.chat)
      throw error(Code::invalidState, "{} is a chat prompt; only text prompts can be partials", subject);
    if (partial.format != format)
      throw error(Code::invalidState, "{} is a {} template, and stands in a {} one", subject,
                  formatName(partial.format), formatName(format));
    if (scanTemplate(partial.text, format).changesDelimiters)
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
                   .digest = version.digest,
                   .live = use.number == 0};
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

  db::Session& session_;
  std::vector<Step> path_;
  std::vector<Dependency> dependencies_;
};

[[noreturn]] void noPartial(const PartialUse& use, std::string_view why) {
  throw Invalid("partials", fmt::format("'{}' in line {} cannot be put in: {}", use.name, use.place.line, why));
}

/// The version that an earlier lock of the same name and range stands for, while it is there.
std::optional<registry::Version> lockedBefore(db::Session& session, const registry::AssetKey& key,
                                              const PartialUse& use, const json::object& locks) {
  const json::value* lock = locks.if_contains(use.name);
  if (!lock || !lock->is_object()) return std::nullopt;
  const json::value* range = lock->get_object().if_contains("range");
  const json::value* version = lock->get_object().if_contains("version");
  const json::value* digest = lock->get_object().if_contains("digest");
  if (!range || *range != json::value(use.selector) || !version || !version->is_string()) return std::nullopt;
  try {
    registry::Version found = registry::resolveVersion(session, key, std::string_view(version->get_string()));
    if (digest && *digest != json::value(found.digest)) return std::nullopt;
    return found;
  } catch (const Error& fault) {
    if (fault.code != Code::notFound && fault.code != Code::invalid) throw;
    return std::nullopt;
  }
}

/// What the tag asks for now. Without a selector: the highest release, or the newest where there is none.
registry::Version asked(db::Session& session, const registry::AssetKey& key, const PartialUse& use) {
  if (!use.selector.empty()) return registry::resolveVersion(session, key, use.selector);
  try {
    return registry::resolveVersion(session, key, "*");
  } catch (const Error& fault) {
    if (fault.code != Code::notFound) throw;
    return registry::resolveVersion(session, key, "latest");
  }
}

void lock(Prompt& prompt, const PartialUse& use, const registry::Version& version) {
  json::object entry{{"range", use.selector},
                     {"version", version.semver.empty() ? std::to_string(version.number) : version.semver},
                     {"digest", version.digest}};
  const json::value* other = prompt.partials.if_contains(use.name);
  if (other && *other != entry)
    throw Invalid("partials", fmt::format("'{}' is asked for in two versions; one prompt takes one", use.name));
  prompt.partials[use.name] = std::move(entry);
}

}  // namespace

bool Composed::live() const { return std::ranges::any_of(dependencies, &Dependency::live); }

Composed compose(db::Session& session, const registry::Version& version) {
  std::string subject = fmt::format("{}@{}", version.asset.key.name, version.number);
  return Composer(session).expand(subject, version.asset.id, parsePrompt(version.content),
                                  registry::usesOf(session, version));
}

Composed composeNew(db::Session& session, const registry::AssetKey& key, const Prompt& prompt,
                    const std::vector<registry::Use>& uses) {
  try {
    std::optional<registry::Asset> asset = registry::findAsset(session, key);
    return Composer(session).expand(key.name, asset ? asset->id : 0, prompt, uses);
  } catch (const Error& fault) {
    if (fault.code != Code::invalidState) throw;
    throw Invalid("partials", fault.message);
  }
}

std::vector<registry::Use> lockPartials(db::Session& session, const registry::AssetKey& key, Prompt& prompt,
                                        const Prompt* before, bool lenient) {
  json::object given = std::move(prompt.partials);
  prompt.partials.clear();
  std::vector<registry::Use> uses;
  for (const PartialUse& use : partialsOf(prompt)) {
    registry::AssetKey partial{key.workspace, registry::Kind::prompt, use.name};
    try {
      std::optional<registry::Version> version;
      if (!use.live && !use.langfuse) version = lockedBefore(session, partial, use, given);
      if (!version && before && !use.live && !use.langfuse)
        version = lockedBefore(session, partial, use, before->partials);
      if (!version) version = asked(session, partial, use);
      if (!use.live && !use.langfuse) lock(prompt, use, *version);
      uses.push_back({use.name, use.selector, version->asset.id, use.live ? 0 : version->number});
    } catch (const Error& fault) {
      if (fault.code != Code::notFound && fault.code != Code::invalid) throw;
      if (lenient && !use.langfuse) continue;
      noPartial(use, fault.message);
    }
  }
  return uses;
}

}  // namespace regesta::delivery
