// Walks every route of the product: what one table says must hold for all of them.
#include <cstdlib>
#include <fstream>
#include <functional>
#include <map>
#include <set>
#include <sstream>

#include <gtest/gtest.h>

#include "api/routes.h"
#include "api/wandb/execute.h"

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

std::string_view doorNote(const StreamRoute& route, std::string_view front) {
  if (route.door && front == "s3") return ", signed with the key of a token";
  if (!route.door || !route.pattern.starts_with("/hf/cas/")) return "";  // others say it in their rule
  bool byToken = !route.pattern.ends_with("/v1/data/{pack}");
  return byToken ? ", by a token for it only" : ", or by an address that was given to a reader";
}

std::string whoMay(const AccessRule& rule) {
  static constexpr std::string_view verbs[] = {"read", "write", "approve", "administer", "run"};
  if (rule.who == AccessRule::Who::anyone) return "anyone";
  if (rule.who == AccessRule::Who::signedIn) return "signed in";
  return fmt::format("{} {}", verbs[static_cast<int>(rule.verb)], rule.resource);
}

std::string accessMatrix() {
  std::set<std::string> lines;
  for (const Front& front : fronts()) {
    for (const Route& route : front.routes)
      lines.insert(fmt::format("{} {} | {}\n", route.pattern, route.method, whoMay(route.access)));
    for (const StreamRoute& route : front.streams)
      lines.insert(fmt::format("{} {} | {}{}\n", route.pattern, route.method, whoMay(route.access),
                               doorNote(route, front.dialect.name)));
  }
  for (const wandb::Resolver& field : wandb::resolvers())
    lines.insert(fmt::format("/graphql {}.{} | {}\n", field.type, field.field, whoMay(field.access)));
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

/// Calls `visit` with the front and each of its routes, streaming ones too.
void eachRoute(const std::function<void(const Front&, std::string_view method, std::string_view pattern,
                                        std::string_view summary)>& visit) {
  for (const Front& front : fronts()) {
    for (const Route& route : front.routes) visit(front, route.method, route.pattern, route.summary);
    for (const StreamRoute& route : front.streams) visit(front, route.method, route.pattern, route.summary);
  }
}

TEST(Tables, everySummaryBeginsWithAVerb) {
  static const std::set<std::string_view> verbs = {
      "Abort",    "Add",         "Advance",  "Apply",    "Approve",  "Archive",  "Attach",  "Bind",    "Cancel",
      "Check",    "Close",       "Collect",  "Comment",  "Compare",  "Complete", "Compute", "Confirm", "Create",
      "Delete",   "Disable",     "Download", "End",      "Evaluate", "Exchange", "Export",  "Extend",  "Fetch",
      "Finalize", "Finish",      "Get",      "Import",   "Ingest",   "Insert",   "Lease",   "Lift",    "Link",
      "Lint",     "List",        "Log",      "Move",     "Open",     "Pause",    "Place",   "Preview", "Pull",
      "Push",     "Re-evaluate", "Rebuild",  "Redirect", "Register", "Reject",   "Release", "Remove",  "Rename",
      "Render",   "Replay",      "Report",   "Request",  "Resolve",  "Restore",  "Resume",  "Review",  "Revoke",
      "Roll",     "Run",         "Scan",     "Search",   "Send",     "Set",      "Sign",    "Start",   "Stop",
      "Store",    "Test",        "Unlink",   "Update",   "Upload",   "Verify",   "Watch",   "Withdraw"};
  eachRoute([](const Front&, std::string_view method, std::string_view pattern, std::string_view summary) {
    EXPECT_TRUE(verbs.contains(summary.substr(0, summary.find(' ')))) << method << " " << pattern << ": " << summary;
    EXPECT_FALSE(summary.ends_with('.')) << method << " " << pattern << ": " << summary;
    EXPECT_LE(summary.size(), 60U) << method << " " << pattern << ": " << summary;
  });
}

TEST(Tables, summariesAreUniqueWithinAFront) {
  std::map<std::pair<std::string_view, std::string_view>, std::string_view> seen;
  eachRoute([&](const Front& front, std::string_view, std::string_view pattern, std::string_view summary) {
    auto [there, added] = seen.try_emplace({front.dialect.name, summary}, pattern);
    EXPECT_TRUE(added) << front.dialect.name << ": '" << summary << "' is " << there->second << " and " << pattern;
  });
}

/// Also what reads or writes piece by piece has a rule in the tables: there is no other way to mount it.
TEST(Tables, everyStreamingRouteNeedsARole) {
  std::size_t streams = 0;
  for (const Front& front : fronts()) {
    for (const StreamRoute& route : front.streams) {
      ++streams;
      EXPECT_EQ(route.access.who, AccessRule::Who::role) << route.pattern;
      EXPECT_FALSE(route.access.resource.empty()) << route.pattern;
    }
  }
  EXPECT_GE(streams, 14U);
}

TEST(Tables, openApiIsJsonAndNamesEveryRoute) {
  json::value document = parseJson(openApi(fronts(), "test"));
  const json::object& paths = document.at("paths").as_object();
  eachRoute([&](const Front&, std::string_view method, std::string_view routePattern, std::string_view summary) {
    std::string pattern(routePattern);
    if (auto at = pattern.find("...}"); at != std::string::npos) pattern.replace(at, 4, "}");
    ASSERT_TRUE(paths.contains(pattern)) << pattern;
    std::string verb(method);
    for (char& c : verb) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    const json::value& operation = paths.at(pattern).at(verb);
    EXPECT_EQ(operation.at("summary").as_string(), summary) << method << " " << pattern;
    EXPECT_FALSE(operation.at("description").as_string().empty()) << method << " " << pattern;
  });
  EXPECT_EQ(paths.at("/api/v1/jobs/{id}/complete").at("post").at("x-access").as_string(), "run jobs");
}

TEST(Tables, openApiShowsExamples) {
  json::value document = parseJson(openApi(fronts(), "test"));
  const json::value& body =
      document.at("paths").at("/api/2.0/mlflow/registered-models/alias").at("post").at("requestBody").at("content");
  EXPECT_EQ(writeJson(body.at("application/json").at("example")),
            R"({"name":"loan-risk","alias":"production","version":"3"})");
  const json::value& schemas = document.at("components").at("schemas");
  EXPECT_EQ(writeJson(schemas.at("native.AliasMove").at("properties").at("alias").at("examples")), R"(["production"])");
}

}  // namespace
}  // namespace regesta::api
