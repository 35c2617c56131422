#include "api/native/records.h"

#include <algorithm>
#include <map>

#include "access/grants.h"
#include "api/native/front.h"
#include "base/text.h"
#include "base/time.h"
#include "registry/version_entries.h"

namespace regesta::api::native {
namespace {

/// "NAME@VERSION". Throws Invalid.
std::pair<std::string, std::string> splitVersion(const std::string& text, const std::string& field) {
  std::size_t at = text.rfind('@');
  if (at == std::string::npos || at == 0 || at + 1 == text.size()) throw Invalid(field, "must be NAME@VERSION");
  return {text.substr(0, at), text.substr(at + 1)};
}

/// Versions by their references; most records of a batch cite one or two.
class Cited {
 public:
  explicit Cited(Call& call) : call_(call) {}

  /// Aliases and ranges are refused: they may point elsewhere tomorrow.
  const registry::Version& exact(registry::Kind kind, const std::string& text, const std::string& field) {
    auto [name, selector] = splitVersion(text, field);
    auto found = known_.find({kind, text});
    if (found != known_.end()) return found->second;
    registry::AssetKey key = changeable(call_, registry::kindName(kind), name);
    auto version = call_.core.store.read([&](db::Transaction& transaction) {
      if (auto number = parseInteger(selector)) return registry::findVersion(transaction, key, *number);
      return registry::findSemver(transaction, registry::getAsset(transaction, key), selector);
    });
    if (!version) throw Invalid(field, fmt::format("names no version of {}: give a number or a SemVer", key.subject()));
    return known_.emplace(std::pair(kind, text), *std::move(version)).first->second;
  }

 private:
  Call& call_;
  std::map<std::pair<registry::Kind, std::string>, registry::Version> known_;
};

void put(json::object& body, std::string_view name, const RawJson& value) {
  if (!value.text.empty()) body[name] = parseJson(value.text);
}

/// A record for the room from a line. Throws Invalid.
record::NewRecord recordOf(Cited& cited, const RecordItem& item, const registry::Actor& actor, std::int64_t now) {
  record::NewRecord made;
  json::object body;
  if (item.model.empty() && item.prompt.empty()) throw Invalid("model", "is required unless \"prompt\" is given");
  if (!item.model.empty()) {
    const registry::Version& version = cited.exact(registry::Kind::model, item.model, "model");
    made.cited.asset = version.asset.id;
    made.cited.number = version.number;
    made.about.push_back(version.subject());
    body["model"] = fmt::format("{}@{}", version.asset.key.name, version.number);
    body["model_digest"] = version.digest;
  }
  if (!item.prompt.empty()) {
    const registry::Version& version = cited.exact(registry::Kind::prompt, item.prompt, "prompt");
    made.cited.prompt = version.asset.id;
    made.cited.promptNumber = version.number;
    made.about.push_back(version.subject());
    body["prompt"] = fmt::format("{}@{}", version.asset.key.name, version.number);
    body["prompt_digest"] = version.digest;
  }
  made.at = momentOf(item.at, "at").value_or(now);
  if (made.at > now + limits::recordAheadMillis) throw Invalid("at", "must not be in the future");
  if (item.inputs.text.empty() == item.inputsCommitment.empty())
    throw Invalid("inputs", "set exactly one of \"inputs\" and \"inputs_commitment\"");
  if (item.output.text.empty()) throw Invalid("output", "is required");
  made.subject = item.subject;
  body["at"] = formatTime(made.at);
  body["reported_by"] = actor.name;
  for (auto [name, text] : {std::pair<std::string_view, const std::string&>{"subject", item.subject},
                            {"caller", item.caller},
                            {"inputs_commitment", item.inputsCommitment},
                            {"trace_id", item.trace}})
    if (!text.empty()) body[name] = text;
  put(body, "inputs", item.inputs);
  put(body, "parameters", item.parameters);
  put(body, "output", item.output);
  if (item.seed) body["seed"] = *item.seed;
  made.body = canonicalJson(body);
  if (made.body.size() > limits::recordBytes)
    throw error(Code::tooLarge, "a record has at most {} bytes, this one has {}", limits::recordBytes,
                made.body.size());
  return made;
}

/// Inputs, outputs and subjects are personal data: reading the model is not enough.
bool mayOpen(const access::Identity& identity, const registry::AssetKey& key) {
  return identity.may(access::Verb::administer, key.workspace, key.name) ||
         std::ranges::count(identity.rolesOn(key.workspace, key.name), "auditor") > 0;
}

/// What the caller sees of records.
class View {
 public:
  View(const Call& call, db::Transaction& transaction) : call_(call), transaction_(transaction) {}

  bool maySee(const record::Record& one) {
    return std::ranges::all_of(keysOf(one), [&](const registry::AssetKey& key) {
      return call_.identity->may(access::Verb::read, key.workspace, key.name);
    });
  }

  bool mayOpen(const record::Record& one) {
    return std::ranges::all_of(keysOf(one),
                               [&](const registry::AssetKey& key) { return native::mayOpen(*call_.identity, key); });
  }

  RecordAnswer answer(const record::Record& one, bool whole) {
    RecordAnswer answer;
    answer.id = one.id();
    answer.batch = one.batch;
    answer.commitment = one.commitment;
    if (one.cited.asset != 0) {
      bool isPolicy = keyOf(one.cited.asset).kind == registry::Kind::policy;
      (isPolicy ? answer.policy : answer.model) = nameOf(one.cited.asset, one.cited.number);
    }
    if (one.cited.prompt != 0) answer.prompt = nameOf(one.cited.prompt, one.cited.promptNumber);
    answer.at = timeText(one.at);
    answer.erasedAt = timeText(one.erasedAt);
    answer.readable = one.erasedAt == 0 && mayOpen(one);
    if (!answer.readable) return answer;
    std::string text = one.open();
    json::value parsed = parseJson(text);
    const json::object& body = parsed.as_object();
    answer.subject = optionalText(memberText(body, "subject"));
    answer.caller = optionalText(memberText(body, "caller"));
    if (whole) answer.record.text = std::move(text);
    return answer;
  }

 private:
  const registry::AssetKey& keyOf(std::int64_t id) {
    auto [found, isNew] = keys_.try_emplace(id);
    if (!isNew) return found->second;
    auto asset = registry::findAssetById(transaction_, id);
    // A deleted asset has no name that a grant could match: its records stay readable to those who may read all.
    found->second =
        asset ? asset->key : registry::AssetKey{call_.workspace, registry::Kind::model, std::string(access::everyName)};
    return found->second;
  }
  std::vector<registry::AssetKey> keysOf(const record::Record& one) {
    std::vector<registry::AssetKey> keys;
    for (std::int64_t id : {one.cited.asset, one.cited.prompt})
      if (id != 0) keys.push_back(keyOf(id));
    return keys;
  }
  std::string nameOf(std::int64_t asset, std::int64_t number) {
    return fmt::format("{}@{}", keyOf(asset).name, number);
  }

  const Call& call_;
  db::Transaction& transaction_;
  std::map<std::int64_t, registry::AssetKey> keys_;
};

void readPlace(record::Search& search, const std::string& token) {
  if (token.empty()) return;
  std::string text = readToken(token);
  std::vector<std::string_view> parts = split(text, ' ');
  auto part = [&](std::size_t i) {
    auto number = i < parts.size() ? parseInteger(parts[i]) : std::nullopt;
    if (!number) throw Invalid("page_token", "is not a token of this list");
    return *number;
  };
  search.beforeAt = part(0);
  search.beforeBatch = part(1);
  search.beforePosition = part(2);
}

BatchAnswer batchAnswer(const record::Batch& batch) {
  BatchAnswer answer;
  answer.id = batch.id;
  answer.records = batch.records;
  answer.digest = batch.digest;
  answer.firstAt = timeText(batch.firstAt);
  answer.lastAt = timeText(batch.lastAt);
  answer.createdAt = timeText(batch.createdAt);
  answer.createdBy = batch.createdBy;
  answer.expiredAt = timeText(batch.expiredAt);
  return answer;
}

}  // namespace

SealedAnswer sealRecords(Call& call, std::string_view lines, std::string_view key) {
  if (key.size() > limits::recordTextLength)
    throw Invalid("key", fmt::format("must have at most {} bytes", limits::recordTextLength));
  std::vector<record::NewRecord> records;
  Cited cited(call);
  std::int64_t now = nowMillis(), line = 0;
  for (std::string_view text : split(lines, '\n')) {
    ++line;
    if (trim(text).empty()) continue;
    try {
      RecordItem item = readAs<RecordItem>(parseJson(text), dialect().manner);
      records.push_back(recordOf(cited, item, call.actor(), now));
    } catch (const Error& fault) {
      throw Error(fault.code, fmt::format("line {}: {}", line, fault.message), fault.detail);
    }
  }
  if (records.empty()) throw Invalid("records", "must have at least one line");
  record::Batch batch = record::seal(call.core.store, call.actor(), call.workspace, records, key);
  return {batch.id, batch.records, batch.digest, fmt::format("{}.0", batch.id)};
}

constexpr std::size_t recordsPassedOver = 1000, roundsAtMost = 50;  // looked at in one request for one page

Page<RecordAnswer> listRecords(Call& call, const RecordQuery& query) {
  record::Search search;
  search.workspace = call.workspace;
  search.subject = query.subject;
  search.since = momentOf(query.since, "since").value_or(0);
  search.until = momentOf(query.until, "until").value_or(INT64_MAX);
  readPlace(search, query.pageToken);
  std::size_t wanted = rowsOf(query.pageSize);
  search.limit = wanted + 1;
  return call.core.store.read([&](db::Transaction& transaction) {
    auto find = [&](std::string_view kind, const std::string& text) {
      auto [name, selector] = splitVersion(text, std::string(kind));
      return registry::resolveVersion(transaction, readable(call, kind, name), selector);
    };
    if (!query.model.empty() && !query.policy.empty()) throw Invalid("policy", "cannot be combined with 'model'");
    if (!query.model.empty() || !query.policy.empty()) {
      registry::Version version = query.policy.empty() ? find("model", query.model) : find("policy", query.policy);
      search.cited.asset = version.asset.id;
      search.cited.number = version.number;
    }
    if (!query.prompt.empty()) {
      registry::Version version = find("prompt", query.prompt);
      search.cited.prompt = version.asset.id;
      search.cited.promptNumber = version.number;
    }
    View view(call, transaction);
    std::string token;
    auto isTheirs = [&](const record::Record& one) {
      return view.maySee(one) && (query.subject.empty() || view.mayOpen(one));
    };
    // What is out of reach is passed over: a page with fewer items, or a token of it, would tell that it exists.
    Page<RecordAnswer> page;
    for (std::size_t rounds = 0; rounds < roundsAtMost; ++rounds) {
      std::vector<record::Record> found = record::search(transaction, call.core.store, search);
      for (const record::Record& one : found) {
        if (!isTheirs(one)) continue;
        if (page.items.size() == wanted) {
          page.nextPageToken = std::move(token);
          return page;
        }
        token = makeToken(fmt::format("{} {} {}", one.at, one.batch, one.position));
        page.items.push_back(view.answer(one, false));
      }
      if (found.size() < search.limit) break;
      search.beforeAt = found.back().at;
      search.beforeBatch = found.back().batch;
      search.beforePosition = found.back().position;
      search.limit = recordsPassedOver;
    }
    return page;
  });
}

RecordAnswer getRecord(Call& call, const RecordPath& path) {
  return call.core.store.read([&](db::Transaction& transaction) {
    auto found = record::find(transaction, call.workspace, path.id);
    View view(call, transaction);
    if (!found || !view.maySee(*found))
      throw error(Code::notFound, "workspace '{}' has no record {}", call.workspace, shorten(path.id, 80));
    return view.answer(*found, true);
  });
}

ErasureAnswer eraseSubject(Call& call, const Erasure& request) {
  call.require(access::Verb::administer, access::everyName);
  return {record::erase(call.core.store, call.actor(), call.workspace, request.subject)};
}

ExpiryAnswer expireRecords(Call& call, const ExpiryOrder& request) {
  call.require(access::Verb::administer, access::everyName);
  record::Expiry expiry =
      record::expire(call.core.store, call.actor(), call.workspace, momentOf(request.before, "before").value());
  return {expiry.batches, expiry.records, expiry.held, expiry.finished};
}

Page<BatchAnswer> listRecordBatches(Call& call, const PageQuery& query) {
  call.require(access::Verb::read, access::everyName);
  std::int64_t before = readNumberToken(query.pageToken);
  std::size_t wanted = rowsOf(query.pageSize);
  auto batches = call.core.store.read([&](db::Transaction& transaction) {
    return record::listBatches(transaction, call.workspace, wanted + 1, before);
  });
  Page<BatchAnswer> page;
  for (const record::Batch& batch : batches) {
    if (page.items.size() == wanted) {
      page.nextPageToken = makeToken(std::to_string(page.items.back().id));
      break;
    }
    page.items.push_back(batchAnswer(batch));
  }
  return page;
}

BatchCheck verifyRecordBatch(Call& call, const NumberOnly& path) {
  call.require(access::Verb::read, access::everyName);
  constexpr std::size_t faultsNamed = 100;
  return call.core.store.read([&](db::Transaction& transaction) {
    auto batch = record::findBatch(transaction, call.workspace, path.id);
    if (!batch) throw error(Code::notFound, "workspace '{}' has no batch {}", call.workspace, path.id);
    BatchCheck check;
    check.batch = batch->id;
    check.digest = batch->digest;
    auto report = [&](std::string subject, std::string what) {
      if (check.faults.size() < faultsNamed) check.faults.push_back({std::move(subject), std::move(what)});
    };
    // The batch's row is compared with the ledger by `ledger verify`; here its entry is asked, too.
    bool sealed = false;
    for (std::int64_t id : registry::entriesAbout(transaction, call.workspace, batch->entrySubject())) {
      auto entry = transaction.query("SELECT body FROM ledger_entry WHERE id = $1", {id});
      if (!entry.next()) continue;
      json::value body = parseJson(entry.view(0));
      const json::object& object = body.as_object();
      if (memberText(object, "action") != registry::nameOf(registry::Action::recordsSealed)) continue;
      sealed = memberText(object.at("data").as_object(), "digest") == batch->digest;
    }
    if (!sealed) report(batch->entrySubject(), fmt::format("the ledger has another digest of batch {}", batch->id));
    check.records = record::checkBatch(transaction, call.core.store, *batch, report);
    auto erased = transaction.query(
        "SELECT COUNT(*) FROM decision_record r JOIN record_subject s ON s.id = r.subject WHERE r.batch = $1 AND "
        "s.erased_at <> 0",
        {batch->id});
    if (erased.next()) check.unreadable = erased.integer(0);
    return check;
  });
}

}  // namespace regesta::api::native
