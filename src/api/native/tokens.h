#pragma once
#include "api/native/users.h"

namespace regesta::api::native {

struct TokenAnswer {
  std::string name;
  std::optional<std::string> createdAt, expiresAt;
  std::vector<GrantWire> grants;
  static constexpr Field fields[] = {field<&TokenAnswer::name>("name"), field<&TokenAnswer::createdAt>("created_at"),
                                     field<&TokenAnswer::expiresAt>("expires_at"),
                                     field<&TokenAnswer::grants>("grants")};
};
struct NewToken {
  std::string name;
  std::vector<GrantWire> grants;
  std::int64_t expiresInDays = 0;
  bool langfuse = false;
  static constexpr Field fields[] = {field<&NewToken::name>("name", required),
                                     field<&NewToken::grants>("grants", required | atLeast(1)),
                                     field<&NewToken::expiresInDays>("expires_in_days", atLeast(0) | atMost(36'500)),
                                     field<&NewToken::langfuse>("langfuse", about("a pair of keys for Langfuse SDKs"))};
};
struct MadeToken {
  std::string name, token;
  std::optional<std::string> publicKey;
  static constexpr Field fields[] = {field<&MadeToken::name>("name"),
                                     field<&MadeToken::token>("token", about("shown once, not stored")),
                                     field<&MadeToken::publicKey>("public_key", about("of a Langfuse pair"))};
};

Page<TokenAnswer> listTokens(Call& call, const PageQuery& query);
MadeToken createToken(Call& call, const NewToken& asked);
Nothing revokeToken(Call& call, const NameOnly& path);

}  // namespace regesta::api::native
