#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "access/access.h"
#include "governance/entry_access.h"
#include "registry/change.h"

namespace regesta::api {

/// One ledger entry, prepared once for all watchers.
struct FeedEvent {
  std::int64_t index = 0;
  std::string workspace, subject, action;
  governance::EntryScope scope;  ///< who may read it
  std::string body;              ///< canonical JSON
  std::string event;             ///< as a server-sent event: id is the index, event the action, data the body
};
using FeedEvents = std::vector<std::shared_ptr<const FeedEvent>>;

/// Filter of a watcher.
struct FeedFilter {
  std::shared_ptr<const access::Identity> identity;  ///< gets only what it may read
  std::string workspace;                             ///< empty: all of them
  std::string subject;  ///< "prompt/NAME": the prompt, its versions and its pointers; empty: everything
  bool wants(const FeedEvent& event) const;
};

/// The committed ledger as a stream of events. One thread reads each entry once and passes it to all watchers; each
/// watcher has a short queue and must reconnect if it overflows. Thread-safe.
class Feed {
 public:
  /// `seen` gets every entry before any watcher, on the feed's thread; it must not wait.
  Feed(registry::Store& store, std::function<void(const FeedEvent&)> seen);
  ~Feed();
  void start();  ///< from the newest entry
  void stop();   ///< also wakes every watcher
  /// Call after entries got their index, here or in another process. Otherwise the feed polls once per second.
  void wake();

  /// One watcher's subscription, until its destruction.
  class Watch {
   public:
    ~Watch();
    Watch(const Watch&) = delete;
    /// The index after the last entry before the subscription; older entries come from read().
    std::int64_t since() const { return since_; }
    struct Taken {
      FeedEvents events;
      bool late = false;  ///< the queue overflowed: there are more entries after the last of these
    };
    /// Takes the queued entries, in order.
    Taken take();

   private:
    friend class Feed;
    struct Queue;
    Watch(Feed& feed, FeedFilter filter, std::function<void()> wake);
    Feed& feed_;
    std::shared_ptr<Queue> queue_;
    std::int64_t since_ = 0;
  };
  /// `wake` is called on the feed's thread when entries are queued.
  std::unique_ptr<Watch> watch(FeedFilter filter, std::function<void()> wake);

  struct Page {
    FeedEvents events;
    std::int64_t next = 0;  ///< the index to continue with
  };
  /// Matching entries from `from` to before `end`, from the database; reads at most one page of entries.
  Page read(const FeedFilter& filter, std::int64_t from, std::int64_t end);
  std::size_t watchers() const;
  std::int64_t next() const;  ///< the index after the newest delivered entry

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace regesta::api
