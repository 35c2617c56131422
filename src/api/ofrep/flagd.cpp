#include "api/ofrep/flagd.h"

#include "api/ofrep/aliases.h"
#include "api/ofrep/flag.h"
#include "api/ofrep/flagd_rules.h"
#include "crypto/hash.h"
#include "delivery/target.h"
#include "http/conditional.h"
#include "registry/workspace.h"

namespace regesta::api::ofrep {
namespace {

struct FileQuery {
  std::string workspace, alias;
  static constexpr Field fields[] = {
      field<&FileQuery::workspace>("workspace", required),
      field<&FileQuery::alias>("alias", about("only this one: a prompt's bare name stands for it then"))};
};

/// One alias of a prompt as two flags: the prompt, and its version as text.
struct Flag {
  std::string variants, versions;  ///< JSON objects by variant
  std::string usual;               ///< defaultVariant
  std::string targeting;           ///< JSON; empty: none
  std::string metadata;
};

/// Empty if flagd cannot express the alias's rollout.
std::optional<Flag> flagOf(const delivery::Target& target) {
  const rollout::Chooser* chooser = target.chooser();
  Flag flag;
  JsonWriter values(flag.variants), versions(flag.versions), metadata(flag.metadata);
  values.object();
  versions.object();
  for (const auto& served : target.answers()) {
    std::string_view variant = variantOf(served->answer);
    values.key(variant).raw(served->view(flagValue).body);
    versions.key(variant).text(std::to_string(served->answer.version->number));
  }
  values.end();
  versions.end();
  const delivery::Resolved& usual = target.serve({})->answer;
  flag.usual = variantOf(usual);
  metadata.object().key("prompt").text(usual.version->asset.key.name);
  if (chooser) {
    std::optional<json::value> targeting = targetingOf(chooser->rollout());
    if (!targeting) return std::nullopt;
    if (!targeting->is_null()) flag.targeting = writeJson(*targeting);
    metadata.key("rollout").number(chooser->rollout().id);
  }
  metadata.end();
  return flag;
}

void writeFlag(JsonWriter& writer, std::string_view key, const Flag& flag, const std::string& variants) {
  writer.key(key).object().key("state").text("ENABLED").key("variants").raw(variants);
  writer.key("defaultVariant").text(flag.usual);
  if (!flag.targeting.empty()) writer.key("targeting").raw(flag.targeting);
  writer.key("metadata").raw(flag.metadata).end();
}

std::string fileOf(Call& call, const FileQuery& query) {
  std::string out, omitted;
  JsonWriter writer(out);
  writer.object().key("$schema").text("https://flagd.dev/schema/v0/flags.json").key("flags").object();
  for (const registry::NamedAlias& alias : visibleAliases(call)) {
    if (!query.alias.empty() && alias.alias != query.alias) continue;
    std::string key = query.alias.empty() ? flagKeyOf(alias.asset, alias.alias) : alias.asset;
    std::optional<Flag> flag = flagOf(*call.core.prompts.target(call.workspace, alias.asset, alias.alias));
    if (!flag) {
      omitted += omitted.empty() ? key : ", " + key;
      continue;
    }
    writeFlag(writer, key, *flag, flag->variants);
    writeFlag(writer, key + std::string(versionSuffix), *flag, flag->versions);
  }
  writer.end().key("metadata").object().key("workspace").text(call.workspace);
  if (!omitted.empty()) writer.key("omitted").text(omitted);
  writer.end().end();
  return out;
}

Plain flagFile(Call& call, const FileQuery& query) {
  call.workspace = query.workspace;
  call.identity->require(access::Verb::read, call.workspace);
  call.core.store.read([&](db::Transaction& transaction) { registry::getWorkspace(transaction, call.workspace); });
  Plain answer;
  answer.body = fileOf(call, query);
  std::string etag = fmt::format("\"{}\"", crypto::sha256Hex(answer.body).substr(0, 32));
  auto known = call.http.headers.get("If-None-Match");
  if (known && http::etagMatches(*known, etag, true)) return http::notModified({etag, std::nullopt});
  answer.headers.set("ETag", etag);
  answer.headers.set("Cache-Control", "private, no-cache");
  return answer;
}

const Route routes[] = {
    get("/flagd/{workspace}.json", "Get the flags of a workspace for flagd", scanning(signedIn()), flagFile)};

}  // namespace

std::span<const Route> flagFileRoutes() { return routes; }

}  // namespace regesta::api::ofrep
