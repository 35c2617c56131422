#include "access/credential.h"

#include "registry/actor.h"

namespace regesta::access {

std::string credentialOf(db::Transaction& transaction, std::string_view actor) {
  registry::ActorId id = registry::ActorId::read(actor);
  bool user = id.kind == registry::ActorKind::user;
  if (!user && id.kind != registry::ActorKind::token) return {};
  db::Rows rows =
      user ? transaction.query("SELECT password FROM user_account WHERE name = $1 AND disabled = 0", {id.name})
           : transaction.query("SELECT hash FROM service_token WHERE name = $1 AND revoked = 0", {id.name});
  return rows.next() ? rows.text(0) : std::string();
}

}  // namespace regesta::access
