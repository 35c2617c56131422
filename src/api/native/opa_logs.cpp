#include "api/native/opa_logs.h"

#include <algorithm>
#include <map>

#include "api/native/opa_bundles.h"
#include "base/limits.h"
#include "base/limits_records.h"
#include "base/log.h"
#include "base/memory_share.h"
#include "base/text.h"
#include "base/time.h"
#include "crypto/hash.h"
#include "http/inflate.h"
#include "http/message.h"
#include "record/record.h"

namespace regesta::api::native {
namespace {

struct Policy {
  registry::Version version;
  std::vector<std::string> roots;
};

/// The policies of this server that an OPA has loaded, by the revisions of their bundles.
class Policies {
 public:
  explicit Policies(const Call& call) : call_(call) {}

  /// Null for a bundle from elsewhere, and for a version that was deleted. Throws Error{denied} if the caller may not
  /// report on the policy.
  const Policy* find(const std::string& revision) {
    auto [found, isNew] = known_.try_emplace(revision);
    if (known_.size() > limits::recordBundles)
      throw error(Code::tooLarge, "a decision log may name at most {} bundles", limits::recordBundles);
    if (isNew) found->second = look(revision);
    return found->second ? &*found->second : nullptr;
  }

 private:
  std::optional<Policy> look(const std::string& text) {
    auto revision = BundleRevision::read(text);
    if (!revision) return std::nullopt;
    registry::AssetKey key{call_.workspace, registry::Kind::policy, revision->name};
    if (!call_.identity->may(access::Verb::read, key.workspace, key.name)) return std::nullopt;
    auto version = call_.core.store.read(
        [&](db::Transaction& transaction) { return registry::findVersion(transaction, key, revision->number); });
    if (!version || version->digest != revision->digest) return std::nullopt;
    call_.require(access::Verb::write, key.name);
    return Policy{*version, bundleRoots(*version, revision->prefix)};
  }

  const Call& call_;
  std::map<std::string, std::optional<Policy>, std::less<>> known_;
};

bool isWithin(std::string_view path, std::string_view root) {
  return path.starts_with(root) && (path.size() == root.size() || path[root.size()] == '/');
}

/// The policy that decided: the one whose rules the path names. A query above all rules is of the first one.
const Policy* deciding(Policies& policies, const json::object& event) {
  const json::value* bundles = event.if_contains("bundles");
  if (!bundles || !bundles->is_object()) return nullptr;
  std::string path = memberText(event, "path");
  const Policy* first = nullptr;
  for (const auto& [name, bundle] : bundles->get_object()) {
    if (!bundle.is_object()) continue;
    const Policy* policy = policies.find(memberText(bundle.get_object(), "revision"));
    if (!policy) continue;
    if (std::ranges::any_of(policy->roots, [&](const std::string& root) { return isWithin(path, root); }))
      return policy;
    if (!first) first = policy;
  }
  return first;
}

/// The text or number at the pointer; empty: the input has none there.
std::string subjectAt(const json::object& event, std::string_view pointer) {
  const json::value* input = event.if_contains("input");
  if (pointer.empty() || !input) return {};
  boost::system::error_code ignored;
  const json::value* found = input->find_pointer(pointer, ignored);
  if (!found || found->is_structured() || found->is_null()) return {};
  return found->is_string() ? std::string(found->get_string()) : json::serialize(*found);
}

record::NewRecord recordOf(const registry::Version& version, json::object event, std::string_view pointer,
                           const registry::Actor& actor, std::int64_t now) {
  record::NewRecord made;
  made.cited.asset = version.asset.id;
  made.cited.number = version.number;
  made.about.push_back(version.subject());
  // OPA repeats a log that is refused, so a clock that is ahead refuses none. The event keeps its own time.
  made.at = std::min(parseTime(memberText(event, "timestamp")).value_or(now), now + limits::recordAheadMillis);
  made.subject = subjectAt(event, pointer);
  if (made.subject.size() > limits::recordTextLength)
    throw Invalid("subject", fmt::format("must be at most {} bytes in the input", limits::recordTextLength));
  json::object body{{"policy", fmt::format("{}@{}", version.asset.key.name, version.number)},
                    {"policy_digest", version.digest},
                    {"at", formatTime(made.at)},
                    {"reported_by", actor.name}};
  if (!made.subject.empty()) body["subject"] = made.subject;
  auto move = [&](std::string_view from, std::string_view to) {
    auto found = event.find(from);
    if (found == event.end()) return;
    body[to] = std::move(found->value());
    event.erase(found);
  };
  move("input", "inputs");
  move("result", "output");
  move("requested_by", "caller");
  move("trace_id", "trace_id");
  body["opa"] = std::move(event);
  made.body = canonicalJson(body);
  if (made.body.size() > limits::recordBytes)
    throw error(Code::tooLarge, "an event has at most {} bytes, this one has {}", limits::recordBytes,
                made.body.size());
  return made;
}

std::string pointerOf(const http::Request& request) {
  std::string pointer;
  for (const auto& [name, value] : http::parseQuery(request.query)) {
    if (name != "subject") throw Invalid(name, "is not a parameter of this request");
    pointer = value;
  }
  if (!pointer.empty() && pointer.front() != '/') throw Invalid("subject", "must be a JSON pointer such as /user/id");
  return pointer;
}

}  // namespace

DecisionLogAnswer takeDecisionLog(Call& call, const Empty&) {
  std::string pointer = pointerOf(call.http);
  MemoryShare share;
  std::string unpacked;
  std::string_view text = http::unpackedBody(call.http, limits::inflatedBody, unpacked, share);
  share.add(parsedSize(text));
  json::value events = parseJson(text);
  if (!events.is_array()) throw Invalid("body", "must be an array of decision log events");
  Policies policies(call);
  std::vector<record::NewRecord> records;
  DecisionLogAnswer answer;
  std::int64_t now = nowMillis();
  for (json::value& event : events.get_array()) {
    if (!event.is_object()) throw Invalid("body", "must be an array of decision log events");
    const Policy* policy = deciding(policies, event.get_object());
    if (!policy) {
      ++answer.skipped;
      continue;
    }
    records.push_back(recordOf(policy->version, std::move(event.get_object()), pointer, call.actor(), now));
  }
  if (!records.empty()) {
    // OPA sends the same bytes again when an answer was lost.
    record::Batch batch =
        record::seal(call.core.store, call.actor(), call.workspace, records, "opa-" + crypto::sha256Hex(text));
    answer.records = batch.records;
    answer.batch = batch.id;
  }
  if (answer.skipped > 0)
    log(LogLevel::info, "decisions of an OPA were not stored: no bundle of this server decided them",
        {{"decisions", std::to_string(answer.skipped)}, {"actor", call.actor().name}});
  return answer;
}

}  // namespace regesta::api::native
