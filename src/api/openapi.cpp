#include "api/endpoint.h"

#include <set>

namespace regesta::api {
namespace {

/// "regesta::api::mlflow::Metric" → "mlflow.Metric".
std::string schemaName(std::string_view typeName) {
  std::string out;
  for (std::string_view rest = typeName; !rest.empty();) {
    std::size_t at = rest.find("::");
    std::string_view part = rest.substr(0, at);
    rest = at == std::string_view::npos ? std::string_view() : rest.substr(at + 2);
    if (part == "regesta" || part == "api" || part.starts_with("(")) continue;
    out += (out.empty() ? "" : ".") + std::string(part);
  }
  return out;
}

class Document {
 public:
  explicit Document(std::string& out) : w_(out) {}

  void write(std::span<const Front> fronts, std::string_view version) {
    w_.object().key("openapi").text("3.1.0");
    w_.key("info").object().key("title").text("Regesta").key("version").text(version).end();
    w_.key("paths").object();
    for (const auto& [pattern, routes] : byPattern(fronts)) {
      w_.key(pattern).object();
      for (const auto& [front, route] : routes) operation(*front, *route);
      w_.end();
    }
    w_.end();
    w_.key("components").object().key("schemas").object();
    // Writing a schema may name further ones, so this is a work list.
    while (!pending_.empty()) {
      auto [name, shape] = *pending_.begin();
      pending_.erase(pending_.begin());
      done_.insert(name);
      w_.key(name);
      objectSchema(*shape);
    }
    w_.end();
    w_.key("securitySchemes").object();
    w_.key("basic").object().key("type").text("http").key("scheme").text("basic").end();
    w_.key("bearer").object().key("type").text("http").key("scheme").text("bearer").end();
    w_.end().end().end();
  }

 private:
  using Entry = std::pair<const Front*, const Route*>;

  static std::map<std::string, std::vector<Entry>> byPattern(std::span<const Front> fronts) {
    std::map<std::string, std::vector<Entry>> paths;
    for (const Front& front : fronts)
      for (const Route& route : front.routes) paths[plainPattern(route.pattern)].emplace_back(&front, &route);
    return paths;
  }

  static std::string plainPattern(std::string_view pattern) {
    std::string out(pattern);
    if (auto at = out.find("...}"); at != std::string::npos) out.replace(at, 4, "}");
    return out;
  }

  static std::string lowerMethod(std::string_view method) {
    std::string out(method);
    for (char& c : out) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    return out;
  }

  void operation(const Front& front, const Route& route) {
    w_.key(lowerMethod(route.method)).object();
    w_.key("tags").array().text(front.dialect.name).end();
    access(route.access);
    bool inQuery = route.method == "GET" || route.method == "DELETE";
    parameters(route, inQuery);
    if (!inQuery && !route.request->fields.empty()) {
      w_.key("requestBody").object().key("content").object().key("application/json").object().key("schema");
      schema(*route.request, {});
      w_.end().end().end();
    }
    w_.key("responses").object();
    w_.key("200").object().key("description").text("done");
    if (route.answer) {
      w_.key("content").object().key("application/json").object().key("schema");
      schema(*route.answer, {});
      w_.end().end();
    }
    w_.end().key("default").object().key("description").text("an error in this front's dialect").end();
    w_.end().end();
  }

  void access(const AccessRule& rule) {
    static constexpr std::string_view verbs[] = {"read", "write", "approve", "administer",
                                                 "run"};  // as governance::Verb
    w_.key("security").array();
    if (rule.who != AccessRule::Who::anyone) {
      w_.object().key("basic").array().end().end();
      w_.object().key("bearer").array().end().end();
    }
    w_.end();
    w_.key("x-access")
        .text(rule.who == AccessRule::Who::anyone ? "anyone"
              : rule.who == AccessRule::Who::signedIn
                  ? "signed in"
                  : fmt::format("{} {}", verbs[static_cast<std::size_t>(rule.verb)], rule.resource));
  }

  void parameters(const Route& route, bool inQuery) {
    w_.key("parameters").array();
    std::set<std::string_view> inPath;
    for (std::size_t at = 0; (at = route.pattern.find('{', at)) != std::string_view::npos; ++at) {
      std::string_view name = route.pattern.substr(at + 1, route.pattern.find_first_of(".}", at) - at - 1);
      inPath.insert(name);
      w_.object().key("name").text(name).key("in").text("path").key("required").boolean(true);
      w_.key("schema").object().key("type").text("string").end().end();
    }
    if (inQuery) {
      for (const Field& field : route.request->fields) {
        if (inPath.contains(field.name)) continue;
        w_.object().key("name").text(field.name).key("in").text("query").key("required").boolean(field.rule.required);
        w_.key("schema");
        schema(*field.shape, field.rule);
        w_.end();
      }
    }
    w_.end();
  }

  void schema(const Shape& shape, const Rule& rule) {
    if (shape.sort == Sort::maybe) return schema(*shape.item, rule);
    if (shape.sort == Sort::object) {
      std::string name = schemaName(shape.name);
      if (!done_.contains(name)) pending_.emplace(name, &shape);
      w_.object().key("$ref").text("#/components/schemas/" + name).end();
      return;
    }
    w_.object();
    switch (shape.sort) {
      case Sort::text:
        w_.key("type").text("string");
        limits(rule, "minLength", "maxLength");
        break;
      case Sort::boolean:
        w_.key("type").text("boolean");
        break;
      case Sort::integer:
        w_.key("type").text("integer");
        limits(rule, "minimum", "maximum");
        break;
      case Sort::real:
        w_.key("type").text("number");
        break;
      case Sort::map:
        w_.key("type").text("object").key("additionalProperties").object().key("type").text("string").end();
        break;
      case Sort::list:
        w_.key("type").text("array").key("items");
        schema(*shape.item, {});
        limits(rule, "minItems", "maxItems");
        break;
      default:
        break;  // raw: any value
    }
    if (rule.words) {
      w_.key("enum").array();
      for (std::size_t i = 0; i < rule.wordCount; ++i) w_.text(rule.words[i]);
      w_.end();
    }
    if (!rule.about.empty()) w_.key("description").text(rule.about);
    w_.end();
  }

  void limits(const Rule& rule, std::string_view least, std::string_view most) {
    if (rule.least != Rule().least) w_.key(least).number(rule.least);
    if (rule.most != Rule().most) w_.key(most).number(rule.most);
  }

  void objectSchema(const Shape& shape) {
    w_.object().key("type").text("object").key("properties").object();
    for (const Field& field : shape.fields) {
      w_.key(field.name);
      schema(*field.shape, field.rule);
    }
    w_.end();
    w_.key("required").array();
    for (const Field& field : shape.fields)
      if (field.rule.required || field.rule.present) w_.text(field.name);
    w_.end().end();
  }

  JsonWriter w_;
  std::map<std::string, const Shape*> pending_;
  std::set<std::string> done_;
};

}  // namespace

std::string openApi(std::span<const Front> fronts, std::string_view version) {
  std::string out;
  Document(out).write(fronts, version);
  return out;
}

}  // namespace regesta::api
