#pragma once
#include <optional>
#include <string>

namespace regesta::cli {

/// How to reach a server, and as whom. A token is sent as Bearer, a user and password as Basic.
struct Connection {
  std::string url, token, user, password;
  std::string workspace;
  std::string caFile;  ///< certificates to trust besides the system's, for a server with its own authority

  /// The Authorization header's value; empty when there are no credentials.
  std::string authorization() const;
};

/// ~/.config/regesta/credentials (below XDG_CONFIG_HOME where that is set).
std::string credentialsFile();
/// What `regesta login` stored; empty optional when nothing is. Throws Error{corrupt} for a file that is not ours.
std::optional<Connection> storedConnection();
/// Writes the file, readable by this user alone.
void storeConnection(const Connection& connection);
/// False if no credentials were stored.
bool forgetConnection();

/// URL: `urlFlag`, else REGESTA_URL, else the stored one, else http://127.0.0.1:4600. Credentials: REGESTA_TOKEN, else
/// REGESTA_USER with REGESTA_PASSWORD, else the stored ones, which are sent to the URL they were stored for and no
/// other.
Connection effectiveConnection(const std::string& urlFlag, const std::string& workspaceFlag);

}  // namespace regesta::cli
