#include "api/ofrep/flag.h"

#include "base/json.h"
#include "prompt/prompt.h"

namespace regesta::api::ofrep {
namespace {

using Reason = rollout::Choice::Reason;

void writeContent(JsonWriter& writer, const registry::Version& version) {
  if (version.content.empty()) return;
  json::value parsed = parseJson(version.content);
  json::object& content = parsed.as_object();
  bool chat = content["type"] == "chat";
  writer.key("type").text(chat ? "chat" : "text");
  writer.key(chat ? "messages" : "template").raw(writeJson(content["template"]));
  for (std::string_view member : {"template_format", "model_config", "input_schema", "response_format", "tools"})
    if (const json::value* value = content.if_contains(member)) writer.key(member).raw(writeJson(*value));
}

}  // namespace

std::string flagValue(const delivery::Resolved& found) {
  const registry::Version& version = *found.composed;
  std::string out;
  JsonWriter writer(out);
  writer.object().key("name").text(version.asset.key.name).key("version").number(version.number);
  if (!version.semver.empty()) writer.key("semver").text(version.semver);
  writer.key("digest").text(version.digest);
  writeContent(writer, version);
  writer.end();
  return out;
}

std::string_view reasonOf(const delivery::Resolved& found) {
  switch (found.reason) {
    case Reason::split:
      return "SPLIT";
    case Reason::segment:
      return "TARGETING_MATCH";
    default:
      return "STATIC";
  }
}

std::string_view variantOf(const delivery::Resolved& found) {
  return found.variant.empty() ? std::string_view("stable") : std::string_view(found.variant);
}

std::string evaluationJson(std::string_view key, const FlagKey& flag, const delivery::Served& served) {
  const delivery::Resolved& found = served.answer;
  const registry::Version& version = *found.version;
  std::string out;
  JsonWriter writer(out);
  writer.object().key("key").text(key).key("value");
  if (flag.versionOnly)
    writer.text(std::to_string(version.number));
  else
    writer.raw(served.view(flagValue).body);
  writer.key("reason").text(reasonOf(found)).key("variant").text(variantOf(found)).key("metadata").object();
  writer.key("prompt").text(version.asset.key.name).key("selector").text(flag.selector);
  writer.key("version").number(version.number);
  if (!version.semver.empty()) writer.key("semver").text(version.semver);
  writer.key("digest").text(version.digest).key("why").text(found.why);
  if (found.rollout != 0) writer.key("rollout").number(found.rollout);
  writer.end().end();
  return out;
}

}  // namespace regesta::api::ofrep
