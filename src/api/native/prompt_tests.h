#pragma once
#include "api/native/jobs.h"

namespace regesta::api::native {

struct NewTests {
  std::string name;
  RawJson tests, defaultTest;
  static constexpr std::string_view documentation = "Replaces the tests of the prompt. An empty list removes them.";
  static constexpr Field fields[] = {
      field<&NewTests::name>("name", required),
      field<&NewTests::tests>("tests", present | about("a list of cases as promptfoo writes them; empty: no tests")),
      field<&NewTests::defaultTest>("defaultTest", about("what is added to each case"))};
};
struct TestsQuery {
  std::string name, digest;
  static constexpr Field fields[] = {
      field<&TestsQuery::name>("name", required),
      field<&TestsQuery::digest>("digest", about("of an older suite; absent: the present one"))};
};
struct TestsAnswer {
  std::string name;
  std::int64_t number = 0, cases = 0;
  std::string digest;
  RawJson tests;
  std::optional<std::string> createdAt;
  std::string createdBy;
  static constexpr Field fields[] = {
      field<&TestsAnswer::name>("name"),           field<&TestsAnswer::number>("number"),
      field<&TestsAnswer::cases>("cases"),         field<&TestsAnswer::digest>("digest"),
      field<&TestsAnswer::tests>("tests"),         field<&TestsAnswer::createdAt>("created_at"),
      field<&TestsAnswer::createdBy>("created_by")};
};
struct TestRunOrder {
  std::string name, selector;
  static constexpr Field fields[] = {field<&TestRunOrder::name>("name", required),
                                     field<&TestRunOrder::selector>("selector", required)};
};

TestsAnswer setPromptTests(Call& call, const NewTests& request);
TestsAnswer getPromptTests(Call& call, const TestsQuery& query);
/// Enqueues the tests of a version again.
JobAnswer runPromptTests(Call& call, const TestRunOrder& order);

}  // namespace regesta::api::native
