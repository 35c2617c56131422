#include "base/json_schema.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include "base/error.h"
#include "base/json_schema_format.h"
#include "base/text.h"

namespace regesta {
namespace {

constexpr std::size_t mostProblems = 20;
constexpr std::size_t mostSteps = 1'000'000;
constexpr int mostDepth = 200;  // of schemas within schemas: a reference that leads to itself ends here

constexpr std::string_view cannotEnforce[] = {"$dynamicRef", "$recursiveRef", "unevaluatedProperties",
                                              "unevaluatedItems"};

[[noreturn]] void faulty(std::string rule) { throw Invalid("schema", std::move(rule)); }

double numberOf(const json::value& value) { return value.to_number<double>(); }

bool isWhole(const json::value& value) {
  return value.is_int64() || value.is_uint64() ||
         (value.is_double() && std::trunc(value.get_double()) == value.get_double());
}

bool isOfType(const json::value& value, std::string_view type) {
  if (type == "object") return value.is_object();
  if (type == "array") return value.is_array();
  if (type == "string") return value.is_string();
  if (type == "number") return value.is_number();
  if (type == "integer") return isWhole(value);
  if (type == "boolean") return value.is_bool();
  if (type == "null") return value.is_null();
  faulty(fmt::format("names the type \"{}\", which JSON Schema does not have", shorten(type, 50)));
}

std::string_view typeOf(const json::value& value) {
  if (value.is_number()) return isWhole(value) ? "integer" : "number";
  for (std::string_view type : {"object", "array", "string", "boolean", "null"})
    if (isOfType(value, type)) return type;
  return "value";
}

std::string pointerStep(std::string_view step) {
  std::string out = "/";
  for (char c : step) {
    if (c == '~')
      out += "~0";
    else if (c == '/')
      out += "~1";
    else
      out += c;
  }
  return out;
}

std::string shown(const json::value& value) { return shorten(writeJson(value), 120); }

class Checker {
 public:
  Checker(const json::value& root, const PatternSearch& matches) : root_(root), matches_(matches) {}

  void whole(const json::value& document) { check(root_, document, ""); }
  std::vector<SchemaProblem> problems;

 private:
  using Schema = json::object;

  void step() {
    if (++steps_ > mostSteps) throw Error(Code::tooLarge, "the JSON Schema takes more than a million steps to check");
  }
  void report(const std::string& path, std::string message) {
    ++broken_;
    if (problems.size() < mostProblems) problems.push_back({path, std::move(message)});
  }

  /// Whether the schema holds, without a word about it.
  bool holds(const json::value& schema, const json::value& value, const std::string& path) {
    std::vector<SchemaProblem> kept;
    kept.swap(problems);
    std::size_t before = broken_;
    check(schema, value, path);
    bool good = broken_ == before;
    broken_ = before;
    problems.swap(kept);
    return good;
  }

  void check(const json::value& schema, const json::value& value, const std::string& path);
  void checkReference(const Schema& schema, const json::value& value, const std::string& path);
  void checkAnything(const Schema& schema, const json::value& value, const std::string& path);
  void checkNumber(const Schema& schema, const json::value& value, const std::string& path);
  void checkText(const Schema& schema, std::string_view text, const std::string& path);
  void checkList(const Schema& schema, const json::array& list, const std::string& path);
  void checkContains(const Schema& schema, const json::array& list, const std::string& path);
  void checkUnique(const json::array& list, const std::string& path);
  void checkObject(const Schema& schema, const json::object& object, const std::string& path);
  void checkMembers(const Schema& schema, const json::object& object, const std::string& path);
  void checkDependencies(const Schema& schema, const json::object& object, const std::string& path);
  void checkCombined(const Schema& schema, const json::value& value, const std::string& path);

  std::optional<double> limit(const Schema& schema, std::string_view keyword) {
    const json::value* found = schema.if_contains(keyword);
    if (!found) return std::nullopt;
    if (!found->is_number()) faulty(fmt::format("has a {} that is not a number", keyword));
    return numberOf(*found);
  }
  const json::array* listIn(const Schema& schema, std::string_view keyword) {
    const json::value* found = schema.if_contains(keyword);
    if (!found) return nullptr;
    if (!found->is_array()) faulty(fmt::format("has a {} that is not a list", keyword));
    return &found->get_array();
  }
  const json::object* objectIn(const Schema& schema, std::string_view keyword) {
    const json::value* found = schema.if_contains(keyword);
    if (!found) return nullptr;
    if (!found->is_object()) faulty(fmt::format("has {} that are not an object", keyword));
    return &found->get_object();
  }
  void checkCount(const Schema& schema, std::string_view least, std::string_view most, std::size_t count,
                  std::string_view what, const std::string& path) {
    if (auto n = limit(schema, least); n && static_cast<double>(count) < *n)
      report(path, fmt::format("has {} {}, at least {} are required", count, what, *n));
    if (auto n = limit(schema, most); n && static_cast<double>(count) > *n)
      report(path, fmt::format("has {} {}, at most {} are allowed", count, what, *n));
  }
  void requireMembers(const json::array& names, const json::object& object, const std::string& path) {
    for (const json::value& name : names) {
      if (!name.is_string()) faulty("has a required that is not a list of names");
      if (!object.contains(name.get_string()))
        report(path, fmt::format("lacks the required member \"{}\"", std::string_view(name.get_string())));
    }
  }

  const json::value& root_;
  const PatternSearch& matches_;
  std::size_t steps_ = 0, broken_ = 0;
  int depth_ = 0;
};

void Checker::check(const json::value& schema, const json::value& value, const std::string& path) {
  step();
  if (schema.is_bool()) {
    if (!schema.get_bool()) report(path, "must not be there");
    return;
  }
  if (!schema.is_object()) faulty("must be an object, true or false");
  if (++depth_ > mostDepth) faulty("nests too deeply, or a reference in it leads back to itself");
  const Schema& members = schema.get_object();
  for (std::string_view keyword : cannotEnforce)
    if (members.contains(keyword)) faulty(fmt::format("uses {}, which is not supported", keyword));
  checkReference(members, value, path);
  checkAnything(members, value, path);
  if (value.is_number()) checkNumber(members, value, path);
  if (value.is_string()) checkText(members, value.get_string(), path);
  if (value.is_array()) checkList(members, value.get_array(), path);
  if (value.is_object()) checkObject(members, value.get_object(), path);
  checkCombined(members, value, path);
  --depth_;
}

void Checker::checkReference(const Schema& schema, const json::value& value, const std::string& path) {
  const json::value* reference = schema.if_contains("$ref");
  if (!reference) return;
  if (!reference->is_string()) faulty("has a $ref that is not a string");
  std::string_view where = reference->get_string();
  if (where != "#" && !where.starts_with("#/"))
    faulty(fmt::format("refers to \"{}\"; only references inside the schema (#/…) are followed", shorten(where, 100)));
  boost::system::error_code missing;
  const json::value* target = where == "#" ? &root_ : root_.find_pointer(where.substr(1), missing);
  if (!target) faulty(fmt::format("refers to \"{}\", which it does not hold", shorten(where, 100)));
  check(*target, value, path);
}

void Checker::checkAnything(const Schema& schema, const json::value& value, const std::string& path) {
  if (const json::value* type = schema.if_contains("type")) {
    bool good = false;
    if (type->is_array()) {
      for (const json::value& one : type->get_array()) {
        if (!one.is_string()) faulty("has a type that is neither a name nor a list of names");
        good = isOfType(value, one.get_string()) || good;
      }
    } else if (type->is_string()) {
      good = isOfType(value, type->get_string());
    } else {
      faulty("has a type that is neither a name nor a list of names");
    }
    if (!good) report(path, fmt::format("must be of type {}, is {}", shown(*type), typeOf(value)));
  }
  if (const json::array* allowed = listIn(schema, "enum")) {
    if (std::ranges::none_of(*allowed, [&](const json::value& one) { return step(), sameJson(one, value); }))
      report(path, fmt::format("must be one of {}", shown(*schema.if_contains("enum"))));
  }
  if (const json::value* wanted = schema.if_contains("const"); wanted && !sameJson(*wanted, value))
    report(path, fmt::format("must be {}", shown(*wanted)));
}

void Checker::checkNumber(const Schema& schema, const json::value& value, const std::string& path) {
  double number = numberOf(value);
  if (auto n = limit(schema, "minimum"); n && number < *n) report(path, fmt::format("must be at least {}", *n));
  if (auto n = limit(schema, "maximum"); n && number > *n) report(path, fmt::format("must be at most {}", *n));
  if (auto n = limit(schema, "exclusiveMinimum"); n && number <= *n) report(path, fmt::format("must be above {}", *n));
  if (auto n = limit(schema, "exclusiveMaximum"); n && number >= *n) report(path, fmt::format("must be below {}", *n));
  if (auto n = limit(schema, "multipleOf")) {
    if (*n <= 0) faulty("has a multipleOf that is not above 0");
    double times = number / *n;
    if (std::abs(times - std::round(times)) > 1e-9 * std::max(1.0, std::abs(times)))
      report(path, fmt::format("must be a multiple of {}", *n));
  }
}

void Checker::checkText(const Schema& schema, std::string_view text, const std::string& path) {
  checkCount(schema, "minLength", "maxLength", characterCount(text), "characters", path);
  if (const json::value* pattern = schema.if_contains("pattern")) {
    if (!pattern->is_string()) faulty("has a pattern that is not a string");
    if (!matches_(pattern->get_string(), text)) report(path, fmt::format("must match the pattern {}", shown(*pattern)));
  }
  const json::value* format = schema.if_contains("format");
  if (format && format->is_string() && !hasFormat(text, format->get_string()))
    report(path, fmt::format("must be a {}", std::string_view(format->get_string())));
}

void Checker::checkList(const Schema& schema, const json::array& list, const std::string& path) {
  checkCount(schema, "minItems", "maxItems", list.size(), "items", path);
  const json::value* items = schema.if_contains("items");
  const json::array* first = listIn(schema, "prefixItems");
  if (!first && items && items->is_array()) {  // draft 7
    first = &items->get_array();
    items = schema.if_contains("additionalItems");
  }
  for (std::size_t i = 0; i < list.size(); ++i) {
    const json::value* rule = first && i < first->size() ? &(*first)[i] : items;
    if (rule) check(*rule, list[i], path + "/" + std::to_string(i));
  }
  if (const json::value* unique = schema.if_contains("uniqueItems"); unique && *unique == true) checkUnique(list, path);
  checkContains(schema, list, path);
}

void Checker::checkContains(const Schema& schema, const json::array& list, const std::string& path) {
  const json::value* wanted = schema.if_contains("contains");
  if (!wanted) return;
  double least = limit(schema, "minContains").value_or(1), count = 0;
  for (std::size_t i = 0; i < list.size(); ++i)
    if (holds(*wanted, list[i], path + "/" + std::to_string(i))) ++count;
  if (count < least) report(path, fmt::format("contains {} items of the wanted kind, {} are required", count, least));
  if (auto most = limit(schema, "maxContains"); most && count > *most)
    report(path, fmt::format("contains {} items of the wanted kind, at most {} are allowed", count, *most));
}

void Checker::checkUnique(const json::array& list, const std::string& path) {
  for (std::size_t i = 0; i < list.size(); ++i)
    for (std::size_t j = 0; j < i; ++j) {
      step();
      if (sameJson(list[i], list[j])) return report(path, fmt::format("holds the same item at {} and {}", j, i));
    }
}

void Checker::checkObject(const Schema& schema, const json::object& object, const std::string& path) {
  checkCount(schema, "minProperties", "maxProperties", object.size(), "members", path);
  if (const json::array* names = listIn(schema, "required")) requireMembers(*names, object, path);
  if (const json::value* rule = schema.if_contains("propertyNames"))
    for (const auto& member : object) check(*rule, json::value(member.key()), path + pointerStep(member.key()));
  checkMembers(schema, object, path);
  checkDependencies(schema, object, path);
}

void Checker::checkMembers(const Schema& schema, const json::object& object, const std::string& path) {
  const json::object* known = objectIn(schema, "properties");
  const json::object* patterns = objectIn(schema, "patternProperties");
  const json::value* others = schema.if_contains("additionalProperties");
  for (const auto& member : object) {
    std::string at = path + pointerStep(member.key());
    bool named = false;
    if (const json::value* rule = known ? known->if_contains(member.key()) : nullptr) {
      named = true;
      check(*rule, member.value(), at);
    }
    if (patterns)
      for (const auto& pattern : *patterns)
        if (matches_(pattern.key(), member.key())) {
          named = true;
          check(pattern.value(), member.value(), at);
        }
    if (named || !others) continue;
    if (others->is_bool() && !others->get_bool())
      report(path, fmt::format("has the member \"{}\", which is not allowed", shorten(member.key(), 100)));
    else
      check(*others, member.value(), at);
  }
}

void Checker::checkDependencies(const Schema& schema, const json::object& object, const std::string& path) {
  for (std::string_view keyword : {"dependentRequired", "dependentSchemas", "dependencies"}) {
    const json::object* all = objectIn(schema, keyword);
    if (!all) continue;
    for (const auto& one : *all) {
      if (!object.contains(one.key())) continue;
      if (one.value().is_array())
        requireMembers(one.value().get_array(), object, path);
      else
        check(one.value(), object, path);
    }
  }
}

void Checker::checkCombined(const Schema& schema, const json::value& value, const std::string& path) {
  if (const json::array* all = listIn(schema, "allOf"))
    for (const json::value& one : *all) check(one, value, path);
  if (const json::array* any = listIn(schema, "anyOf"))
    if (std::ranges::none_of(*any, [&](const json::value& one) { return holds(one, value, path); }))
      report(path, fmt::format("fits none of the {} alternatives of anyOf", any->size()));
  if (const json::array* one = listIn(schema, "oneOf")) {
    auto fitting = std::ranges::count_if(*one, [&](const json::value& each) { return holds(each, value, path); });
    if (fitting != 1) report(path, fmt::format("fits {} of the {} alternatives of oneOf", fitting, one->size()));
  }
  if (const json::value* never = schema.if_contains("not"); never && holds(*never, value, path))
    report(path, "is what `not` forbids");
  if (const json::value* when = schema.if_contains("if")) {
    const json::value* rule = schema.if_contains(holds(*when, value, path) ? "then" : "else");
    if (rule) check(*rule, value, path);
  }
}

/// What contains sub-schemas: one, a list of them, or names with one each.
constexpr std::string_view single[] = {
    "items", "additionalItems", "additionalProperties", "contains", "propertyNames", "not", "if", "then", "else"};
constexpr std::string_view listed[] = {"allOf", "anyOf", "oneOf", "prefixItems"};
constexpr std::string_view named[] = {"properties", "patternProperties", "dependentSchemas", "$defs", "definitions"};

/// Every document of this kind asks something of each keyword, so that a faulty one shows.
void lookAt(const json::value& schema, const json::value& root, const PatternSearch& matches, int depth) {
  if (depth > mostDepth) faulty("nests too deeply");
  if (schema.is_bool()) return;
  if (!schema.is_object()) faulty("must be an object, true or false");
  const json::object& members = schema.get_object();
  json::object flat = members;  // this level alone: what it says of itself, tried on one value of each type
  for (std::string_view keyword : single) flat.erase(keyword);
  for (std::string_view keyword : listed) flat.erase(keyword);
  for (std::string_view keyword : {"properties", "dependentSchemas", "dependencies"}) flat.erase(keyword);
  if (const json::value* reference = flat.if_contains("$ref"); reference && reference->is_string()) {
    std::string_view where = reference->get_string();
    boost::system::error_code missing;
    bool found = where == "#" || (where.starts_with("#/") && root.find_pointer(where.substr(1), missing));
    if (found) flat.erase("$ref");
  }
  json::value alone(flat);
  for (const json::value& sample :
       {json::value(1), json::value("a"), json::value(json::array{1}), json::value(json::object{{"a", 1}})})
    Checker(alone, matches).whole(sample);
  for (std::string_view keyword : single)
    if (const json::value* one = members.if_contains(keyword)) {
      if (keyword == "items" && one->is_array()) {
        for (const json::value& each : one->get_array()) lookAt(each, root, matches, depth + 1);
      } else {
        lookAt(*one, root, matches, depth + 1);
      }
    }
  for (std::string_view keyword : listed)
    if (const json::value* list = members.if_contains(keyword)) {
      if (!list->is_array() || list->get_array().empty()) faulty(fmt::format("has a {} that is not a list", keyword));
      for (const json::value& each : list->get_array()) lookAt(each, root, matches, depth + 1);
    }
  for (std::string_view keyword : named)
    if (const json::value* all = members.if_contains(keyword)) {
      if (!all->is_object()) faulty(fmt::format("has {} that are not an object", keyword));
      for (const auto& each : all->get_object()) lookAt(each.value(), root, matches, depth + 1);
    }
}

}  // namespace

bool sameJson(const json::value& a, const json::value& b) {
  if (a.is_number() && b.is_number())
    return a.is_double() || b.is_double() ? numberOf(a) == numberOf(b) : a == b;  // large integers are exact
  if (a.kind() != b.kind()) return false;
  if (a.is_array())
    return std::ranges::equal(a.get_array(), b.get_array(),
                              [](const json::value& x, const json::value& y) { return sameJson(x, y); });
  if (!a.is_object()) return a == b;
  if (a.get_object().size() != b.get_object().size()) return false;
  return std::ranges::all_of(a.get_object(), [&](const auto& member) {
    const json::value* other = b.get_object().if_contains(member.key());
    return other && sameJson(member.value(), *other);
  });
}

std::vector<SchemaProblem> checkAgainstSchema(const json::value& schema, const json::value& document,
                                              const PatternSearch& matches) {
  Checker checker(schema, matches);
  checker.whole(document);
  return std::move(checker.problems);
}

void checkSchemaItself(const json::value& schema, const PatternSearch& matches) { lookAt(schema, schema, matches, 0); }

}  // namespace regesta
