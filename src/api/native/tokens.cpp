#include "api/native/tokens.h"

#include "base/time.h"
#include "governance/access.h"

namespace regesta::api::native {

Page<TokenAnswer> listTokens(Call& call, const PageQuery& query) {
  requireAdministrator(call);
  return pageOf(
      call.core.access.tokens(), query.pageToken, query.pageSize,
      [](const governance::Token& token) { return token.name; },
      [](const governance::Token& token) {
        return TokenAnswer{token.name, timeText(token.createdAt), timeText(token.expiresAt), wireOf(token.grants)};
      });
}

MadeToken createToken(Call& call, const NewToken& asked) {
  requireAdministrator(call);
  constexpr std::int64_t dayMillis = 24 * 60 * 60 * 1000;
  std::int64_t expiresAt = asked.expiresInDays > 0 ? nowMillis() + asked.expiresInDays * dayMillis : 0;
  call.status = 201;
  auto form = asked.langfuse ? governance::TokenForm::langfusePair : governance::TokenForm::bearer;
  MadeToken made{
      asked.name, call.core.access.createToken(call.actor(), asked.name, grantsOf(asked.grants), expiresAt, form), {}};
  if (asked.langfuse) made.publicKey = governance::langfusePublicKey(asked.name);
  return made;
}

Nothing revokeToken(Call& call, const NameOnly& path) {
  requireAdministrator(call);
  call.core.access.revokeToken(call.actor(), path.name);
  call.status = 204;
  return {};
}

}  // namespace regesta::api::native
