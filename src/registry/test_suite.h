#pragma once
#include <cstdint>
#include <optional>
#include <string>

#include "registry/asset.h"

namespace regesta::registry {

/// A version of an asset's tests. Immutable; the newest one counts. `content` is defined by the room that runs them
/// (evaluation/check/ for prompts).
struct TestSuite {
  std::int64_t id = 0, asset = 0;
  std::int64_t number = 0;  ///< 1, 2, 3… of the asset
  std::string digest;       ///< SHA-256 of `content`
  std::int64_t cases = 0;   ///< 0: the tests were removed
  std::string content;      ///< canonical JSON
  std::int64_t createdAt = 0;
  std::string createdBy;
};

/// Recorded as "tests.set". Returns the newest suite if its content is identical, unless another actor sets it: then a
/// new suite with that author is stored, which counts for versions of the previous author.
TestSuite setTestSuite(Change& change, const Asset& asset, const std::string& content, std::int64_t cases);
/// The newest suite; empty if the asset never had tests.
std::optional<TestSuite> currentTestSuite(db::Transaction& transaction, std::int64_t asset);
/// The newest with a smaller number.
std::optional<TestSuite> testSuiteBefore(db::Transaction& transaction, std::int64_t asset, std::int64_t number);
std::optional<TestSuite> findTestSuite(db::Transaction& transaction, std::int64_t asset, std::string_view digest);

}  // namespace regesta::registry
