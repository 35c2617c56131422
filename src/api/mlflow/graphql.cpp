#include "api/mlflow/graphql.h"

#include <algorithm>
#include <cctype>
#include <utility>

#include "api/graphql_execution.h"
#include "api/graphql_schema.h"
#include "api/mlflow/dialect.h"
#include "api/mlflow/front.h"
#include "registry/workspace.h"

namespace regesta::api::mlflow {
namespace {

// MLflow's limits of one request.
constexpr std::size_t rootFieldsMost = 10, aliasesMost = 10, depthMost = 10, selectionsMost = 1000;

struct RootField {
  std::string_view name, method, pattern;
};
constexpr RootField rootFields[] = {
    {"mlflowGetExperiment", "GET", "/api/2.0/mlflow/experiments/get"},
    {"mlflowGetMetricHistoryBulkInterval", "GET", "/api/2.0/mlflow/metrics/get-history-bulk-interval"},
    {"mlflowGetRun", "GET", "/api/2.0/mlflow/runs/get"},
    {"mlflowListArtifacts", "GET", "/api/2.0/mlflow/artifacts/list"},
    {"mlflowSearchModelVersions", "POST", "/api/2.0/mlflow/model-versions/search"},
    {"mlflowSearchRuns", "POST", "/api/2.0/mlflow/runs/search"},
    {"mlflowSearchDatasets", "POST", "/api/2.0/mlflow/experiments/search-datasets"},
};

const graphql::Schema& schema() {
  static const graphql::Schema read(
#include "api/mlflow/schema.inc"
  );
  return read;
}

const Route& routeOf(std::string_view field) {
  static const Front all = front();
  const RootField* root = std::ranges::find(rootFields, field, &RootField::name);
  if (root != std::end(rootFields))
    for (const Route& route : all.routes)
      if (route.pattern == root->pattern && route.method == root->method) return route;
  throw error(Code::internal, "GraphQL field '{}' has no route", field);
}

std::string snakeCase(std::string_view name) {
  std::string out;
  for (char c : name) {
    if (c >= 'A' && c <= 'Z') out += '_';
    out += static_cast<char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
  }
  return out;
}

/// A member that a message does not set has protobuf's default.
json::value unset(std::string_view type, const json::object& wanted) {
  if (wanted.contains("list")) return json::array();
  if (type == "ApiError") return nullptr;
  if (wanted.contains("fields")) return json::object();
  if (type == "String") return "";
  if (type == "LongString") return "0";
  if (type == "Int" || type == "Float") return 0;
  if (type == "Boolean") return false;
  return nullptr;
}

class MlflowExecution : public graphql::Execution {
 public:
  using Execution::Execution;

 private:
  json::value valueOf(const json::object& parent, const std::string& type, const std::string& name,
                      const json::object& wanted) override {
    if (type == "Query" || type == "Mutation") return rootValue(name, wanted.at("args").as_object());
    if (type == "MlflowRunExtension" && name == "experiment")
      return serve("mlflowGetExperiment", {{"experiment_id", infoOf(parent).at("experiment_id")}}).at("experiment");
    if (type == "MlflowRunExtension" && name == "modelVersions")
      return serve("mlflowSearchModelVersions",
                   {{"filter", fmt::format("run_id='{}'", memberText(infoOf(parent), "run_id"))}})
          .at("model_versions");
    std::string kind = memberText(wanted, "type");
    const json::value* member = parent.if_contains(snakeCase(name));
    if (!member || member->is_null()) return unset(kind, wanted);
    if (kind == "LongString" && member->is_number()) return json::value(json::serialize(*member));
    if (kind == "Float" && member->is_string()) return nullptr;  // NaN is not a number of GraphQL
    return *member;
  }

  json::value errorItem(const Error& shown, json::array) const override { return json::value(messageOf(shown)); }

  static const json::object& infoOf(const json::object& run) { return run.at("info").as_object(); }

  json::value rootValue(const std::string& name, const json::object& args) {
    if (name.starts_with("test")) return json::object{{"output", memberText(args, "inputString")}};
    const json::value* input = args.if_contains("input");
    return serve(name, input && input->is_object() ? input->get_object() : json::object());
  }

  json::object serve(std::string_view field, const json::object& input) {
    countResolver();
    const Route& route = routeOf(field);
    if (route.access.who == AccessRule::Who::role) call_.identity->require(route.access.verb, call_.workspace);
    Manner manner = dialect().manner;
    manner.omitEmptyLists = false;
    http::Response response;
    route.invoke(route.handler, call_, json::value(input), manner, response);
    return parseJson(response.body).as_object();
  }
};

/// A quoted text or """ block """ of a query: the place of its last character.
std::size_t endOfText(std::string_view query, std::size_t at) {
  std::string_view quotes = query.substr(at, 3) == "\"\"\"" ? "\"\"\"" : "\"";
  for (at += quotes.size(); at < query.size(); ++at) {
    if (query[at] == '\\')
      ++at;
    else if (query.substr(at, quotes.size()) == quotes)
      return at + quotes.size() - 1;
  }
  return query.size();
}

void checkDepth(std::size_t depth) {
  if (depth > depthMost) throw error(Code::invalid, "Query exceeds maximum depth of {}", depthMost);
}

void checkSelections(std::size_t selections) {
  if (selections > selectionsMost)
    throw error(Code::invalid, "Query exceeds maximum total selections of {}", selectionsMost);
}

/// Throws Error{invalid} for more than MLflow's server accepts.
void checkSize(const json::array& fields, std::size_t depth, std::size_t& selections) {
  checkDepth(depth);
  checkSelections(selections += fields.size());
  auto checkCount = [](std::size_t count, std::size_t most, std::string_view what) {
    if (count > most)
      throw error(Code::invalid, "GraphQL queries should have at most {} {}, got {} {}.", most, what, count, what);
  };
  if (depth == 1) checkCount(fields.size(), rootFieldsMost, "root fields");
  auto isAlias = [](const json::value& field) { return field.at("key") != field.at("name"); };
  checkCount(static_cast<std::size_t>(std::ranges::count_if(fields, isAlias)), aliasesMost, "aliases");
  for (const json::value& field : fields)
    if (const json::value* below = field.as_object().if_contains("fields"))
      checkSize(below->as_array(), depth + 1, selections);
}

struct Size {
  std::size_t depth = 0, selections = 0;
};

/// Reads the names and punctuation of a query one by one, without texts, comments and arguments.
class Words {
 public:
  explicit Words(std::string_view query) : query_(query) {}
  /// A name, "...", or another single character; empty at the end.
  std::string_view next() {
    for (std::size_t arguments = 0; at_ < query_.size(); ++at_) {
      char c = query_[at_];
      if (c == '#') at_ = std::min(query_.find('\n', at_), query_.size());
      if (c == '"') at_ = endOfText(query_, at_);
      if (c == '(') ++arguments;
      if (c == ')' && arguments > 0) --arguments;
      if (arguments == 0 && (isName(c) || std::string_view("{}@:.").find(c) != std::string_view::npos)) return take();
    }
    return {};
  }

 private:
  static bool isName(char c) { return c == '_' || std::isalnum(static_cast<unsigned char>(c)) != 0; }
  std::string_view take() {
    std::size_t from = at_++;
    if (isName(query_[from]))
      while (at_ < query_.size() && isName(query_[at_])) ++at_;
    else if (query_.substr(from, 3) == "...")
      at_ += 2;
    return query_.substr(from, at_ - from);
  }
  std::string_view query_;
  std::size_t at_ = 0;
};

/// How deep selections are nested and how many fields they have, from the text: too large a query is refused as that,
/// whatever else is wrong with it.
Size sizeOf(std::string_view query) {
  Size size;
  std::size_t depth = 0;
  Words words(query);
  std::string_view before;
  for (std::string_view word = words.next(); !word.empty(); before = std::exchange(word, words.next())) {
    if (word == "{") size.depth = std::max(size.depth, ++depth);
    if (word == "}" && depth > 0) --depth;
    bool isField = depth > 0 && std::string_view("{}@:.").find(word.front()) == std::string_view::npos;
    if (word == ":" && depth > 0 && size.selections > 0) --size.selections;  // the name before it was an alias
    if (before == "..." && word == "on")
      word = "...";  // the type follows
    else if (isField && before != "@" && before != "...")
      ++size.selections;
  }
  return size;
}

/// The query of a request; empty for a body without one, which planOf() refuses.
std::string queryOf(std::string_view body) {
  json::value request = parseJson(body);
  return request.is_object() ? memberText(request.get_object(), "query") : std::string();
}

std::string answer(json::value data, json::array errors) {
  return writeJson(json::object{{"data", std::move(data)},
                                {"errors", errors.empty() ? json::value() : json::value(std::move(errors))}});
}

}  // namespace

std::optional<std::string> executeGraphql(Call& call, std::string_view body) {
  json::object plan;
  try {
    Size size = sizeOf(queryOf(body));
    checkDepth(size.depth);
    checkSelections(size.selections);
    plan = schema().planOf(body);
    std::size_t selections = 0;
    checkSize(plan.at("fields").as_array(), 1, selections);
  } catch (const graphql::UnknownRoot&) {
    return std::nullopt;
  } catch (const Error& fault) {
    if (fault.code != Code::invalid) throw;
    return answer(nullptr, {json::value(fault.message)});
  }
  Call own = call;
  if (auto workspace = call.http.headers.get(dialect().workspaceHeader); workspace && !workspace->empty()) {
    own.workspace = *workspace;
    own.core.store.read([&](db::Transaction& t) { registry::getWorkspace(t, own.workspace); });
  }
  MlflowExecution execution(own, false);
  json::value data = execution.run(plan);
  return answer(std::move(data), std::move(execution.errors));
}

}  // namespace regesta::api::mlflow
