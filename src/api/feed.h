#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "governance/access.h"
#include "registry/change.h"

namespace regesta::api {

/// One entry of the ledger, made ready once for everybody who watches.
struct FeedEvent {
  std::int64_t index = 0;
  std::string workspace, subject, action;
  std::string body;   ///< canonical JSON, as it is hashed
  std::string event;  ///< as a server-sent event: id is the index, event the action, data the body
};
using FeedEvents = std::vector<std::shared_ptr<const FeedEvent>>;

/// What a watcher wants to hear of.
struct FeedFilter {
  std::shared_ptr<const governance::Identity> identity;  ///< hears only of workspaces that it may read
  std::string workspace;                                 ///< empty: all of them
  std::string subject;  ///< "prompt/NAME": of it, its versions and its pointers; empty: everything
  bool wants(const FeedEvent& event) const;
};

/// The committed ledger as a stream of events. One thread reads each entry once and hands it to all who watch; a
/// watcher has a short queue of its own, and who lets it run over is told to come back. Thread-safe.
class Feed {
 public:
  /// `seen` hears of every entry, before any watcher does, on the feed's thread; it must not wait.
  Feed(registry::Store& store, std::function<void(const FeedEvent&)> seen);
  ~Feed();
  void start();  ///< from the newest entry on
  void stop();   ///< also wakes every watcher
  /// Entries have got their index, here or in another process. Without it the feed looks once a second.
  void wake();

  /// One watcher's place. Ends with its destruction.
  class Watch {
   public:
    ~Watch();
    Watch(const Watch&) = delete;
    /// The index behind the last entry that came before the watch began: what is older, read() gives.
    std::int64_t since() const { return since_; }
    struct Taken {
      FeedEvents events;
      bool late = false;  ///< the queue ran over: there were more, from the last of these on
    };
    /// What has arrived, in order; empties the queue.
    Taken take();

   private:
    friend class Feed;
    struct Queue;
    Watch(Feed& feed, FeedFilter filter, std::function<void()> wake);
    Feed& feed_;
    std::shared_ptr<Queue> queue_;
    std::int64_t since_ = 0;
  };
  /// `wake` is called from the feed's thread when there is something to take.
  std::unique_ptr<Watch> watch(FeedFilter filter, std::function<void()> wake);

  struct Page {
    FeedEvents events;
    std::int64_t next = 0;  ///< the index to go on with
  };
  /// Entries from `from` on and before `end` that the filter wants, from the database: at most a page of them are
  /// looked at.
  Page read(const FeedFilter& filter, std::int64_t from, std::int64_t end);
  std::size_t watchers() const;
  std::int64_t next() const;  ///< the index behind the newest entry that was handed out

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace regesta::api
