#include "api/ofrep/evaluate.h"

#include "api/ofrep/aliases.h"
#include "api/ofrep/events.h"
#include "api/ofrep/flag.h"
#include "crypto/hash.h"
#include "http/conditional.h"
#include "registry/pointer.h"

namespace regesta::api::ofrep {
namespace {

using governance::Verb;

struct EvaluateOne {
  std::string key;
  RawJson context;
  static constexpr Field fields[] = {field<&EvaluateOne::key>("key", required),
                                     field<&EvaluateOne::context>("context", about("who asks: targetingKey and more"))};
};
struct EvaluateAll {
  RawJson context;
  static constexpr Field fields[] = {field<&EvaluateAll::context>("context")};
};

/// Absent, null and {} are nobody in particular.
delivery::Asker askerOf(const RawJson& raw) {
  delivery::Asker asker;
  json::value context = raw.text.empty() ? json::value() : parseJson(raw.text);
  if (context.is_null()) return asker;
  if (!context.is_object()) throw Invalid("context", "must be an object");
  asker.context = std::move(context.get_object());
  const json::value* key = asker.context.if_contains("targetingKey");
  if (!key || key->is_null()) return asker;
  if (!key->is_string()) throw Invalid("context.targetingKey", "must be text");
  asker.key = std::string(key->get_string());
  asker.context.erase("targetingKey");
  return asker;
}

std::string evaluate(Call& call, std::string_view key, const FlagKey& flag, const delivery::Asker& asker) {
  call.require(Verb::read, flag.prompt);
  return evaluationJson(key, flag, *call.core.prompts.serve(call.workspace, flag.prompt, flag.selector, asker));
}

Plain evaluateOne(Call& call, const EvaluateOne& asked) {
  delivery::Asker asker = askerOf(asked.context);
  FlagKey flag = parseFlagKey(asked.key);
  Plain answer;
  try {
    answer.body = evaluate(call, asked.key, flag, asker);
  } catch (const Error& e) {
    // A prompt may be called "a@b" or "a.version": then the whole key is its name.
    if (e.code != Code::notFound || flag.prompt == asked.key) throw;
    bool literal = call.core.store.read([&](db::Session& session) {
      return registry::findAsset(session, {call.workspace, registry::Kind::prompt, asked.key}).has_value();
    });
    if (!literal) throw;
    answer.body = evaluate(call, asked.key, FlagKey{.prompt = asked.key}, asker);
  }
  return answer;
}

std::string evaluateEach(Call& call, const std::vector<registry::NamedAlias>& aliases, const delivery::Asker& asker) {
  std::string out;
  JsonWriter writer(out);
  writer.array();
  for (const registry::NamedAlias& alias : aliases) {
    FlagKey flag{alias.asset, alias.alias, false};
    std::string key = flagKeyOf(alias.asset, alias.alias);
    try {
      auto served = call.core.prompts.serve(call.workspace, flag.prompt, flag.selector, asker);
      writer.raw(evaluationJson(key, flag, *served));
      flag.versionOnly = true;
      key += versionSuffix;
      writer.raw(evaluationJson(key, flag, *served));
    } catch (const Error& e) {
      if (e.code != Code::notFound) throw;  // it went away since it was listed
    }
  }
  writer.end();
  return out;
}

Plain evaluateAll(Call& call, const EvaluateAll& asked) {
  delivery::Asker asker = askerOf(asked.context);
  std::string flags = evaluateEach(call, visibleAliases(call), asker);
  Plain answer;
  JsonWriter writer(answer.body);
  writer.object().key("flags").raw(flags).key("eventStreams").array().object();
  writer.key("type").text("sse").key("endpoint").object().key("requestUri").text(eventsUri(call)).end();
  writer.key("inactivityDelaySec").number(120).end().end().end();
  // The body says all that a client would see: what is configured, and what its context made of it.
  std::string etag = fmt::format("\"{}\"", crypto::sha256Hex(answer.body).substr(0, 32));
  auto known = call.http.headers.get("If-None-Match");
  if (known && http::etagMatches(*known, etag, true)) return http::notModified({etag, std::nullopt});
  answer.headers.set("ETag", etag);
  answer.headers.set("Cache-Control", "private, no-cache");
  return answer;
}

const Route routes[] = {
    post("/ofrep/v1/evaluate/flags", reads("prompts"), evaluateAll),
    // Python's provider does not encode the key: with folders it comes as several segments.
    post("/ofrep/v1/evaluate/flags/{key...}", reads("prompts"), evaluateOne),
};

}  // namespace

std::span<const Route> evaluationRoutes() { return routes; }

}  // namespace regesta::api::ofrep
