// What an ID token must say, whom its claims make somebody, and the settings of signing in.
#include "access/oidc/id_token.h"
#include "access/oidc/person.h"
#include "base/limits_sign_in.h"
#include "oidc_fixture.h"

namespace regesta::access::oidc {
namespace {

constexpr std::int64_t now = 1'800'000'000;

json::object rightClaims() {
  return {{"iss", issuer},    {"sub", "s-1"}, {"aud", "regesta"},
          {"exp", now + 300}, {"iat", now},   {"nonce", "the nonce"}};
}

json::object readClaims(const json::object& claims) {
  Signer signer;
  return readIdToken(signer.sign(claims), [&](const crypto::Jws&) { return crypto::readJwkSet(signer.set()).at(0); },
                     {issuer, "regesta", "the nonce", now});
}

std::string whyRefused(const std::string& claim, const json::value& value) {
  json::object claims = rightClaims();
  if (value.is_null())
    claims.erase(claim);
  else
    claims[claim] = value;
  return thrown(Code::unauthenticated, [&] { readClaims(claims); });
}

TEST(IdToken, WhatIsRightIsTaken) {
  EXPECT_EQ(readClaims(rightClaims()).at("sub").as_string(), "s-1");
  json::object several = rightClaims();
  several["aud"] = json::array{"other", "regesta"};
  several["azp"] = "regesta";
  EXPECT_NO_THROW(readClaims(several));
  json::object late = rightClaims();
  late["exp"] = now - skewSeconds + 1;
  late["iat"] = static_cast<double>(now + skewSeconds) - 0.5;
  EXPECT_NO_THROW(readClaims(late));
}

TEST(IdToken, EachClaimIsChecked) {
  EXPECT_NE(whyRefused("iss", "https://id.example/").find("another issuer"), std::string::npos);
  EXPECT_NE(whyRefused("iss", nullptr).find("another issuer"), std::string::npos);
  EXPECT_NE(whyRefused("aud", "other").find("another application"), std::string::npos);
  EXPECT_NE(whyRefused("aud", nullptr).find("another application"), std::string::npos);
  EXPECT_NE(whyRefused("aud", json::array{}).find("another application"), std::string::npos);
  EXPECT_NE(whyRefused("aud", json::array{"regesta", "other"}).find("several applications"), std::string::npos);
  EXPECT_NE(whyRefused("azp", "other").find("another application"), std::string::npos);
  EXPECT_NE(whyRefused("azp", 7).find("another application"), std::string::npos);
  EXPECT_NE(whyRefused("exp", now - skewSeconds).find("expired"), std::string::npos);
  EXPECT_NE(whyRefused("exp", "soon").find("not a number"), std::string::npos);
  EXPECT_NE(whyRefused("exp", nullptr).find("no time of issue or expiry"), std::string::npos);
  EXPECT_NE(whyRefused("iat", now + skewSeconds + 1).find("future"), std::string::npos);
  EXPECT_NE(whyRefused("iat", nullptr).find("no time of issue or expiry"), std::string::npos);
  EXPECT_NE(whyRefused("nbf", now + skewSeconds + 1).find("future"), std::string::npos);
  EXPECT_NE(whyRefused("nonce", "another").find("another sign-in"), std::string::npos);
  EXPECT_NE(whyRefused("nonce", nullptr).find("another sign-in"), std::string::npos);
  EXPECT_NE(whyRefused("sub", "").find("who it is about"), std::string::npos);
  EXPECT_NE(whyRefused("sub", json::string(limits::subjectLength + 1, 's')).find("who it is about"), std::string::npos);
}

TEST(IdToken, AnotherKeysSignatureIsRefused) {
  Signer signer, other;
  std::string why = thrown(Code::unauthenticated, [&] {
    readIdToken(signer.sign(rightClaims()), [&](const crypto::Jws&) { return crypto::readJwkSet(other.set()).at(0); },
                {issuer, "regesta", "the nonce", now});
  });
  EXPECT_NE(why.find("wrong signature"), std::string::npos);
}

TEST(OidcOptions, RolesAreWrittenAsGrantsAre) {
  auto roles = parseRoles("platform = admin\n cn=risk,ou=groups = risk:credit:loan-*; ;* = reader\n");
  ASSERT_EQ(roles.size(), 3U);
  EXPECT_EQ(roles[0].group, "platform");
  EXPECT_EQ(roles[0].grant, (Grant{"admin", "*", "*"}));
  EXPECT_EQ(roles[1].group, "cn=risk,ou=groups");
  EXPECT_EQ(roles[1].grant, (Grant{"risk", "credit", "loan-*"}));
  EXPECT_EQ(roles[2].group, "*");
  for (const char* wrong : {"admin", "= admin", "g =", "g = Admin", "g = reader:a b", "g = a:b/c"})
    EXPECT_THROW(parseRoles(wrong), Invalid) << wrong;
}

TEST(OidcOptions, OnlyWhatNobodyCanOverhearIsSafe) {
  for (const char* safe : {"https://id.example", "https://id.example:8443/realm", "http://127.0.0.1:80/x",
                           "http://localhost:4000", "http://[::1]:4000/", "http://127.1.2.3"})
    EXPECT_TRUE(isSafeAddress(safe)) << safe;
  for (const char* unsafe : {"", "http://id.example", "ftp://127.0.0.1", "https://", "http://127.0.0.1.evil.example",
                             "https://a@b", "http://localhost.evil.example", "http://localhost@evil.example",
                             "https://id.example/\n", "https://id .example", "javascript:alert(1)",
                             "http://evil.example/127.0.0.1", "HTTP://evil.example", "http://127.0.0.1\\@evil.example"})
    EXPECT_FALSE(isSafeAddress(unsafe)) << unsafe;
}

TEST(OidcPerson, TheNameIsAClaimOrAVerifiedEmail) {
  Options options = someOptions();
  auto name = [&](json::object claims) {
    claims["sub"] = "s-1";
    return personOf(options, claims).name;
  };
  EXPECT_EQ(name({{"preferred_username", "anna"}, {"email", "a@x.example"}, {"email_verified", true}}), "anna");
  EXPECT_EQ(name({{"email", "a@x.example"}, {"email_verified", true}}), "a@x.example");
  for (const json::value& unverified : {json::value(false), json::value("true"), json::value(1), json::value()})
    thrown(Code::denied, [&] { name({{"email", "a@x.example"}, {"email_verified", unverified}}); });
  thrown(Code::denied, [&] { name({{"preferred_username", "anna b"}}); });
  thrown(Code::denied, [&] { name({{"preferred_username", "user:anna"}}); });
  thrown(Code::denied, [&] { name({{"preferred_username", 7}}); });
  options.nameClaim = "email";
  thrown(Code::denied, [&] { name({{"email", "a@x.example"}, {"email_verified", false}}); });
}

TEST(OidcPerson, GroupsBecomeGrants) {
  Options options = someOptions();
  json::object claims{{"sub", "s-1"}, {"preferred_username", "anna"}, {"groups", json::array{"risk", "x", 7}}};
  EXPECT_FALSE(personOf(options, claims).grants);  // no mapping: what an admin gave stays
  options.roles = parseRoles("risk = risk:credit; ops = admin; * = reader; x = reader");
  EXPECT_EQ(*personOf(options, claims).grants, (std::vector<Grant>{{"risk", "credit", "*"}, {"reader", "*", "*"}}));
  claims["groups"] = "ops";
  EXPECT_EQ(personOf(options, claims).grants->front().role, "admin");
  claims.erase("groups");
  EXPECT_EQ(personOf(options, claims).grants->size(), 1U);
  EXPECT_TRUE(needsUserinfo(options, claims));
  claims["_claim_names"] = json::object{{"groups", "src1"}};
  thrown(Code::denied, [&] { personOf(options, claims); });
}

}  // namespace
}  // namespace regesta::access::oidc
