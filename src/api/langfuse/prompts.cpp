#include "api/langfuse/prompts.h"

#include <algorithm>

#include "api/langfuse/labels.h"
#include "api/langfuse/prompt_list.h"
#include "delivery/register.h"
#include "delivery/resolve.h"
#include "governance/gate.h"
#include "prompt/compose.h"
#include "registry/pointer.h"

namespace regesta::api::langfuse {
namespace {

using access::Verb;
using registry::Change;

struct PromptQuery {
  std::string name;
  std::int64_t version = 0;
  std::string label;
  bool resolve = true;
  static constexpr Field fields[] = {
      field<&PromptQuery::name>("name", required), field<&PromptQuery::version>("version", atLeast(0)),
      field<&PromptQuery::label>("label", about("default: production; also a SemVer, a range or a bucketed label")),
      field<&PromptQuery::resolve>("resolve", about("false: with dependency tags as they are stored"))};
};
struct LabelChange {
  std::string name;
  std::int64_t version = 0;
  std::vector<std::string> newLabels;
  static constexpr Field fields[] = {field<&LabelChange::name>("name", required),
                                     field<&LabelChange::version>("version", required | atLeast(1)),
                                     field<&LabelChange::newLabels>("newLabels")};
};

registry::AssetKey keyOf(const Call& call, const std::string& name) {
  return {call.workspace, registry::Kind::prompt, name};
}

/// "label 'x'" or "version 3", for the message of a 404.
std::string wanted(const PromptQuery& query) {
  return query.version > 0 ? fmt::format("version {}", query.version) : fmt::format("label '{}'", query.label);
}

/// The query with its default filled in.
PromptQuery checked(PromptQuery query) {
  if (query.version > 0 && !query.label.empty()) throw Invalid("version", "must not be given with \"label\"");
  if (query.version == 0 && query.label.empty()) query.label = "production";
  return query;
}

std::string selectorOf(const PromptQuery& query) {
  return query.version > 0 ? std::to_string(query.version) : query.label;
}

delivery::Resolved find(Call& call, const PromptQuery& query) {
  try {
    return call.core.prompts.resolve(call.workspace, query.name, selectorOf(query), {});
  } catch (const Error& e) {
    if (e.code != Code::notFound) throw;
    throw error(Code::notFound, "Prompt not found: '{}' with {}", query.name, wanted(query));
  }
}

prompt::Prompt contentOf(const registry::Version& version) {
  if (version.content.empty())
    throw error(Code::notFound, "Prompt not found: version {} of '{}' has no content", version.number,
                version.asset.key.name);
  return prompt::parsePrompt(version.content);
}

/// A stored version, with its dependency tags.
PromptAnswer stored(db::Transaction& transaction, const registry::Version& version) {
  std::optional<registry::Version> newest = registry::newestVersion(transaction, version.asset);
  return answerOf(version, contentOf(version), registry::aliasesOf(transaction, version),
                  newest && newest->number == version.number);
}

/// The present row, after labels have moved.
PromptAnswer rowOf(Call& call, const registry::AssetKey& key, std::int64_t number) {
  return call.core.store.read([&](db::Transaction& transaction) {
    return stored(transaction, registry::getVersion(transaction, key, number));
  });
}

/// Which versions were put into this one: {"root","dependencies": node → nodes}.
std::string graphOf(Call& call, const registry::Version& version) {
  prompt::Composed made =
      call.core.store.read([&](db::Transaction& transaction) { return prompt::compose(transaction, version); });
  auto idOf = [](std::string_view name, std::int64_t number) { return fmt::format("{}@{}", name, number); };
  auto node = [&](std::string_view name, std::int64_t number) {
    return json::object{{"name", name}, {"version", number}, {"id", idOf(name, number)}};
  };
  json::object dependencies;
  for (const prompt::Dependency& one : made.dependencies) {
    json::value& children = dependencies.emplace(one.parent, json::array()).first->value();
    children.get_array().emplace_back(node(one.name, one.number));
  }
  return writeJson(
      json::object{{"root", node(version.asset.key.name, version.number)}, {"dependencies", std::move(dependencies)}});
}

/// Past every cache, for looking at: a prompt whose dependencies are broken can still be read.
PromptAnswer getStored(Call& call, const PromptQuery& query) {
  return call.core.store.read([&](db::Transaction& transaction) {
    return stored(transaction, registry::resolveVersion(transaction, keyOf(call, query.name), selectorOf(query)));
  });
}

PromptAnswer getPrompt(Call& call, const PromptQuery& request) {
  call.require(Verb::read, request.name);
  PromptQuery query = checked(request);
  if (!query.resolve) return getStored(call, query);
  delivery::Resolved found = find(call, query);
  delivery::Resolved newest = call.core.prompts.resolve(call.workspace, query.name, latestLabel, {});
  PromptAnswer answer = answerOf(*found.version, contentOf(*found.composed), std::move(found.aliases),
                                 newest.version->number == found.version->number);
  if (found.composed != found.version) answer.resolutionGraph.text = graphOf(call, *found.version);
  return answer;
}

/// Langfuse's rules for what is new, beyond the register's own.
void checkNew(const NewPrompt& request, const prompt::Prompt& prompt) {
  if (request.name.find('|') != std::string::npos)
    throw Invalid("name", "must not contain '|', which separates the parts of a dependency tag");
  for (const prompt::Message& message : prompt.messages) {
    if (message.placeholder.empty()) continue;
    std::string variable = "{{" + message.placeholder + "}}";
    for (std::string_view text : prompt.templates())
      if (text.find(variable) != std::string_view::npos)
        throw Invalid("prompt", fmt::format("must not use '{}' for a placeholder and a variable", message.placeholder));
  }
}

std::int64_t createVersion(Call& call, const registry::AssetKey& key, const NewPrompt& request) {
  delivery::NewPrompt made{.prompt = promptOf(request), .lenient = true};
  checkNew(request, made.prompt);
  made.version.description = request.commitMessage;
  made.version.evenIfSame = true;  // Langfuse's habit: what is created is a version
  return call.core.store.change(call.actor(), [&](Change& change) {
    auto asset = registry::findAsset(change.transaction, key);
    if (!asset) asset = registry::createAsset(change, key, "", {});
    auto newest = registry::newestVersion(change.transaction, *asset);
    if (newest && !newest->content.empty() && prompt::parsePrompt(newest->content).chat != made.prompt.chat)
      throw Invalid("type", fmt::format("must be {} as in the versions before", made.prompt.chat ? "text" : "chat"));
    std::int64_t number = delivery::registerPrompt(change, *call.identity, *asset, made).version.number;
    if (request.tags) replaceWords(change, *asset, *request.tags);
    return number;
  });
}

PromptAnswer createPrompt(Call& call, const NewPrompt& request) {
  call.require(Verb::write, request.name);
  registry::AssetKey key = keyOf(call, request.name);
  std::vector<std::string> labels = settableLabels(request.labels);
  std::int64_t number = createVersion(call, key, request);
  Labelling labelling = moveLabels(call, key, number, labels);
  if (!labelling.held.empty())
    throw Error(Code::refused,
                fmt::format("Version {} of '{}' is created, but {}", number, request.name, labelling.text),
                fmt::format(R"({{"version":{},"labels":{}}})", number, labelling.details));
  call.status = 201;
  return rowOf(call, key, number);
}

PromptAnswer changeLabels(Call& call, const LabelChange& request) {
  call.require(Verb::write, request.name);
  registry::AssetKey key = keyOf(call, request.name);
  if (std::ranges::find(request.newLabels, latestLabel) != request.newLabels.end())
    throw Invalid("newLabels", "must not hold \"latest\", which is the newest version's");
  std::vector<std::string> labels = settableLabels(request.newLabels);
  rowOf(call, key, request.version);  // there is such a version
  Labelling labelling = moveLabels(call, key, request.version, labels);
  if (!labelling.held.empty())
    throw Error(Code::refused, fmt::format("'{}': {}", request.name, labelling.text),
                fmt::format(R"({{"labels":{}}})", labelling.details));
  return rowOf(call, key, request.version);
}

Empty deletePrompt(Call& call, const PromptQuery& request) {
  call.require(Verb::write, request.name);
  registry::AssetKey key = keyOf(call, request.name);
  bool whole = request.version == 0 && request.label.empty();
  std::int64_t number = whole ? 0 : find(call, checked(request)).version->number;
  call.core.store.change(call.actor(), [&](Change& change) {
    // Langfuse's clients cannot ask for force: labels that no policy protects go with what they point to.
    constexpr auto labels = governance::Gate::Pointers::remove;
    if (whole) {
      registry::Asset asset = registry::getAsset(change.transaction, key);
      registry::deleteAsset(change, asset, governance::Gate::removal(change, *call.identity, asset, labels));
    } else {
      registry::Version version = registry::getVersion(change.transaction, key, number);
      registry::deleteVersion(change, version, governance::Gate::removal(change, *call.identity, version, labels));
    }
  });
  call.status = 204;
  return {};
}

const Route routes[] = {
    get("/api/public/v2/prompts", "List prompts", scanning(reads("prompts")), listPrompts),
    post("/api/public/v2/prompts", "Create a prompt version", writes("prompts"), createPrompt),
    // SDKs send a name in folders as one segment (a%2Fb); other clients may not.
    get("/api/public/v2/prompts/{name...}", "Get a prompt by version or label", reads("prompts"), getPrompt),
    del("/api/public/v2/prompts/{name...}", "Delete a prompt or some of its versions", writes("prompts"), deletePrompt),
    patch("/api/public/v2/prompts/{name...}/versions/{version}", "Set the labels of a prompt version",
          writes("prompts"), changeLabels),
};

}  // namespace

std::span<const Route> promptRoutes() { return routes; }

}  // namespace regesta::api::langfuse
