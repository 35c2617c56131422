#include "crypto/rsa.h"

#include <gtest/gtest.h>

#include "base/encoding.h"

namespace regesta::crypto {
namespace {

// A key of this test alone; the signature is that of Python's cryptography.
constexpr const char* pem =
    "-----BEGIN PRIVATE KEY-----\n"
    "MIIEvAIBADANBgkqhkiG9w0BAQEFAASCBKYwggSiAgEAAoIBAQChmkEFZYUEwVa7\n"
    "gqQ+Q6MvA0QTVpkvCkqS/rovsHNwL9FGnI6i+iXSRNoIN6mu7r7rRoEGhIOsy5IT\n"
    "1Q6UuXTNXZJQv7BdbnRZqfjy2nFNJjpTmhX6FrfGTz2bd3l9qsLJIC9F+ohQMGRy\n"
    "0Epd6Y+cbQxBHae3LUKnyJSe7g+0vaPjMXzCZElDSTsC330ZwL6X3o9M5qPx0ep7\n"
    "IHsw8/3s9cNsMNVVY3A+9+9GAEg3lpigGO9LUUL8StmEuQyaSr3MhDv3sKzs/4Kx\n"
    "Kz7X/7tQ4H6uYcJogOUgIbkxj+QGsu6gmu/zEbOvLYjMgbnh7BUEC0Sa2De/9Rn3\n"
    "IaQjZsrtAgMBAAECggEADKQa2ve2gIk5JiDRhTdYP/iy7gpToDzfWYFIgit81DVB\n"
    "WxMrCy+jHsAZCBSGlvMBBzl0JVTfUfh4nEmJwvOA4gGkTOG5w40817i2ixSwUTcg\n"
    "z+JZPr9hL8eKC6u8WqqtYvs8B27SE+e9K8gEUTVQcQ2MrFlMAcWuFZ7YlVgM7Xfa\n"
    "SoE45kZOE0jTeWSKMhXiGgHZ+8N0QbPBxVP5GixjS9ISadg6Ycupt8dyEEXbPhCl\n"
    "xQDgUS5DYzHGqJrXJVftVDns4pliOyrlb+vklKfhftQusmwY8VQUHic6a6yI/zli\n"
    "NJstEP6g5btj5qgUVoI3UUjK0mT8f9sw41AMrCHLtwKBgQDVpksZvHYvXJxzwpCR\n"
    "uKRmxtt21Md+YMDNEjRMw3lItN2E2MlSqNMamqZU/R8FtVue97bF+PyiKXOyJ2AC\n"
    "hLNfao4iDK39CSKum4lTxg6VdfArc+kCPxvgQWx5qPoOnfAhZ15XUEctJ1nVFc+C\n"
    "6seESQiRz9Q05YuqMwWGoKUJYwKBgQDBotHkgkl3ujx7ouHnRz1Xf1FyUwv+u6/j\n"
    "wPk+RnRRSRrN8q0ivqN8C8d8YwAx29jbqcyinWGbu2/eA4MMbBPtSycO+w07b3Q7\n"
    "I0YPS/H9Pw2DAzO+t5zs/RokMri0sBONeuJgjG9L9j9VblbH87HLdLgjRBJSwnUv\n"
    "OQodJvMzbwKBgCXuDvkztzuzUmdOzIHCaRWCCmZvYjdyj+gYakaSkY6x5X33Ss6t\n"
    "AEWB3TPLeF14FBsF2WIOUTOs7khbqzTnQD0ZWsB6xczdeVXMcTX5PI+WT5w3SM/I\n"
    "Snemxc5XjIVZzs7vXhVcQDao/M7Sv3N7oQ5ANRBF+GOnuQLvafS7wnEHAoGAAidm\n"
    "gE02tf87VwC71I/FTejbphLoaj/6N+VYoGm2N4VBqBLP/Df0p5eV83tCcEuKwP7F\n"
    "iPWJNWtDVkvhtEyreBNC7va58fROba35xIfKvE9sPg3WEIQIWdaC6O4rgc8HmKZK\n"
    "SFqnjkfB8phUnMrIKoQ03CeQsJz7IrhWtXZOdD8CgYBcf58W7Dfkuq1aP27+jKHO\n"
    "zvYyb2LpYZrTI/LIktlYqrg2rOt9mUWI3Q9Nvl8BOPvCEQ1NMzbZe4BX2Xpm2hdW\n"
    "T0BE7yODxUwp+Eag1Z85nmbc/Yv7HE/JRximn+0EDORGxrwU7vwW39YMHQz8l7Td\n"
    "/uBBhM5XtJ8IOa7V8DxBqw==\n"
    "-----END PRIVATE KEY-----\n";
constexpr const char* signature =
    "3befe9abdad1fb990ac34dacb6b9294ce8c69b859d0fc4d8e53aa53f66df34e0"
    "aadad2a019d44f7992566bd50e484bbbd17fbb2a512be96d677bf7b26a280227"
    "4ab27ce2068239e66a9af5823d4ecb8c0fb770649e74f6633c4482dbbffa9599"
    "36b4f539d5da21028e729b1a8061a1d74fa156a09c4a76828d1dec0aaabe9dde"
    "4aa51df7988cf87a4b12766ff4b254124e52653b5bbad974c16ed3828c716377"
    "1776209191ab5c917877db869c23a59bf1114ac7f03bfae49064e0ca990b35df"
    "5e1bda1de7bd9a7517a6db3080e58fb7809c7b0a863a96162041d82d5198de8e"
    "c37f4879bf04afc92b53dea3e7fb37e2d12b5e63ebf89f27ed6d7f973e6a6b37";

TEST(Rsa, SignsAsOthersDo) { EXPECT_EQ(hexEncode(signRs256(pem, "header.claims").value_or("")), signature); }

TEST(Rsa, RefusesWhatIsNoKey) {
  EXPECT_FALSE(signRs256("", "text"));
  EXPECT_FALSE(signRs256("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", "text"));
  std::string edwards =
      "-----BEGIN PRIVATE KEY-----\n"
      "MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\n"
      "-----END PRIVATE KEY-----\n";
  EXPECT_FALSE(signRs256(edwards, "text"));
}

}  // namespace
}  // namespace regesta::crypto
