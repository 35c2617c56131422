#include "api/native/tokens.h"

#include "access/access.h"
#include "base/time.h"

namespace regesta::api::native {

Page<TokenAnswer> listTokens(Call& call, const PageQuery& query) {
  requireAdministrator(call);
  return pageOf(
      call.core.access.tokens(), query.pageToken, query.pageSize, [](const access::Token& token) { return token.name; },
      [](const access::Token& token) {
        return TokenAnswer{token.name, timeText(token.createdAt), timeText(token.expiresAt), wireOf(token.grants),
                           token.accessKey.empty() ? std::nullopt : std::optional(token.accessKey)};
      });
}

CreatedToken createToken(Call& call, const NewToken& request) {
  requireAdministrator(call);
  if (request.langfuse && request.s3) throw Invalid("s3", "cannot be combined with langfuse; create two tokens");
  constexpr std::int64_t dayMillis = 24 * 60 * 60 * 1000;
  std::int64_t expiresAt = request.expiresInDays > 0 ? nowMillis() + request.expiresInDays * dayMillis : 0;
  call.status = 201;
  auto form = request.langfuse ? access::TokenForm::langfusePair
              : request.s3     ? access::TokenForm::s3
                               : access::TokenForm::bearer;
  CreatedToken made{.name = request.name};
  made.token = call.core.access.createToken(call.actor(), request.name, grantsOf(request.grants), expiresAt, form);
  if (request.langfuse) made.publicKey = access::langfusePublicKey(request.name);
  if (request.s3) {
    access::AccessKey key = call.core.access.accessKeyOf(request.name);
    made.accessKeyId = key.id;
    made.secretAccessKey = key.secret;
  }
  return made;
}

Empty revokeToken(Call& call, const NameOnly& path) {
  requireAdministrator(call);
  call.core.access.revokeToken(call.actor(), path.name);
  call.status = 204;
  return {};
}

}  // namespace regesta::api::native
