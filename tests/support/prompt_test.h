#pragma once
#include <string>
#include <vector>

#include "access/access.h"
#include "delivery/register.h"
#include "registry/clearance_issuer.h"
#include "registry/version.h"
#include "support/store_test.h"

namespace regesta {

/// Prompts with versions, registered as fronts do it.
class PromptTest : public StoreTest {
 protected:
  /// A text prompt with a version for each text.
  registry::Asset makePrompt(const std::string& name, const std::vector<std::string>& texts) {
    return change([&](registry::Change& c) {
      registry::Asset asset = registry::createAsset(c, {workspace_, registry::Kind::prompt, name}, "", {});
      for (const std::string& text : texts)
        delivery::registerPrompt(c, author_, asset, {.prompt = {.text = text}, .version = {}});
      return asset;
    });
  }
  /// What was reported on a version, "metric=value" in the order of arrival.
  std::vector<std::string> reported(const std::string& prompt, std::int64_t version) {
    return read([&](db::Transaction& transaction) {
      std::vector<std::string> found;
      db::Rows rows = transaction.query(
          "SELECT r.metric, r.value FROM report r JOIN asset a ON a.id = r.asset WHERE a.name = $1 AND r.number = $2 "
          "ORDER BY r.id",
          {prompt, version});
      while (rows.next()) found.push_back(fmt::format("{}={}", rows.view(0), rows.real(1)));
      return found;
    });
  }

  const access::Identity author_{anna_, {}, true};
};

}  // namespace regesta
