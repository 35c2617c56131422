#pragma once
#include "api/native/users.h"

namespace regesta::api::native {

struct TrustWire {
  std::string issuer, audience;
  RawJson claims;
  std::int64_t lastsSeconds = 0;
  static constexpr Field fields[] = {
      field<&TrustWire::issuer>("issuer", required | about("https://token.actions.githubusercontent.com")),
      field<&TrustWire::audience>("audience", required | about("the claim aud of the ID tokens")),
      field<&TrustWire::claims>("claims", present | about("object: claim to pattern (* and ?); every one must match")),
      field<&TrustWire::lastsSeconds>("lasts_seconds", atLeast(0) | about("of a sign-in; absent: 900"))};
};
struct TokenAnswer {
  std::string name;
  std::optional<std::string> createdAt, expiresAt;
  std::vector<GrantWire> grants;
  std::optional<std::string> accessKeyId;
  std::optional<TrustWire> trust;
  static constexpr Field fields[] = {field<&TokenAnswer::trust>("trust", about("the jobs that may sign in as it")),
                                     field<&TokenAnswer::name>("name"),
                                     field<&TokenAnswer::createdAt>("created_at"),
                                     field<&TokenAnswer::expiresAt>("expires_at"),
                                     field<&TokenAnswer::grants>("grants"),
                                     field<&TokenAnswer::accessKeyId>("access_key_id", about("of its S3 key"))};
};
struct NewToken {
  std::string name;
  std::vector<GrantWire> grants;
  std::int64_t expiresInDays = 0;
  bool langfuse = false, s3 = false;
  std::optional<TrustWire> trust;
  static constexpr std::string_view documentation = "The token is shown only in this answer.";
  static constexpr Field fields[] = {field<&NewToken::trust>("trust", about("instead of a secret: CI jobs sign in as "
                                                                            "the token with their platform's ID "
                                                                            "tokens")),
                                     field<&NewToken::name>("name", required),
                                     field<&NewToken::grants>("grants", required | atLeast(1)),
                                     field<&NewToken::expiresInDays>("expires_in_days", atLeast(0) | atMost(36'500)),
                                     field<&NewToken::langfuse>("langfuse", about("a pair of keys for Langfuse SDKs")),
                                     field<&NewToken::s3>("s3", about("an access key for S3 clients, too"))};
};
struct CreatedToken {
  std::string name, token;
  std::optional<std::string> publicKey, accessKeyId, secretAccessKey;
  static constexpr Field fields[] = {
      field<&CreatedToken::name>("name"),
      field<&CreatedToken::token>("token", about("shown once, not stored; empty with trust")),
      field<&CreatedToken::publicKey>("public_key", about("of a Langfuse pair")),
      field<&CreatedToken::accessKeyId>("access_key_id", about("of the S3 key")),
      field<&CreatedToken::secretAccessKey>("secret_access_key", about("of the S3 key; shown once, not stored"))};
};

Page<TokenAnswer> listTokens(Call& call, const PageQuery& query);
CreatedToken createToken(Call& call, const NewToken& request);
/// RFC 8693, in its own form of errors.
Plain exchangeToken(Call& call, const Empty&);
Empty revokeToken(Call& call, const NameOnly& path);

}  // namespace regesta::api::native
