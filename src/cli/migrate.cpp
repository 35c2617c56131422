// regesta migrate: the schema of this program, without starting a server.
#include "server/migrate.h"

#include "cli/commands.h"
#include "cli/session.h"
#include "cli/settings.h"

namespace regesta::cli {
namespace {

int migrate(Session& session) {
  std::vector<std::string> made = server::migrate(configOf(session.args));
  std::string text = made.empty()
                         ? "the database is up to date"
                         : fmt::format("made {} schema changes, {} to {}", made.size(), made.front(), made.back());
  if (made.size() == 1) text = "made schema change " + made.front();
  return session.said(json::object{{"made", json::array(made.begin(), made.end())}}, text);
}

}  // namespace

Commands migrateCommands() {
  return {
      {.path = "migrate",
       .summary = "create or migrate the database without starting a server",
       .options = {{"data", "DIR", "the data directory (default: REGESTA_DATA, then ./regesta-data)"},
                   {"db", "URL", "postgres://… with the state"},
                   {"config", "FILE", "settings file"}},
       .examples = {"regesta migrate --db postgres://regesta@db/regesta"},
       .run = migrate,
       .more =
           "`regesta serve` migrates, too. Use this command where a separate step does it, before the first server of "
           "a new version starts. Back up first: there is no downgrade."},
  };
}

}  // namespace regesta::cli
