#include "cli/commands.h"
#include "cli/session.h"
#include "cli/settings.h"
#include "server/accept_restore.h"

namespace regesta::cli {
namespace {

int acceptRestore(Session& session) {
  if (!session.args.has("reason")) throw UsageError("--reason is needed: it is recorded in the ledger");
  server::AcceptedRestore done = server::acceptRestore(configOf(session.args), session.args.text("reason"));
  return session.said(
      json::object{{"lost", done.lost}, {"size", done.size}, {"entry", done.entry}, {"evidence", done.evidence}},
      fmt::format("accepted a database of {} entries in place of one of {}; entry {} records it\n"
                  "the checkpoint that was given up is in {}: keep it\n"
                  "holders of receipts or checkpoints of the lost entries will see that the log was restored",
                  done.size, done.lost, done.entry, done.evidence));
}

}  // namespace

Commands ledgerRestoreCommands() {
  return {
      {.path = "ledger accept-restore",
       .summary = "accept a restored database that is behind a checkpoint of this server",
       .options = {{"reason", "TEXT", "reason, recorded in the ledger"},
                   {"data", "DIR", "the data directory (default: REGESTA_DATA, then ./regesta-data)"},
                   {"db", "URL", "postgres://… with the state"},
                   {"config", "FILE", "settings file"}},
       .examples = {"regesta ledger accept-restore --data /var/lib/regesta --reason 'disk lost, backup of Monday'"},
       .run = acceptRestore,
       .more = "Use it when the server refuses to start because its database ends before the checkpoint in "
               "keys/ledger.head, and no newer backup exists. Stop the server first. If several servers share one "
               "database, run it on each of them."},
  };
}

}  // namespace regesta::cli
