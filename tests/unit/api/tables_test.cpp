// Walks every route of the product: what one table says must hold for all of them.
#include <cstdlib>
#include <fstream>
#include <set>
#include <sstream>

#include <gtest/gtest.h>

#include "api/routes.h"

namespace regesta::api {
namespace {

void collect(const Shape& shape, std::set<const Shape*>& objects) {
  if (shape.item) collect(*shape.item, objects);
  if (shape.sort != Sort::object || !objects.insert(&shape).second) return;
  for (const Field& field : shape.fields) collect(*field.shape, objects);
}

std::set<const Shape*> allObjects() {
  std::set<const Shape*> objects;
  for (const Front& front : fronts()) {
    for (const Route& route : front.routes) {
      collect(*route.request, objects);
      if (route.answer) collect(*route.answer, objects);
    }
  }
  return objects;
}

std::size_t alignUp(std::size_t offset, std::size_t align) { return (offset + align - 1) / align * align; }

/// A type's fields must tile its bytes: a hole means a member that no field() names, which would be silently lost.
/// (A member that fits into alignment padding, as a bool before a string, is not seen.)
std::string holeIn(const Shape& shape) {
  alignas(16) static unsigned char base[64 * 1024];
  std::vector<std::pair<std::size_t, const Field*>> byOffset;
  for (const Field& field : shape.fields)
    byOffset.emplace_back(static_cast<unsigned char*>(field.get(base)) - base, &field);
  std::sort(byOffset.begin(), byOffset.end());
  std::size_t end = 0;
  std::string after = "the beginning";
  for (const auto& [offset, field] : byOffset) {
    if (offset != alignUp(end, field->shape->align)) return "behind " + after;
    end = offset + field->shape->size;
    after = field->name;
  }
  bool empty = shape.fields.empty() && shape.size == 1;
  return empty || alignUp(end, shape.align) == shape.size ? "" : "behind " + after;
}

TEST(Tables, everyMemberIsNamedByAField) {
  for (const Shape* shape : allObjects())
    EXPECT_EQ(holeIn(*shape), "") << shape->name << " has a member without a field()";
}

struct Forgetful {
  std::string a, lost, b;
  static constexpr Field fields[] = {field<&Forgetful::a>("a"), field<&Forgetful::b>("b")};
};
TEST(Tables, aForgottenMemberIsFound) { EXPECT_EQ(holeIn(shapeOf<Forgetful>), "behind a"); }

TEST(Tables, namesAreUniqueWithinAType) {
  for (const Shape* shape : allObjects()) {
    std::set<std::string_view> names;
    for (const Field& field : shape->fields)
      EXPECT_TRUE(names.insert(field.name).second) << shape->name << "." << field.name;
  }
}

TEST(Tables, everyPathVariableHasAField) {
  for (const Front& front : fronts()) {
    for (const Route& route : front.routes) {
      for (std::size_t at = 0; (at = route.pattern.find('{', at)) != std::string_view::npos; ++at) {
        std::string_view name = route.pattern.substr(at + 1, route.pattern.find_first_of(".}", at) - at - 1);
        bool found = std::any_of(route.request->fields.begin(), route.request->fields.end(),
                                 [&](const Field& f) { return f.name == name; });
        EXPECT_TRUE(found || route.request->fields.empty())
            << route.method << " " << route.pattern << " {" << name << "}";
      }
    }
  }
}

std::string accessMatrix() {
  static constexpr std::string_view verbs[] = {"read", "write", "approve", "administer", "run"};
  std::set<std::string> lines;
  for (const Front& front : fronts()) {
    for (const Route& route : front.routes) {
      std::string who = route.access.who == AccessRule::Who::anyone ? "anyone"
                        : route.access.who == AccessRule::Who::signedIn
                            ? "signed in"
                            : fmt::format("{} {}", verbs[static_cast<int>(route.access.verb)], route.access.resource);
      lines.insert(fmt::format("{} {} | {}\n", route.pattern, route.method, who));
    }
  }
  std::string out;
  for (const std::string& line : lines) out += line;
  return out;
}

/// The access matrix is a reviewed file: a changed rule shows in the diff. UPDATE_GOLDEN=1 writes it anew.
TEST(Tables, accessMatrixIsAsReviewed) {
  std::string path = std::string(REGESTA_SOURCE_DIR) + "/docs/access-matrix.txt";
  if (std::getenv("UPDATE_GOLDEN")) std::ofstream(path) << accessMatrix();
  std::stringstream reviewed;
  reviewed << std::ifstream(path).rdbuf();
  EXPECT_EQ(reviewed.str(), accessMatrix()) << "run with UPDATE_GOLDEN=1 and review docs/access-matrix.txt";
}

TEST(Tables, openApiIsJsonAndNamesEveryRoute) {
  json::value document = parseJson(openApi(fronts(), "test"));
  const json::object& paths = document.at("paths").as_object();
  for (const Front& front : fronts()) {
    for (const Route& route : front.routes) {
      std::string pattern(route.pattern);
      if (auto at = pattern.find("...}"); at != std::string::npos) pattern.replace(at, 4, "}");
      EXPECT_TRUE(paths.contains(pattern)) << pattern;
    }
  }
  EXPECT_EQ(paths.at("/api/v1/jobs/{id}/complete").at("post").at("x-access").as_string(), "run jobs");
}

}  // namespace
}  // namespace regesta::api
