// regesta ledger key: signing keys of ledgers, before their first server.
#include "server/ledger_key.h"

#include "cli/commands.h"
#include "cli/session.h"

namespace regesta::cli {
namespace {

int create(Session& session) {
  std::string file = session.args.text("FILE");
  std::string verifier = server::createKey(file, session.args.text("origin"));
  return session.said(
      json::object{{"file", file}, {"verifier_key", verifier}},
      fmt::format("wrote {}: anyone who has it can sign for the ledger\nverifier key: {}", file, verifier));
}

}  // namespace

Commands ledgerKeyCommands() {
  return {
      {.path = "ledger key create",
       .summary = "create the signing key of a new ledger",
       .operands = {{"FILE", "where to write it; must not exist"}},
       .options = {{"origin", "NAME", "name of the ledger, e.g. bank.example/regesta (default: a random one)"}},
       .examples = {"regesta ledger key create ./ledger.key --origin bank.example/regesta"},
       .run = create,
       .more = "A server creates its own key at its first start. Create it before, and name it with the setting "
               "ledger.key, where several servers start together or a secret store holds it. The key of a ledger that "
               "has entries cannot be replaced."},
  };
}

}  // namespace regesta::cli
