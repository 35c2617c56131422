#include "base/config.h"
#include "base/log.h"
#include "cli/commands.h"
#include "cli/session.h"
#include "cli/settings.h"
#include "server/server.h"
#include "server/version.h"

namespace regesta::cli {
namespace {

int serve(Session& session) {
  Config config = configOf(session.args);
  setLogLevel(LogLevel::info);
  return server::serve(config);
}

int printVersion(Session& session) {
  return session.said(json::object{{"version", server::version}}, fmt::format("regesta {}", server::version));
}

}  // namespace

Commands serveCommands() {
  return {
      {.path = "serve",
       .summary = "start the server",
       .options = settingOptions(),
       .examples = {"regesta serve", "regesta serve --data /var/lib/regesta --listen 0.0.0.0:4600",
                    "regesta serve --config /etc/regesta.toml --db postgres://regesta@db/regesta"},
       .run = serve,
       .more =
           "Prints one line with its URL when it is ready. SIGTERM finishes running requests and stops the server.\n"
           "Flags override REGESTA_… variables, which override regesta.toml."},
      {.path = "program-version", .summary = "print the version of this program", .run = printVersion, .hidden = true},
  };
}

}  // namespace regesta::cli
