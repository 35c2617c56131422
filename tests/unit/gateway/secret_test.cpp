#include "gateway/secret.h"

#include "support/store_test.h"
#include "support/thrown.h"

namespace regesta::gateway {
namespace {

class GatewaySecretTest : public StoreTest {
 protected:
  Secret create(const std::string& name, const Texts& values) {
    return change([&](registry::Change& c) {
      return createSecret(c, workspace_,
                          {.name = name, .values = values, .provider = "openai", .authConfig = {}, .by = ""}, key());
    });
  }
  std::string key() { return secretKey(*store_); }
  Texts open(const Secret& secret, const std::string& key) {
    return read([&](db::Transaction& t) { return openSecret(t, workspace_, secret.secretId, key); });
  }
};

TEST_P(GatewaySecretTest, valuesComeBackUnderTheirKeyOnly) {
  Texts values{{"api_key", "sk-0123456789"}, {"note", "ä"}};
  Secret secret = create("openai", values);
  EXPECT_EQ(open(secret, key()), values);
  EXPECT_EQ(thrownCode([&] { open(secret, std::string(32, 'x')); }), Code::corrupt);
}

TEST_P(GatewaySecretTest, valuesAreBoundToTheirSecret) {
  Secret one = create("one", {{"api_key", "sk-of-the-first"}}),
         other = create("other", {{"api_key", "sk-of-the-other"}});
  change([&](registry::Change& c) {
    c.transaction.run(
        "UPDATE gateway_item SET sealed = (SELECT sealed FROM gateway_item WHERE item_id = $1) WHERE item_id = $2",
        {one.secretId, other.secretId});
    c.record(registry::Action::connectionSet, workspace_, "gateway-secret/" + other.secretId);
  });
  EXPECT_EQ(thrownCode([&] { open(other, key()); }), Code::corrupt);
}

TEST_P(GatewaySecretTest, shortAndStrangeValuesShowNothing) {
  Texts masked = create("mask", {{"short", "1234567"}, {"long", "12345678"}, {"strange", "ä1234567890"}}).masked;
  EXPECT_EQ(masked, (Texts{{"short", "***"}, {"long", "123...5678"}, {"strange", "***"}}));
}

REGESTA_ON_BOTH(GatewaySecretTest);

}  // namespace
}  // namespace regesta::gateway
