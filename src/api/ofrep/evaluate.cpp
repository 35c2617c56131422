#include "api/ofrep/evaluate.h"

#include "api/ofrep/aliases.h"
#include "api/ofrep/events.h"
#include "api/ofrep/flag.h"
#include "base/cancel.h"
#include "crypto/hash.h"
#include "http/conditional.h"
#include "registry/pointer.h"

namespace regesta::api::ofrep {
namespace {

using access::Verb;

struct EvaluateOne {
  std::string key;
  RawJson context;
  static constexpr Field fields[] = {field<&EvaluateOne::key>("key", required),
                                     field<&EvaluateOne::context>("context", about("targetingKey and attributes"))};
};
struct EvaluateAll {
  RawJson context;
  static constexpr Field fields[] = {field<&EvaluateAll::context>("context")};
};

/// Absent, null and {} are an anonymous caller.
rollout::EvaluationContext evaluationContextOf(const RawJson& raw) {
  rollout::EvaluationContext context;
  json::value value = raw.text.empty() ? json::value() : parseJson(raw.text);
  if (value.is_null()) return context;
  if (!value.is_object()) throw Invalid("context", "must be an object");
  context.attributes = std::move(value.get_object());
  const json::value* key = context.attributes.if_contains("targetingKey");
  if (!key || key->is_null()) return context;
  if (!key->is_string()) throw Invalid("context.targetingKey", "must be text");
  context.key = std::string(key->get_string());
  context.attributes.erase("targetingKey");
  return context;
}

std::string evaluate(Call& call, std::string_view key, const FlagKey& flag, const rollout::EvaluationContext& context) {
  call.require(Verb::read, flag.prompt);
  return evaluationJson(key, flag, *call.core.prompts.serve(call.workspace, flag.prompt, flag.selector, context));
}

Plain evaluateOne(Call& call, const EvaluateOne& request) {
  rollout::EvaluationContext context = evaluationContextOf(request.context);
  FlagKey flag = parseFlagKey(request.key);
  Plain answer;
  try {
    answer.body = evaluate(call, request.key, flag, context);
  } catch (const Error& e) {
    // A prompt may be called "a@b" or "a.version": then the whole key is its name.
    if (e.code != Code::notFound || flag.prompt == request.key) throw;
    bool literal = call.core.store.read([&](db::Transaction& transaction) {
      return registry::findAsset(transaction, {call.workspace, registry::Kind::prompt, request.key}).has_value();
    });
    if (!literal) throw;
    answer.body = evaluate(call, request.key, FlagKey{.prompt = request.key}, context);
  }
  return answer;
}

std::string evaluateEach(Call& call, const std::vector<registry::NamedAlias>& aliases,
                         const rollout::EvaluationContext& context) {
  std::string out;
  JsonWriter writer(out);
  writer.array();
  for (const registry::NamedAlias& alias : aliases) {
    checkCancelled();
    FlagKey flag{alias.asset, alias.alias, false};
    std::string key = flagKeyOf(alias.asset, alias.alias);
    try {
      auto served = call.core.prompts.serve(call.workspace, flag.prompt, flag.selector, context);
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

Plain evaluateAll(Call& call, const EvaluateAll& request) {
  rollout::EvaluationContext context = evaluationContextOf(request.context);
  std::string flags = evaluateEach(call, visibleAliases(call), context);
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
    post("/ofrep/v1/evaluate/flags", "Evaluate all flags", scanning(reads("prompts")), evaluateAll),
    // Python's provider does not encode the key: with folders it comes as several segments.
    post("/ofrep/v1/evaluate/flags/{key...}", "Evaluate a flag", reads("prompts"), evaluateOne),
};

}  // namespace

std::span<const Route> evaluationRoutes() { return routes; }

}  // namespace regesta::api::ofrep
