#include "agent/agent.h"

#include <cstdlib>

#include "base/log.h"
#include "cli/commands.h"
#include "cli/session.h"

namespace regesta::cli {
namespace {

std::string cacheFolder(const Session& session) {
  if (session.args.has("dir")) return session.args.text("dir");
  if (const char* cache = std::getenv("XDG_CACHE_HOME"); cache && *cache) return std::string(cache) + "/regesta/agent";
  if (const char* home = std::getenv("HOME"); home && *home) return std::string(home) + "/.cache/regesta/agent";
  throw UsageError("neither HOME nor XDG_CACHE_HOME says where to keep prompts: give --dir");
}

int agent(Session& session) {
  const Arguments& args = session.args;
  setLogLevel(LogLevel::info);
  Connection connection =
      effectiveConnection(args.has("server") ? args.text("server") : args.text("url"), args.text("workspace"));
  agent::AgentOptions options;
  options.url = connection.url;
  while (options.url.ends_with('/')) options.url.pop_back();
  options.authorization = connection.authorization();
  options.workspace = connection.workspace;
  options.caFile = connection.caFile;
  options.folder = cacheFolder(session);
  if (args.has("listen")) options.listen = args.text("listen");
  for (const std::string& text : args.all("prompt")) {
    Reference ref = parseReference(text, "prompt", Takes::version);
    options.wanted.emplace_back(ref.name, ref.selector.empty() ? "production" : ref.selector);
  }
  return agent::runAgent(std::move(options));
}

}  // namespace

Commands agentCommands() {
  return {
      {.path = "agent",
       .summary = "serve prompts next to an application, also while the server is unreachable",
       .options = {{"server", "URL", "the server to follow (default: as for other commands)"},
                   {"listen", "HOST:PORT", "HOST:PORT to listen on, loopback only (default 127.0.0.1:4610)"},
                   {"dir", "FOLDER", "folder for prompts (default ~/.cache/regesta/agent)"},
                   {"prompt", "NAME", "fetch this prompt at start: NAME, NAME#ALIAS or NAME@VERSION", 'p', false,
                    true}},
       .examples = {"regesta agent --server https://regesta.example.org --prompt loan-summary",
                    "curl 'http://127.0.0.1:4610/api/v1/prompts/loan-summary/resolve?key=user-17'"},
       .run = agent,
       .more = "Serves …/resolve and …/versions/V like the server, byte for byte, including rollouts. Follows the\n"
               "change feed and stores the last successful responses on disk."},
  };
}

}  // namespace regesta::cli
