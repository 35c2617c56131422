#pragma once
#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include "base/sync.h"

namespace regesta::db {

/// Calls listeners of this process on one thread of its own, in the order of the news.
class Notifier {
 public:
  using Callback = std::function<void(const std::string&)>;
  Notifier();
  ~Notifier();
  void listen(const std::string& channel, Callback callback);
  void notify(const std::string& channel, const std::string& payload);

 private:
  struct State {
    std::map<std::string, std::vector<Callback>> listeners;
    std::deque<std::pair<std::string, std::string>> news;
    bool stopping = false;
  };
  void loop();

  Sync<State> state_;
  std::condition_variable changed_;
  std::thread thread_;
};

}  // namespace regesta::db
