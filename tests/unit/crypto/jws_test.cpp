#include "crypto/jws.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "base/encoding.h"
#include "base/error.h"
#include "base/limits_sign_in.h"
#include "crypto/hash.h"
#include "crypto/sign.h"

using namespace regesta;
using namespace regesta::crypto;

namespace {

struct Vector {
  const char *key, *token;
};

// RFC 7515 appendices A.2 and A.3, RFC 8037 appendix A.4.
const Vector rs256{
    R"({"kty":"RSA","n":"ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ","e":"AQAB"})",
    "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVl"
    "fQ.cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr"
    "7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12"
    "jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQ"
    "Ge77Rw"};
const Vector es256{
    R"({"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"})",
    "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVl"
    "fQ.DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q"};
const Vector eddsa{
    R"({"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"})",
    "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc.hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWb"
    "hijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg"};
const Vector all[] = {rs256, es256, eddsa};

std::vector<Jwk> setOf(const std::string& keys) { return readJwkSet("{\"keys\":[" + keys + "]}"); }
Jwk keyOf(const Vector& vector) { return setOf(vector.key).at(0); }

std::string refusal(const std::string& token) {
  try {
    parseJws(token);
  } catch (const Error& e) {
    EXPECT_EQ(e.code, Code::invalid);
    return e.message;
  }
  return {};
}

std::string withHeader(const std::string& header) { return base64UrlEncode(header) + ".e30.c2ln"; }

}  // namespace

TEST(Jws, Rfc7515AndRfc8037Vectors) {
  for (const Vector& vector : all) EXPECT_TRUE(verifyJws(parseJws(vector.token), keyOf(vector))) << vector.token;
  EXPECT_EQ(parseJws(eddsa.token).payload, "Example of Ed25519 signing");
}

TEST(Jws, WhatWasChangedIsFound) {
  for (const Vector& vector : all) {
    Jws token = parseJws(vector.token);
    for (std::size_t i = 0; i < token.signature.size(); i += 7) {
      Jws bad = token;
      bad.signature[i] = static_cast<char>(bad.signature[i] ^ 1);
      EXPECT_FALSE(verifyJws(bad, keyOf(vector))) << i;
    }
    Jws other = token, shorter = token, longer = token, without = token;
    other.signedText.back() ^= 1;
    shorter.signature.pop_back();
    longer.signature += '\0';
    without.signature.clear();
    for (const Jws& bad : {other, shorter, longer, without}) EXPECT_FALSE(verifyJws(bad, keyOf(vector)));
  }
}

TEST(Jws, AZeroSignatureIsNone) {
  // r = s = 0 once passed for valid in careless verifiers.
  Jws token = parseJws(es256.token);
  token.signature = std::string(64, '\0');
  EXPECT_FALSE(verifyJws(token, keyOf(es256)));
}

TEST(Jws, AKeyOfAnotherTypeVerifiesNothing) {
  for (const Vector& token : all)
    for (const Vector& key : all)
      EXPECT_EQ(verifyJws(parseJws(token.token), keyOf(key)), token.key == key.key) << token.token << key.key;
}

TEST(Jws, AlgorithmsThatAreNotOursAreUnknown) {
  for (const char* name : {"none", "None", "NONE", "nOnE", "HS256", "HS512", "RS384", "PS256", "ES384", "", "rs256"})
    EXPECT_NE(refusal(withHeader(fmt::format(R"({{"alg":"{}"}})", name))), "") << name;
  EXPECT_NE(refusal(withHeader(R"({"typ":"JWT"})")), "");
  EXPECT_NE(refusal(withHeader(R"({"alg":["RS256"]})")), "");
}

TEST(Jws, AnHmacUnderThePublicKeyIsRefused) {
  std::string signedText = base64UrlEncode(R"({"alg":"HS256"})") + "." + base64UrlEncode(R"({"sub":"root"})");
  std::string forged = signedText + "." + base64UrlEncode(hmacSha256(rs256.key, signedText));
  EXPECT_NE(refusal(forged).find("HS256"), std::string::npos);
}

TEST(Jws, WhatIsNoTokenIsRefused) {
  for (const std::string& text :
       {std::string(), std::string("a.b"), std::string("a.b.c.d"), std::string("..."), withHeader("[]"),
        withHeader("{"), std::string("!!.e30.c2ln"), withHeader(R"({"alg":"RS256","crit":["b64"],"b64":false})"),
        base64UrlEncode(R"({"alg":"RS256"})") + ".*.c2ln", base64UrlEncode(R"({"alg":"RS256"})") + ".e30.*",
        std::string(limits::idToken + 1, 'a')})
    EXPECT_NE(refusal(text), "") << text.substr(0, 60);
}

TEST(Jws, KeysThatAreNotForThisArePassedOver) {
  auto keys =
      setOf(R"({"kty":"RSA","n":"AQ","e":"AQAB","alg":"PS256"},{"kty":"RSA","n":"AQ","e":"AQAB","use":"enc"},)"
            R"({"kty":"oct","k":"AQAB"},{"kty":"EC","crv":"P-384","x":"AQ","y":"AQ"},{"kty":"EC","crv":"P-256",)"
            R"("x":"AQ","y":"AQ"},{"kty":"OKP","crv":"X25519","x":"AQ"},{"kty":"RSA"},{})");
  EXPECT_TRUE(keys.empty());
  EXPECT_EQ(setOf(std::string(R"({"kid":"a","use":"sig","alg":"EdDSA",)") + (eddsa.key + 1)).at(0).keyId, "a");
}

TEST(Jws, WhatIsNoKeySetIsRefused) {
  for (const char* text : {"", "[]", "{}", R"({"keys":{}})", R"({"keys":[1]})"})
    EXPECT_THROW(readJwkSet(text), Error) << text;
  std::string many = eddsa.key;
  for (std::size_t i = 0; i < limits::signingKeys; ++i) many += std::string(",") + eddsa.key;
  EXPECT_THROW(setOf(many), Error);
}

TEST(Jws, HostileKeysVerifyNothing) {
  auto rsa = [](const std::string& modulus, const std::string& exponent) {
    return Jwk{JwsAlgorithm::rs256, "", modulus, exponent, "", ""};
  };
  Jws token = parseJws(rs256.token);
  std::string good = keyOf(rs256).modulus;
  EXPECT_FALSE(verifyJws(token, rsa(good.substr(0, 128), "\x01\x00\x01")));   // too small
  EXPECT_FALSE(verifyJws(token, rsa(std::string(1 << 20, '\xff'), "\x03")));  // would take minutes
  EXPECT_FALSE(verifyJws(token, rsa(good, std::string(256, '\xff'))));        // the same by its exponent
  EXPECT_FALSE(verifyJws(token, rsa(good, "\x01")));                          // signs nothing
  EXPECT_FALSE(verifyJws(token, rsa(good, std::string(1, '\0'))));
  Jwk offCurve = keyOf(es256);
  offCurve.y.back() ^= 1;
  EXPECT_FALSE(verifyJws(parseJws(es256.token), offCurve));
  Jwk smallOrder = keyOf(eddsa);
  smallOrder.x = std::string(32, '\0');
  EXPECT_FALSE(verifyJws(parseJws(eddsa.token), smallOrder));
}

TEST(Jws, WhatIsSignedHereVerifies) {
  EcKey key = EcKey::fromSecret(std::string(32, 's'));
  std::string pem = key.publicPem(), body;
  for (char c : pem.substr(pem.find('\n'), pem.rfind("\n-----END") - pem.find('\n')))
    if (c != '\n') body += c;
  std::string point = base64Decode(body).value();
  point = point.substr(point.size() - 64);
  Jwk half{.algorithm = JwsAlgorithm::es256, .x = point.substr(0, 32), .y = point.substr(32)};
  // So many that some of the numbers begin with a zero byte.
  for (int i = 0; i < 600; ++i) {
    Jws token = parseJws(signJws(key, fmt::format("{{\"i\":{}}}", i)));
    EXPECT_EQ(token.keyId, key.id());
    EXPECT_EQ(token.payload, fmt::format("{{\"i\":{}}}", i));
    ASSERT_TRUE(verifyJws(token, half));
    token.payload.back() = ']';
    token.signedText.back() ^= 1;
    ASSERT_FALSE(verifyJws(token, half));
  }
}
