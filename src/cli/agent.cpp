#include "server/agent.h"

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
  server::AgentOptions options;
  options.url = connection.url;
  while (options.url.ends_with('/')) options.url.pop_back();
  options.authorization = connection.authorization();
  options.workspace = connection.workspace;
  options.caFile = connection.caFile;
  options.folder = cacheFolder(session);
  if (args.has("listen")) options.listen = args.text("listen");
  for (const std::string& text : args.all("prompt")) {
    Reference ref = parseReference(text, "prompt");
    std::string selector = !ref.selector.empty() ? ref.selector : ref.pointer;
    options.wanted.emplace_back(ref.name, selector.empty() ? "production" : selector);
  }
  return server::runAgent(std::move(options));
}

}  // namespace

Commands agentCommands() {
  return {
      {.path = "agent",
       .summary = "serve prompts beside an application, also while the server is away",
       .options = {{"server", "URL", "the server to follow (default: as every command)"},
                   {"listen", "HOST:PORT", "where to serve (default 127.0.0.1:4610); this machine only"},
                   {"dir", "FOLDER", "where to keep prompts (default ~/.cache/regesta/agent)"},
                   {"prompt", "NAME", "keep this one from the start: NAME, NAME#ALIAS or NAME@VERSION", 'p', false,
                    true}},
       .examples = {"regesta agent --server https://regesta.example.org --prompt loan-summary",
                    "curl 'http://127.0.0.1:4610/api/v1/prompts/loan-summary/resolve?key=user-17'"},
       .run = agent,
       .more =
           "Answers …/resolve and …/versions/V as the server does, byte for byte, rollouts included. It follows the\n"
           "change feed and keeps the last good answers on disk."},
  };
}

}  // namespace regesta::cli
