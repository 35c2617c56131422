#pragma once
#include <condition_variable>
#include <functional>
#include <map>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "base/file.h"
#include "base/sync.h"
#include "db/postgres_connection.h"

namespace regesta::db {

/// LISTEN and NOTIFY on a connection of its own, opened when it is first needed and opened again whenever it is lost.
/// Callbacks run on its thread.
class PostgresListener {
 public:
  using Callback = std::function<void(const std::string&)>;
  explicit PostgresListener(std::string url);
  ~PostgresListener();
  /// Returns once the server knows, or after a few seconds without it: then the connection is still being sought.
  void listen(const std::string& channel, Callback callback);
  /// Queues the notification and returns at once. Thread-safe.
  void notify(const std::string& channel, const std::string& payload);

 private:
  struct State {
    std::map<std::string, std::vector<Callback>> listeners;
    std::size_t heard = 0;  // channels that LISTEN was sent for on this connection
    std::vector<std::pair<std::string, std::string>> outgoing;
    bool stopping = false;
  };
  void startThread();
  void loop();
  void sendAll(PostgresConnection& connection);
  void serve(PostgresConnection& connection);
  void wake();

  std::string url_;
  file::Handle wake_;
  Sync<State> state_;
  std::condition_variable changed_;
  std::thread thread_;
};

}  // namespace regesta::db
