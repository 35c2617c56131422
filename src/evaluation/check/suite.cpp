#include "evaluation/check/suite.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "base/limits.h"
#include "base/text.h"
#include "evaluation/check/kinds.h"

namespace regesta::evaluation::check {
namespace {

std::string at(const std::string& path, std::string_view member) { return fmt::format("{}.{}", path, member); }
std::string at(const std::string& path, std::size_t index) { return fmt::format("{}[{}]", path, index); }

[[noreturn]] void refuse(std::string place, std::string rule) { throw Invalid(std::move(place), std::move(rule)); }

const json::object& objectAt(const json::value& value, const std::string& place) {
  if (!value.is_object()) refuse(place, "must be an object");
  return value.get_object();
}

const json::array& listAt(const json::value& value, const std::string& place) {
  if (!value.is_array()) refuse(place, "must be a list");
  return value.get_array();
}

std::string textIn(const json::object& object, std::string_view member, const std::string& path) {
  const json::value* value = object.if_contains(member);
  if (!value || value->is_null()) return {};
  if (!value->is_string()) refuse(at(path, member), "must be text");
  return std::string(value->get_string());
}

std::optional<double> numberIn(const json::object& object, std::string_view member, const std::string& path) {
  const json::value* value = object.if_contains(member);
  if (!value || value->is_null()) return std::nullopt;
  double number = value->is_number() ? value->to_number<double>() : NAN;
  if (!std::isfinite(number)) refuse(at(path, member), "must be a number");
  return number;
}

void onlyMembers(const json::object& object, std::initializer_list<std::string_view> known, const std::string& path) {
  for (const auto& member : object) {
    std::string_view name = member.key();
    if (std::ranges::find(known, name) != known.end()) continue;
    if (name == "transform" || name == "contextTransform")
      refuse(at(path, name), "is code, which tests must not contain");
    refuse(at(path, shorten(name, 60)), "is not a known member");
  }
}

void refuseFiles(const json::value& value, const std::string& place) {
  if (value.is_string() && std::string_view(value.get_string()).starts_with("file://"))
    refuse(place, "file:// is not supported; put the text here");
  if (value.is_array())
    for (std::size_t i = 0; i < value.get_array().size(); ++i) refuseFiles(value.get_array()[i], at(place, i));
  if (value.is_object())
    for (const auto& member : value.get_object()) refuseFiles(member.value(), at(place, member.key()));
}

bool hasPlaces(std::string_view text) { return text.find("{{") != std::string_view::npos; }

/// Reads suites; with `matches` it also tries what a pattern or schema is made of.
class Reader {
 public:
  explicit Reader(const PatternSearch* matches) : matches_(matches) {}

  Suite read(const json::value& root) {
    Suite suite;
    const json::value* tests = &root;
    json::object defaults;
    if (root.is_object()) {
      tests = root.get_object().if_contains("tests");
      if (!tests) refuse("tests", "is required");
      if (const json::value* given = root.get_object().if_contains("defaultTest"); given && !given->is_null())
        defaults = objectAt(*given, "defaultTest");
    }
    refuseFiles(*tests, "tests");
    const json::array& list = listAt(*tests, "tests");
    for (std::size_t i = 0; i < list.size(); ++i) addCase(suite, list[i], defaults, at("tests", i));
    return suite;
  }

 private:
  Assertion assertion(const json::value& value, const std::string& path, bool mayBeSet = true) {
    const json::object& object = objectAt(value, path);
    Assertion made;
    made.type = textIn(object, "type", path);
    if (made.type.empty()) refuse(at(path, "type"), "is required");
    if (made.type.starts_with("not-")) {
      made.negated = true;
      made.type.erase(0, 4);
    }
    const AssertionKind* kind = findKind(made.type);
    if (!kind || (made.negated && kind->wants == ValueKind::set)) refuse(at(path, "type"), whyNot(made.type));
    made.threshold = numberIn(object, "threshold", path);
    if (kind->needsThreshold && !made.threshold) refuse(at(path, "threshold"), "is required");
    made.weight = numberIn(object, "weight", path).value_or(1);
    if (made.weight < 0) refuse(at(path, "weight"), "must be at least 0");
    made.metric = textIn(object, "metric", path);
    if (kind->wants == ValueKind::set) {
      if (!mayBeSet) refuse(at(path, "type"), "of a set within a set is one level too deep");
      onlyMembers(object, {"type", "assert", "threshold", "weight", "metric"}, path);
      const json::value* set = object.if_contains("assert");
      if (!set || listAt(*set, at(path, "assert")).empty()) refuse(at(path, "assert"), "is required");
      for (std::size_t i = 0; i < set->get_array().size(); ++i)
        made.set.push_back(assertion(set->get_array()[i], at(at(path, "assert"), i), false));
      return made;
    }
    onlyMembers(object, {"type", "value", "threshold", "weight", "metric", "provider"}, path);
    made.provider = textIn(object, "provider", path);
    if (const json::value* given = object.if_contains("value")) made.value = *given;
    checkValue(made, *kind, at(path, "value"));
    return made;
  }

  void checkValue(Assertion& made, const AssertionKind& kind, const std::string& place) {
    const json::value& value = made.value;
    switch (kind.wants) {
      case ValueKind::text:
        if (value.is_number() || value.is_bool()) made.value = writeJson(value);
        if (!made.value.is_string() || made.value.get_string().empty()) refuse(place, "must be text");
        if (made.type == "regex") tryPattern(made.value.get_string(), place);
        return;
      case ValueKind::list:
        if (value.is_string()) made.value = commaList(value.get_string());
        if (listAt(made.value, place).empty()) refuse(place, "must name at least one text");
        for (const json::value& item : made.value.get_array())
          if (!item.is_string() && !item.is_number()) refuse(place, "must be a list of texts");
        return;
      case ValueKind::schema:
        if (value.is_null()) return;
        if (!value.is_object() && !value.is_bool()) refuse(place, "must be a JSON Schema");
        if (matches_) trySchema(value, place);
        return;
      case ValueKind::anything:
        if (value.is_null()) refuse(place, "is required");
        return;
      case ValueKind::nothing:
      case ValueKind::set:
        return;
    }
  }

  /// promptfoo writes short lists as one text: "red, green".
  static json::array commaList(std::string_view text) {
    json::array list;
    for (std::string_view part : split(text, ','))
      if (!trim(part).empty()) list.emplace_back(trim(part));
    return list;
  }

  void tryPattern(std::string_view pattern, const std::string& place) {
    if (!matches_ || hasPlaces(pattern)) return;
    try {
      (*matches_)(pattern, "");
    } catch (const Error& fault) {
      refuse(place, fault.message);
    }
  }

  void trySchema(const json::value& schema, const std::string& place) {
    try {
      checkSchemaItself(schema, *matches_);
    } catch (const Invalid& fault) {
      refuse(place, fault.rule);
    } catch (const Error& fault) {
      refuse(place, fault.message);
    }
  }

  void addAsserts(TestCase& test, const json::object& object, const std::string& path) {
    const json::value* asserts = object.if_contains("assert");
    if (!asserts || asserts->is_null()) return;
    const json::array& list = listAt(*asserts, at(path, "assert"));
    for (std::size_t i = 0; i < list.size(); ++i) test.asserts.push_back(assertion(list[i], at(at(path, "assert"), i)));
  }

  void addCase(Suite& suite, const json::value& value, const json::object& defaults, const std::string& path) {
    const json::object& object = objectAt(value, path);
    onlyMembers(object, {"description", "vars", "assert", "threshold", "options", "metadata"}, path);
    onlyMembers(defaults, {"description", "vars", "assert", "threshold", "options", "metadata"}, "defaultTest");
    TestCase test;
    test.description = textIn(object, "description", path);
    if (test.description.size() > limits::descriptionLength)
      refuse(at(path, "description"), fmt::format("must have at most {} bytes", limits::descriptionLength));
    for (const auto& [from, place] : {std::pair(&defaults, std::string("defaultTest")), std::pair(&object, path)})
      if (const json::value* vars = from->if_contains("vars"); vars && !vars->is_null())
        for (const auto& member : objectAt(*vars, at(place, "vars"))) test.vars[member.key()] = member.value();
    addAsserts(test, object, path);
    addAsserts(test, defaults, "defaultTest");
    if (test.asserts.empty()) refuse(at(path, "assert"), "is required: a test without an assertion cannot fail");
    if (test.asserts.size() > limits::testAssertions)
      refuse(at(path, "assert"), fmt::format("must hold at most {} assertions", limits::testAssertions));
    test.threshold = numberIn(object, "threshold", path);
    if (!test.threshold) test.threshold = numberIn(defaults, "threshold", "defaultTest");
    expand(suite, test, expands(object) && expands(defaults));
  }

  static bool expands(const json::object& test) {
    const json::value* options = test.if_contains("options");
    if (!options || !options->is_object()) return true;
    const json::value* off = options->get_object().if_contains("disableVarExpansion");
    return !(off && off->is_bool() && off->get_bool());
  }

  /// A variable with a list makes one case per value.
  void expand(Suite& suite, const TestCase& test, bool lists) {
    auto list = std::ranges::find_if(test.vars, [&](const auto& member) {
      return lists && member.value().is_array() && !member.value().get_array().empty();
    });
    if (list == test.vars.end()) {
      if (suite.tests.size() >= limits::testCases)
        refuse("tests", fmt::format("must be at most {} cases", limits::testCases));
      expanded_ += writeJson(test.vars).size();
      if (expanded_ > limits::testSuite)
        throw error(Code::tooLarge, "with one case per value of a list the tests have more than {} bytes",
                    limits::testSuite);
      suite.tests.push_back(test);
      return;
    }
    std::string name(list->key());
    for (const json::value& one : list->value().get_array()) {
      TestCase each = test;
      // A list within the list is a value: it is wrapped so that it is not taken apart again.
      each.vars[name] = one.is_array() ? json::value(writeJson(one)) : one;
      expand(suite, each, lists);
    }
  }

  const PatternSearch* matches_;
  std::size_t expanded_ = 0;  // bytes of the variables of all cases
};

json::object assertionJson(const Assertion& assertion) {
  json::object object{{"type", assertion.negated ? "not-" + assertion.type : assertion.type}};
  if (!assertion.value.is_null()) object["value"] = assertion.value;
  if (assertion.threshold) object["threshold"] = *assertion.threshold;
  if (assertion.weight != 1) object["weight"] = assertion.weight;
  if (!assertion.metric.empty()) object["metric"] = assertion.metric;
  if (!assertion.provider.empty()) object["provider"] = assertion.provider;
  if (!assertion.set.empty()) {
    json::array set;
    for (const Assertion& one : assertion.set) set.emplace_back(assertionJson(one));
    object["assert"] = std::move(set);
  }
  return object;
}

bool runsCommand(const Assertion& assertion) {
  return assertion.type == "exec" || std::ranges::any_of(assertion.set, runsCommand);
}

}  // namespace

bool Suite::needsCommands() const {
  return std::ranges::any_of(tests,
                             [](const TestCase& test) { return std::ranges::any_of(test.asserts, runsCommand); });
}

Suite parseSuite(const json::value& promptfoo, const PatternSearch& matches) {
  return Reader(&matches).read(promptfoo);
}

std::string canonicalSuite(const Suite& suite) {
  json::array tests;
  for (const TestCase& test : suite.tests) {
    json::array asserts;
    for (const Assertion& assertion : test.asserts) asserts.emplace_back(assertionJson(assertion));
    json::object object{{"assert", std::move(asserts)}};
    if (!test.description.empty()) object["description"] = test.description;
    if (!test.vars.empty()) object["vars"] = test.vars;
    if (test.threshold) object["threshold"] = *test.threshold;
    // Lists that are left are values: reading this back must not take them apart.
    bool lists = std::ranges::any_of(test.vars, [](const auto& member) { return member.value().is_array(); });
    if (lists) object["options"] = json::object{{"disableVarExpansion", true}};
    tests.emplace_back(std::move(object));
  }
  return canonicalJson(json::object{{"tests", std::move(tests)}});
}

Suite readSuite(std::string_view canonical) { return Reader(nullptr).read(parseJson(canonical)); }

}  // namespace regesta::evaluation::check
