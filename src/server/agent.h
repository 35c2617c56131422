#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace regesta::server {

/// How an agent reaches its server, and where it listens.
struct AgentOptions {
  std::string url, authorization, workspace, caFile;
  std::string listen = "127.0.0.1:4610";  ///< whoever reaches it reads with the agent's rights: loopback only
  std::string folder;                     ///< where the last good answers are kept
  /// Prompt and selector: kept from the start, not only once somebody asked.
  std::vector<std::pair<std::string, std::string>> wanted;
};

/// Serves GET /api/v1/prompts/{name}/resolve and …/versions/{selector} from what it keeps, byte for byte as the server
/// does, rollouts included, also while the server is away. Follows the server's change feed, so that an answer is old
/// for milliseconds while the server is there. What it never was asked for while the server was there it cannot answer:
/// 503. Its answers say X-Regesta-Agent: fresh or stale.
class Agent {
 public:
  explicit Agent(AgentOptions options);
  ~Agent();
  /// Throws Error{invalid} for an address that other machines can reach, Error{unavailable} for one that is taken. A
  /// server that is away is no error.
  void start();
  std::uint16_t port() const;
  void stop();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// `regesta agent`: prints one line with the URL, serves until SIGTERM or SIGINT. Returns the process's exit code.
int runAgent(AgentOptions options);

}  // namespace regesta::server
