#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace regesta::agent {

/// An agent's server and listening address.
struct AgentOptions {
  std::string url, authorization, workspace, caFile;
  std::string listen = "127.0.0.1:4610";  ///< its clients read with the agent's permissions: loopback only
  std::string folder;                     ///< folder for the last successful responses
  /// Prompts and selectors to fetch at start, not at the first request.
  std::vector<std::pair<std::string, std::string>> wanted;
};

/// Serves GET /api/v1/prompts/{name}/resolve and …/versions/{selector} from its copies, byte for byte like the server
/// and with rollouts, also while the server is unreachable. Follows the server's change feed, so responses are outdated
/// for milliseconds. Responds 503 to first requests for a prompt while the server is unreachable. Header
/// X-Regesta-Agent: fresh or stale.
class Agent {
 public:
  explicit Agent(AgentOptions options);
  ~Agent();
  /// Throws Error{invalid} for an address that other machines can reach, Error{unavailable} for one that is taken. An
  /// unreachable server is not an error.
  void start();
  std::uint16_t port() const;
  void stop();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// `regesta agent`: prints one line with the URL, serves until SIGTERM or SIGINT. Returns the process's exit code.
int runAgent(AgentOptions options);

}  // namespace regesta::agent
