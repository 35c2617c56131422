#include <set>

#include "api/endpoint.h"
#include "api/openapi_example.h"

namespace regesta::api {
namespace {

/// "regesta::api::mlflow::Metric" → "mlflow.Metric", "…::native::Page<…::native::JobAnswer>" →
/// "native.Page-native.JobAnswer": component names allow no other characters.
std::string schemaName(std::string_view typeName) {
  if (std::size_t open = typeName.find('<'); open != std::string_view::npos)
    return schemaName(typeName.substr(0, open)) + "-" +
           schemaName(typeName.substr(open + 1, typeName.rfind('>') - open - 1));
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

/// What the document says of one route, piecewise or not.
struct Operation {
  const Front* front;
  std::string_view method, pattern, summary;
  AccessRule access;
  const Shape* request = nullptr;  ///< null: a body of bytes
  const Shape* answer = nullptr;   ///< null: text or bytes
  bool streaming = false;
};

Operation operationOf(const Front& front, const Route& route) {
  return {&front, route.method, route.pattern, route.summary, route.access, route.request, route.answer};
}
Operation operationOf(const Front& front, const StreamRoute& route) {
  return {.front = &front,
          .method = route.method,
          .pattern = route.pattern,
          .summary = route.summary,
          .access = route.access,
          .streaming = true};
}

std::string_view verbOf(const AccessRule& rule) {
  static constexpr std::string_view verbs[] = {"read", "write", "approve", "administer", "run"};  // as governance::Verb
  return verbs[static_cast<std::size_t>(rule.verb)];
}

std::string description(const Operation& operation) {
  std::string out;
  if (operation.request && !operation.request->documentation.empty())
    out = std::string(operation.request->documentation) + " ";
  switch (operation.access.who) {
    case AccessRule::Who::anyone:
      return out + "No authentication is needed.";
    case AccessRule::Who::signedIn:
      return out + "Any authenticated caller may use it.";
    case AccessRule::Who::role:
      break;
  }
  return out + fmt::format("Requires permission to {} {}.", verbOf(operation.access), operation.access.resource);
}

/// "GET /api/v1/assets/{kind}" → "get_api_v1_assets_kind": stable as long as the route is, for client generators. A
/// pattern that ends with '/' is another route than the one without: "GET /docs/" → "get_docs_index".
std::string operationId(std::string_view method, std::string_view pattern) {
  std::string out(method);
  for (char c : pattern) {
    bool word = std::isalnum(static_cast<unsigned char>(c)) != 0;
    if (word || out.back() != '_') out += word ? c : '_';
  }
  while (out.back() == '_') out.pop_back();
  if (pattern.ends_with('/')) out += "_index";
  for (char& c : out) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return out;
}

class Document {
 public:
  explicit Document(std::string& out) : w_(out) {}

  void write(std::span<const Front> fronts, std::string_view version) {
    w_.object().key("openapi").text("3.1.0");
    w_.key("info").object().key("title").text("Regesta").key("version").text(version).end();
    w_.key("paths").object();
    for (const auto& [pattern, operations] : byPattern(fronts)) {
      w_.key(pattern).object();
      for (const Operation& operation : operations) write(operation, pattern);
      w_.end();
    }
    w_.end();
    w_.key("components").object().key("schemas").object();
    // Writing a schema may name further ones, so this is a work list.
    while (!pending_.empty()) {
      const Shape* shape = pending_.back();
      pending_.pop_back();
      w_.key(names_.at(shape));
      objectSchema(*shape);
    }
    w_.end();
    w_.key("securitySchemes").object();
    w_.key("basic").object().key("type").text("http").key("scheme").text("basic").end();
    w_.key("bearer").object().key("type").text("http").key("scheme").text("bearer").end();
    w_.end().end().end();
  }

 private:
  static std::map<std::string, std::vector<Operation>> byPattern(std::span<const Front> fronts) {
    std::map<std::string, std::vector<Operation>> paths;
    for (const Front& front : fronts) {
      for (const Route& route : front.routes) paths[plainPattern(route.pattern)].push_back(operationOf(front, route));
      for (const StreamRoute& route : front.streams)
        paths[plainPattern(route.pattern)].push_back(operationOf(front, route));
    }
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

  void write(const Operation& operation, std::string_view pattern) {
    w_.key(lowerMethod(operation.method)).object();
    w_.key("operationId").text(operationId(operation.method, pattern));
    w_.key("tags").array().text(operation.front->dialect.name).end();
    w_.key("summary").text(operation.summary).key("description").text(description(operation));
    access(operation.access);
    if (operation.streaming) w_.key("x-streaming").boolean(true);
    bool inQuery = operation.method == "GET" || operation.method == "DELETE";
    parameters(operation, inQuery);
    if (!inQuery) requestBody(operation);
    w_.key("responses").object();
    w_.key("200").object().key("description").text("done");
    if (operation.answer) jsonContent(*operation.answer);
    w_.end().key("default").object().key("description").text("an error in this front's dialect").end();
    w_.end().end();
  }

  void requestBody(const Operation& operation) {
    if (!operation.streaming && operation.request->fields.empty()) return;
    w_.key("requestBody").object();
    if (operation.streaming)
      w_.key("content").object().key("application/octet-stream").object().end().end();
    else
      jsonContent(*operation.request);
    w_.end();
  }

  void jsonContent(const Shape& shape) {
    w_.key("content").object().key("application/json").object().key("schema");
    schema(shape, "", {});
    w_.key("example");
    writeExample(w_, shape, "", {});
    w_.end().end();
  }

  void access(const AccessRule& rule) {
    w_.key("security").array();
    if (rule.who != AccessRule::Who::anyone) {
      w_.object().key("basic").array().end().end();
      w_.object().key("bearer").array().end().end();
    }
    w_.end();
    w_.key("x-access")
        .text(rule.who == AccessRule::Who::anyone     ? "anyone"
              : rule.who == AccessRule::Who::signedIn ? "signed in"
                                                      : fmt::format("{} {}", verbOf(rule), rule.resource));
  }

  void parameters(const Operation& operation, bool inQuery) {
    static constexpr Rule free;
    w_.key("parameters").array();
    std::string_view pattern = operation.pattern;
    std::set<std::string_view> inPath;
    for (std::size_t at = 0; (at = pattern.find('{', at)) != std::string_view::npos; ++at) {
      std::string_view name = pattern.substr(at + 1, pattern.find_first_of(".}", at) - at - 1);
      inPath.insert(name);
      w_.object().key("name").text(name).key("in").text("path").key("required").boolean(true);
      w_.key("schema").object().key("type").text("string").end();
      w_.key("example");
      writeExample(w_, shapeOf<std::string>, name, free);
      w_.end();
    }
    if (inQuery && operation.request) {
      for (const Field& field : operation.request->fields) {
        if (inPath.contains(field.name)) continue;
        w_.object().key("name").text(field.name).key("in").text("query").key("required").boolean(field.rule.required);
        if (!field.rule.about.empty()) w_.key("description").text(field.rule.about);
        w_.key("schema");
        schema(*field.shape, field.name, field.rule);
        w_.end();
      }
    }
    w_.end();
  }

  /// The type's name in the document; the first call also orders its schema. Types of the same name in different files
  /// get a number.
  const std::string& nameOf(const Shape& shape) {
    auto [there, added] = names_.try_emplace(&shape);
    if (added) {
      std::string base = schemaName(shape.name);
      there->second = base;
      for (int n = 2; !taken_.insert(there->second).second; ++n) there->second = fmt::format("{}-{}", base, n);
      pending_.push_back(&shape);
    }
    return there->second;
  }

  void schema(const Shape& shape, std::string_view name, const Rule& rule) {
    if (shape.sort == Sort::maybe) return schema(*shape.item, name, rule);
    if (shape.sort == Sort::object) {
      w_.object().key("$ref").text("#/components/schemas/" + nameOf(shape)).end();
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
        schema(*shape.item, name, {.words = rule.words, .wordCount = rule.wordCount});
        limits(rule, "minItems", "maxItems");
        break;
      default:
        break;  // raw: any value
    }
    if (rule.words && shape.sort != Sort::list) {
      w_.key("enum").array();
      for (std::size_t i = 0; i < rule.wordCount; ++i) w_.text(rule.words[i]);
      w_.end();
    }
    if (!rule.about.empty()) w_.key("description").text(rule.about);
    if (shape.sort != Sort::list && hasExample(shape, name, rule)) {
      w_.key("examples").array();
      writeExample(w_, shape, name, rule);
      w_.end();
    }
    w_.end();
  }

  void limits(const Rule& rule, std::string_view least, std::string_view most) {
    if (rule.least != Rule().least) w_.key(least).number(rule.least);
    if (rule.most != Rule().most) w_.key(most).number(rule.most);
  }

  void objectSchema(const Shape& shape) {
    w_.object().key("type").text("object");
    if (!shape.documentation.empty()) w_.key("description").text(shape.documentation);
    w_.key("properties").object();
    for (const Field& field : shape.fields) {
      w_.key(field.name);
      schema(*field.shape, field.name, field.rule);
    }
    w_.end();
    w_.key("required").array();
    for (const Field& field : shape.fields)
      if (field.rule.required || field.rule.present) w_.text(field.name);
    w_.end().end();
  }

  JsonWriter w_;
  std::map<const Shape*, std::string> names_;
  std::set<std::string> taken_;
  std::vector<const Shape*> pending_;  ///< named, not yet written
};

}  // namespace

std::string openApi(std::span<const Front> fronts, std::string_view version) {
  std::string out;
  Document(out).write(fronts, version);
  return out;
}

}  // namespace regesta::api
