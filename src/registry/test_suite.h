#pragma once
#include <cstdint>
#include <optional>
#include <string>

#include "registry/asset.h"

namespace regesta::registry {

/// The tests of an asset as they were at one time. Immutable; the newest of an asset counts. What stands in `content`
/// is the business of who checks (delivery/check/ for prompts).
struct TestSuite {
  std::int64_t id = 0, asset = 0;
  std::int64_t number = 0;  ///< 1, 2, 3… of the asset
  std::string digest;       ///< SHA-256 of `content`
  std::int64_t cases = 0;   ///< 0: the asset has no tests any more
  std::string content;      ///< canonical JSON
  std::int64_t createdAt = 0;
  std::string createdBy;
};

/// Recorded as "tests.set". Content identical to the newest suite makes no new one, that one is returned.
TestSuite setTestSuite(Change& change, const Asset& asset, const std::string& content, std::int64_t cases);
/// The newest; nothing while the asset never had tests.
std::optional<TestSuite> currentTestSuite(db::Session& session, std::int64_t asset);
std::optional<TestSuite> findTestSuite(db::Session& session, std::int64_t asset, std::string_view digest);

}  // namespace regesta::registry
