#include "governance/decision_facts.h"

#include <algorithm>
#include <charconv>

#include "base/text.h"
#include "crypto/hash.h"

namespace regesta::governance {

namespace {

using registry::Action;

std::string placeOf(const std::string& workspace, std::string_view subject) {
  return fmt::format("{}\n{}", workspace, subject);
}

const json::object* objectAt(const json::object& object, std::string_view name) {
  const json::value* found = object.if_contains(name);
  return found ? found->if_object() : nullptr;
}

const json::array* arrayAt(const json::object& object, std::string_view name) {
  const json::value* found = object.if_contains(name);
  return found ? found->if_array() : nullptr;
}

std::uint64_t beginOf(std::string_view digest) {
  std::uint64_t begin = 0;
  digest = digest.substr(0, 16);
  std::from_chars(digest.data(), digest.data() + digest.size(), begin, 16);
  return begin;
}

std::uint64_t digestOf(std::string_view text) { return beginOf(crypto::sha256Hex(text)); }

/// A tag or the description of a version that was other than entries up to `made` set it; empty: none.
std::string faultOfTexts(const json::object& shown, const DecisionFacts::Made& version, std::int64_t made) {
  std::map<std::uint64_t, std::uint64_t> present;
  for (const DecisionFacts::Text& text : version.texts)
    if (text.at <= made) present[text.key] = text.value;
  std::string description = memberText(shown, "description");
  std::uint64_t described = description.empty() ? 0 : digestOf(description);
  if (present[0] != described) return "another description";
  present.erase(0);
  for (const auto& tag : memberObject(shown, "tags")) {
    auto known = present.find(digestOf(tag.key()));
    bool same = known != present.end() && tag.value().is_string() && known->second == digestOf(tag.value().as_string());
    if (!same) return fmt::format("another tag '{}'", std::string_view(tag.key()));
    present.erase(known);
  }
  bool hidden = std::ranges::any_of(present, [](const auto& one) { return one.second != 0; });
  return hidden ? "no value of a tag" : "";
}

}  // namespace

void DecisionFacts::take(const json::object& entry) {
  ++count_;
  auto action = registry::parseAction(memberText(entry, "action"));
  std::string actor = memberText(entry, "actor");
  std::string workspace = memberText(entry, "workspace"), subject = memberText(entry, "subject");
  const json::object* found = objectAt(entry, "data");
  json::object none;
  const json::object& data = found ? *found : none;
  if (action == Action::versionCreated) {
    takeVersion(workspace, subject, actor, data);
  } else if (action == Action::versionTagSet || action == Action::versionTagDeleted ||
             action == Action::versionDescribed) {
    takeText(*action, workspace, subject, data);
  } else if (action == Action::assetRenamed) {
    rename(workspace, subject, data);
  } else if (action == Action::assetDeleted) {
    auto asset = assets_.extract(placeOf(workspace, subject));
    if (asset) gone_.push_back(std::move(asset.mapped()));
  } else if (action == Action::changeRequestOpened) {
    requests_[placeOf(workspace, subject)].requestedBy = actor;
  } else if (action == Action::approvalGiven) {
    Given given{
        count_, actor, memberText(data, "decision"), memberText(data, "comment"), memberText(data, "on_behalf_of"), {}};
    if (const json::array* roles = arrayAt(data, "roles"))
      for (const json::value& role : *roles)
        if (role.is_string()) given.roles.emplace(role.as_string());
    requests_[placeOf(workspace, subject)].approvals.push_back(std::move(given));
  } else if (action == Action::waiverGranted || action == Action::waiverRevoked) {
    takeWaiver(*action, workspace, subject, data);
  } else if (action == Action::breakGlassUsed) {
    brokeGlass_[memberText(data, "decision")] = count_;
  } else if (action == Action::evidenceAdded) {
    takeEvidence(workspace, subject, actor, data);
  }
  if (std::string decision = memberText(data, "decision"); !decision.empty())
    cited_.try_emplace(std::move(decision), count_);
}

void DecisionFacts::takeEvidence(const std::string& workspace, const std::string& subject, const std::string& actor,
                                 const json::object& data) {
  std::size_t at = std::min(subject.rfind('@'), subject.size());
  std::int64_t number = at < subject.size() ? parseInteger(std::string_view(subject).substr(at + 1)).value_or(0) : 0;
  const Versions* asset = versionsOf(workspace, subject.substr(0, at)).get();
  const json::value* verified = data.if_contains("verified");
  std::int64_t id = memberInteger(data, "evidence");
  evidence_[id] = {count_,
                   number,
                   asset,
                   memberText(data, "type"),
                   memberText(data, "digest"),
                   actor,
                   verified ? *verified : json::value()};
  evidenceOn_[{asset, number}].push_back(id);
}

void DecisionFacts::takeVersion(const std::string& workspace, std::string_view subject, const std::string& actor,
                                const json::object& data) {
  std::size_t at = subject.rfind('@');
  auto number = at == std::string_view::npos ? std::nullopt : parseInteger(subject.substr(at + 1));
  if (!number) return;
  std::shared_ptr<Versions>& versions = assets_[placeOf(workspace, subject.substr(0, at))];
  if (!versions) versions = std::make_shared<Versions>();
  Made& made = (*versions)[*number] = {memberText(data, "digest"), actor};
  for (const auto& tag : memberObject(data, "tags"))
    if (tag.value().is_string()) made.texts.push_back({count_, digestOf(tag.key()), beginOf(tag.value().as_string())});
  if (std::string description = memberText(data, "description"); !description.empty())
    made.texts.push_back({count_, 0, beginOf(description)});
  if (subject.starts_with("policy/")) policies_.insert(fmt::format("{} {}", subject, memberText(data, "digest")));
}

void DecisionFacts::takeText(Action action, const std::string& workspace, std::string_view subject,
                             const json::object& data) {
  std::size_t at = std::min(subject.rfind('@'), subject.size());
  auto asset = assets_.find(placeOf(workspace, subject.substr(0, at)));
  auto number = at < subject.size() ? parseInteger(subject.substr(at + 1)) : std::nullopt;
  if (asset == assets_.end() || !number) return;
  auto version = asset->second->find(*number);
  if (version == asset->second->end()) return;
  bool describes = action == Action::versionDescribed;
  std::string digest = memberText(data, "digest");
  if (describes && digest == crypto::sha256Hex("")) digest.clear();
  version->second.texts.push_back({count_, describes ? 0 : digestOf(memberText(data, "key")), beginOf(digest)});
}

void DecisionFacts::rename(const std::string& workspace, const std::string& subject, const json::object& data) {
  std::string before = subject.substr(0, subject.find('/') + 1) + memberText(data, "from");
  auto asset = assets_.extract(placeOf(workspace, before));
  if (!asset) return;
  if (subject.starts_with("policy/"))
    for (const auto& [number, made] : *asset.mapped())
      policies_.insert(fmt::format("{}@{} {}", subject, number, made.digest));
  assets_[placeOf(workspace, subject)] = std::move(asset.mapped());
}

std::shared_ptr<const DecisionFacts::Versions> DecisionFacts::versionsOf(const std::string& workspace,
                                                                         const std::string& asset) const {
  auto found = assets_.find(placeOf(workspace, asset));
  if (found == assets_.end()) return std::make_shared<const Versions>();
  return found->second;
}

std::string DecisionFacts::hiddenEvidence(const json::array& shown, const Versions& versions, std::int64_t number,
                                          std::int64_t made) const {
  auto added = evidenceOn_.find({&versions, number});
  if (added == evidenceOn_.end()) return {};
  std::set<std::int64_t> seen;
  for (const json::value& item : shown)
    if (const json::object* one = item.if_object()) seen.insert(memberInteger(*one, "id"));
  for (std::int64_t id : added->second)
    if (!seen.contains(id) && evidence_.at(id).at < made)
      return fmt::format("version {} without its evidence {}", number, id);
  return {};
}

std::string DecisionFacts::faultOfVersion(const json::value& described, const Versions& versions, Span span) const {
  const json::object* version = described.if_object();
  if (!version) return {};
  std::int64_t number = memberInteger(*version, "version");
  auto made = versions.find(number);
  if (made == versions.end()) return fmt::format("version {}, which no entry made", number);
  if (memberText(*version, "digest") != made->second.digest)
    return fmt::format("version {} with digest {}, the ledger says {}", number, memberText(*version, "digest"),
                       made->second.digest);
  if (memberText(*version, "author") != made->second.author)
    return fmt::format("{} as the author of version {}, the ledger says {}", memberText(*version, "author"), number,
                       made->second.author);
  if (std::string fault = faultOfTexts(*version, made->second, span.made); !fault.empty())
    return fmt::format("{} of version {}", fault, number);
  const json::array* list = arrayAt(*version, "evidence");
  if (!list) return {};
  for (const json::value& item : *list) {
    const json::object* shown = item.if_object();
    std::int64_t id = shown ? memberInteger(*shown, "id") : 0;
    auto known = evidence_.find(id);
    if (known == evidence_.end() || known->second.at > span.until)
      return fmt::format("evidence {}, which no entry added", id);
    const Proof& proof = known->second;
    const json::value* verified = shown->if_contains("verified");
    bool same = proof.asset == &versions && proof.version == number && memberText(*shown, "type") == proof.type &&
                memberText(*shown, "digest") == proof.digest && memberText(*shown, "by") == proof.by &&
                (proof.verified.is_null() || (verified && *verified == proof.verified));
    if (!same) return fmt::format("evidence {} other than it was added", id);
  }
  return hiddenEvidence(*list, versions, number, span.made);
}

std::string DecisionFacts::faultOfInput(const json::object& input, const std::string& workspace,
                                        const Versions& versions, Span span) const {
  for (std::string_view name : {"candidate", "current"})
    if (const json::value* version = input.if_contains(name))
      if (std::string fault = faultOfVersion(*version, versions, span); !fault.empty()) return fault;
  static const Request none;
  const Request* request = &none;
  if (const json::object* shown = objectAt(input, "change_request")) {
    std::int64_t id = memberInteger(*shown, "id");
    auto found = requests_.find(placeOf(workspace, fmt::format("change-request/{}", id)));
    if (found == requests_.end()) return fmt::format("change request {}, which no entry opened", id);
    request = &found->second;
    if (memberText(*shown, "requested_by") != request->requestedBy)
      return fmt::format("{} as who asked for change request {}, the ledger says {}",
                         memberText(*shown, "requested_by"), id, request->requestedBy);
  }
  const json::array* approvals = arrayAt(input, "approvals");
  if (!approvals) return {};
  for (const json::value& item : *approvals) {
    const json::object* approval = item.if_object();
    if (!approval) continue;
    std::string user = memberText(*approval, "user"), comment = crypto::sha256Hex(memberText(*approval, "comment"));
    const json::array* roles = arrayAt(*approval, "roles");
    bool told = std::ranges::any_of(request->approvals, [&](const Given& given) {
      return given.at <= span.until && given.actor == user && given.decision == memberText(*approval, "decision") &&
             given.comment == comment && given.onBehalfOf == memberText(*approval, "on_behalf_of") &&
             (!roles || std::ranges::all_of(*roles, [&](const json::value& role) {
               return role.is_string() && given.roles.contains(std::string_view(role.as_string()));
             }));
    });
    if (!told) return fmt::format("an approval by {} that no entry before the move records", user);
  }
  return {};
}

std::string DecisionFacts::faultOf(const json::object& decision, const std::string& digest,
                                   const std::string& workspace, const Versions& versions, std::int64_t until) const {
  auto cited = cited_.find(digest);
  Span span{cited == cited_.end() ? 0 : cited->second, until};
  if (const json::array* inputs = arrayAt(decision, "inputs"))
    for (const json::value& input : *inputs)
      if (const json::object* object = input.if_object())
        if (std::string fault = faultOfInput(*object, workspace, versions, span); !fault.empty()) return fault;
  if (const json::array* evaluations = arrayAt(decision, "evaluations"))
    for (const json::value& item : *evaluations) {
      const json::object* evaluation = item.if_object();
      if (!evaluation) continue;
      std::string policy = memberText(*evaluation, "policy"), digest = memberText(*evaluation, "policy_digest");
      if (policy.starts_with("policy/") && !digest.empty() && !policies_.contains(fmt::format("{} {}", policy, digest)))
        return fmt::format("{} with digest {}, which no entry made", policy, digest);
    }
  return {};
}

}  // namespace regesta::governance
