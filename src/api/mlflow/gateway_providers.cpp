#include <algorithm>
#include <set>

#include "api/mlflow/gateway.h"
#include "base/json.h"
#include "gateway/model.h"

namespace regesta::api::mlflow {
namespace {

// What forms for secrets and models offer. Nothing here calls a provider, so other providers and models work as well.

struct Known {
  std::string_view provider;
  std::vector<std::string_view> chat, embeddings;
};

const std::vector<Known>& known() {
  static const std::vector<Known> all{
      {"anthropic", {"claude-haiku-4-5", "claude-opus-4-5", "claude-sonnet-4-5"}, {}},
      {"azure", {"gpt-4o", "gpt-4o-mini"}, {"text-embedding-3-small"}},
      {"bedrock", {"amazon.nova-lite-v1:0", "amazon.nova-pro-v1:0"}, {"amazon.titan-embed-text-v2:0"}},
      {"cohere", {"command-a-03-2025"}, {"embed-v4.0"}},
      {"databricks", {"databricks-claude-sonnet-4-5"}, {"databricks-gte-large-en"}},
      {"deepseek", {"deepseek-chat", "deepseek-reasoner"}, {}},
      {"gemini", {"gemini-2.5-flash", "gemini-2.5-pro"}, {"gemini-embedding-001"}},
      {"groq", {"llama-3.3-70b-versatile"}, {}},
      {"mistral", {"mistral-large-latest", "mistral-small-latest"}, {"mistral-embed"}},
      {"ollama", {"llama3.1"}, {"nomic-embed-text"}},
      {"openai",
       {"gpt-4o", "gpt-4o-mini", "gpt-5", "gpt-5-mini"},
       {"text-embedding-3-large", "text-embedding-3-small"}},
      {"openrouter", {"openrouter/auto"}, {}},
      {"together_ai", {"meta-llama/Llama-3.3-70B-Instruct-Turbo"}, {}},
      {"vertex_ai", {"gemini-2.5-flash", "gemini-2.5-pro"}, {"text-embedding-005"}},
      {"xai", {"grok-4"}, {}},
  };
  return all;
}

struct Providers {
  std::vector<std::string> providers;
  static constexpr Field fields[] = {field<&Providers::providers>("providers")};
};
struct ModelsQuery {
  std::string provider;
  static constexpr Field fields[] = {field<&ModelsQuery::provider>("provider")};
};
struct KnownModel {
  std::string model, provider, mode;
  static constexpr Field fields[] = {field<&KnownModel::model>("model"), field<&KnownModel::provider>("provider"),
                                     field<&KnownModel::mode>("mode")};
};
struct KnownModels {
  std::vector<KnownModel> models;
  static constexpr Field fields[] = {field<&KnownModels::models>("models")};
};
struct ProviderQuery {
  std::string provider;
  static constexpr Field fields[] = {field<&ProviderQuery::provider>("provider", required)};
};
/// Both lists are present even if empty.
struct AuthMode {
  std::string mode, display_name, description;
  RawJson secret_fields, config_fields;
  static constexpr Field fields[] = {field<&AuthMode::mode>("mode"), field<&AuthMode::display_name>("display_name"),
                                     field<&AuthMode::description>("description"),
                                     field<&AuthMode::secret_fields>("secret_fields"),
                                     field<&AuthMode::config_fields>("config_fields")};
};
struct ProviderConfig {
  std::vector<AuthMode> auth_modes;
  std::string default_mode;
  static constexpr Field fields[] = {field<&ProviderConfig::auth_modes>("auth_modes"),
                                     field<&ProviderConfig::default_mode>("default_mode")};
};

struct Input {
  std::string_view name, description;
  bool needed = true;
};

RawJson listOf(std::initializer_list<Input> inputs) {
  RawJson list;
  JsonWriter w(list.text);
  w.array();
  for (const Input& input : inputs) {
    w.object().key("name").text(input.name).key("type").text("string");
    w.key("description").text(input.description).key("required").boolean(input.needed).end();
  }
  w.end();
  return list;
}

/// Those of the list above and those of the workspace's models.
Providers listProviders(Call& call, const Empty&) {
  std::set<std::string> names;
  for (const Known& one : known()) names.emplace(one.provider);
  call.core.store.read([&](db::Transaction& transaction) {
    for (const gateway::Model& model : gateway::listModels(transaction, call.workspace, {}, {}))
      names.insert(model.provider);
  });
  return {{names.begin(), names.end()}};
}

KnownModels listKnownModels(Call& call, const ModelsQuery& in) {
  KnownModels found;
  std::set<std::pair<std::string, std::string>> seen;
  auto add = [&](std::string_view provider, std::string_view model, std::string_view mode) {
    if ((in.provider.empty() || in.provider == provider) && seen.emplace(provider, model).second)
      found.models.push_back({std::string(model), std::string(provider), std::string(mode)});
  };
  for (const Known& one : known()) {
    for (std::string_view model : one.chat) add(one.provider, model, "chat");
    for (std::string_view model : one.embeddings) add(one.provider, model, "embedding");
  }
  call.core.store.read([&](db::Transaction& transaction) {
    for (const gateway::Model& model : gateway::listModels(transaction, call.workspace, {}, {}))
      add(model.provider, model.model, "chat");
  });
  return found;
}

/// What a secret for the provider holds.
ProviderConfig providerConfig(Call&, const ProviderQuery& in) {
  constexpr Input region{"aws_region_name", "region, for example us-east-1", false};
  constexpr Input base{"api_base", "address of the API, if it is not the provider's own", false};
  std::vector<AuthMode> modes;
  if (in.provider == "bedrock") {
    modes.push_back({"api_key", "API key", "a key of Amazon Bedrock", listOf({{"api_key", "API key"}}),
                     listOf({{region.name, region.description, true}})});
    modes.push_back({"access_keys", "Access keys", "an access key of AWS with its secret",
                     listOf({{"aws_access_key_id", "access key"}, {"aws_secret_access_key", "its secret"}}),
                     listOf({region})});
    modes.push_back({"iam_role", "Role", "a role that the gateway's own AWS identity assumes", listOf({}),
                     listOf({{"aws_role_name", "ARN of the role"}, region})});
  } else if (in.provider == "vertex_ai") {
    modes.push_back({"service_account_json", "Service account", "the JSON key of a service account",
                     listOf({{"vertex_credentials", "JSON key"}}),
                     listOf({{"vertex_project", "project", false}, {"vertex_location", "location", false}})});
  } else {
    modes.push_back({"api_key", "API key", "a key of the provider", listOf({{"api_key", "API key"}}), listOf({base})});
  }
  std::string first = modes.front().mode;
  return {std::move(modes), std::move(first)};
}

}  // namespace

std::span<const Route> gatewayProviderRoutes() {
  constexpr std::string_view what = "the gateway";
  static const Route routes[] = {
      get("/api/3.0/mlflow/gateway/supported-providers", "List providers to offer for the gateway", reads(what),
          listProviders),
      get("/api/3.0/mlflow/gateway/supported-models", "List models to offer for the gateway", reads(what),
          listKnownModels),
      get("/api/3.0/mlflow/gateway/provider-config", "Get what a secret for a provider holds", reads(what),
          providerConfig),
  };
  return routes;
}

}  // namespace regesta::api::mlflow
