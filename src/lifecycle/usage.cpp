#include "lifecycle/usage.h"

#include <algorithm>
#include <condition_variable>
#include <thread>
#include <tuple>
#include <unordered_map>

#include "base/error.h"
#include "base/log.h"
#include "base/sync.h"
#include "base/time.h"

namespace regesta::lifecycle {
namespace {

/// Ranges of digests that are read one after the other, so that no transaction is long and no sort is large.
constexpr int ranges = 64;

/// An asset by its row; the runs and clients of a workspace by its number.
struct User {
  std::int64_t workspace = 0;
  Holder holder = Holder::asset;
  std::int64_t asset = 0;
  auto operator<=>(const User&) const = default;
};

/// One content in one workspace: who uses it, and how often.
struct Use {
  User user;
  std::int64_t files = 0;
};

class Measurement {
 public:
  Measurement(registry::Store& store, const std::atomic<bool>* stopping) : store_(store), stopping_(stopping) {}

  UsageReport take() {
    store_.read([&](db::Transaction& transaction) { readNames(transaction); });
    for (int range = 0; range < ranges; ++range) {
      if (stopping_ && *stopping_) throw Error(Code::unavailable, "the server stops");
      store_.read([&](db::Transaction& transaction) { readRange(transaction, range); });
    }
    store_.read([&](db::Transaction& transaction) { readPacks(transaction); });
    for (auto& [workspace, usage] : report_.workspaces)
      std::ranges::sort(usage.rows, [](const UsageRow& a, const UsageRow& b) {
        return std::tuple(-a.bytes.share, a.kind, std::string_view(a.name)) <
               std::tuple(-b.bytes.share, b.kind, std::string_view(b.name));
      });
    report_.measuredAt = nowMillis();
    return std::move(report_);
  }

 private:
  WorkspaceUsage& usageOf(const std::string& workspace) { return report_.workspaces[workspace]; }

  UsageRow& rowOf(const User& user) {
    auto [place, fresh] = rows_.try_emplace({user.workspace, user.holder, user.asset}, 0);
    std::vector<UsageRow>& rows = usageOf(names_[static_cast<std::size_t>(user.workspace)]).rows;
    if (fresh) {
      place->second = rows.size();
      rows.push_back({.holder = user.holder, .asset = user.asset});
    }
    return rows[place->second];
  }

  std::int64_t numberOf(std::string_view workspace) {
    auto [place, fresh] = numbers_.try_emplace(std::string(workspace), static_cast<std::int64_t>(names_.size()));
    if (fresh) {
      names_.emplace_back(workspace);
      usageOf(names_.back());
    }
    return place->second;
  }

  void readNames(db::Transaction& transaction) {
    {
      db::Rows rows = transaction.query("SELECT name FROM workspace");
      while (rows.next()) numberOf(rows.view(0));
    }
    {
      db::Rows rows = transaction.query(
          "SELECT a.workspace, a.kind, a.name, a.id, COUNT(*) FROM asset a JOIN version v ON v.asset = a.id "
          "WHERE v.deleted = 0 GROUP BY a.workspace, a.kind, a.name, a.id");
      while (rows.next()) {
        UsageRow& row = rowOf({numberOf(rows.view(0)), Holder::asset, rows.integer(3)});
        row.kind = rows.text(1);
        row.name = rows.text(2);
        row.versions = rows.integer(4);
        workspaceOf_[rows.integer(3)] = numberOf(rows.view(0));
      }
    }
    db::Rows rows = transaction.query("SELECT asset, key, value FROM asset_tag");
    while (rows.next())
      if (auto workspace = workspaceOf_.find(rows.integer(0)); workspace != workspaceOf_.end())
        rowOf({workspace->second, Holder::asset, rows.integer(0)}).tags.emplace(rows.text(1), rows.text(2));
  }

  void readRange(db::Transaction& transaction, int range) {
    std::string from = fmt::format("{:02x}", range * 256 / ranges);
    std::string to = range + 1 == ranges ? "g" : fmt::format("{:02x}", (range + 1) * 256 / ranges);
    db::Rows rows = transaction.query(
        "SELECT digest, size, holder, workspace, asset FROM ("
        "SELECT f.digest, f.size, 0 AS holder, '' AS workspace, v.asset FROM version_file f "
        "JOIN version v ON v.id = f.version WHERE f.digest >= $1 AND f.digest < $2 AND v.deleted = 0 UNION ALL "
        "SELECT digest, size, 1, workspace, 0 FROM tree_file WHERE digest >= $1 AND digest < $2 UNION ALL "
        "SELECT digest, size, 2, workspace, 0 FROM blob_alias WHERE digest >= $1 AND digest < $2) AS used "
        "ORDER BY digest, holder, asset, workspace",
        {from, to});
    std::string digest;
    std::int64_t size = 0;
    std::vector<Use> uses;
    while (rows.next()) {
      if (rows.view(0) != digest) {
        count(uses, size);
        digest = rows.text(0);
        size = rows.integer(1);
        uses.clear();
      }
      User user{0, static_cast<Holder>(rows.integer(2)), rows.integer(4)};
      if (user.holder == Holder::asset) {
        auto workspace = workspaceOf_.find(user.asset);
        if (workspace == workspaceOf_.end()) continue;  // created in the meantime
        user.workspace = workspace->second;
      } else {
        user.workspace = numberOf(rows.view(3));
      }
      if (uses.empty() || uses.back().user != user)
        uses.push_back({user, 1});
      else
        ++uses.back().files;
    }
    count(uses, size);
  }

  /// Adds one content to what its users use.
  void count(std::vector<Use>& uses, std::int64_t size) {
    std::ranges::sort(uses, {}, &Use::user);
    for (auto first = uses.begin(); first != uses.end();) {
      auto last =
          std::find_if(first, uses.end(), [&](const Use& use) { return use.user.workspace != first->user.workspace; });
      WorkspaceUsage& workspace = usageOf(names_[static_cast<std::size_t>(first->user.workspace)]);
      workspace.stored += size;
      auto users = last - first;
      for (; first != last; ++first) {
        workspace.logical += size * first->files;
        rowOf(first->user).bytes += {.files = first->files,
                                     .logical = size * first->files,
                                     .unique = users == 1 ? size : 0,
                                     .share = static_cast<double>(size) / static_cast<double>(users)};
      }
    }
  }

  void readPacks(db::Transaction& transaction) {
    auto sum = [&](std::string_view sql) {
      db::Rows rows = transaction.query(sql);
      rows.next();
      return rows.integer(0);
    };
    report_.packs.content = sum("SELECT CAST(COALESCE(SUM(size), 0) AS BIGINT) FROM blob_object");
    report_.packs.packs = sum("SELECT CAST(COALESCE(SUM(size), 0) AS BIGINT) FROM blob_pack WHERE condemned_at = 0");
  }

  registry::Store& store_;
  const std::atomic<bool>* stopping_;
  UsageReport report_;
  std::vector<std::string> names_;  ///< of workspaces, by number
  std::unordered_map<std::string, std::int64_t> numbers_;
  std::unordered_map<std::int64_t, std::int64_t> workspaceOf_;  ///< by asset
  std::map<std::tuple<std::int64_t, Holder, std::int64_t>, std::size_t> rows_;
};

}  // namespace

Bytes& Bytes::operator+=(const Bytes& other) {
  files += other.files;
  logical += other.logical;
  unique += other.unique;
  share += other.share;
  return *this;
}

struct UsageMeter::State {
  struct Last {
    std::shared_ptr<const UsageReport> report;
    bool measuring = false;
  };
  registry::Store& store;
  Sync<Last> last{};
  std::condition_variable ended;
  std::atomic<bool> stopping{false};
  std::thread thread;  ///< touched by the thread that sets `measuring`
};

UsageMeter::UsageMeter(registry::Store& store, double pricePerGb)
    : pricePerGb_(pricePerGb), state_(new State{.store = store}) {}

UsageMeter::~UsageMeter() {
  state_->stopping = true;
  if (state_->thread.joinable()) state_->thread.join();
}

/// The caller has set `measuring`, under the lock that it still holds.
void UsageMeter::begin() {
  if (state_->thread.joinable()) state_->thread.join();  // it has ended: it reset `measuring`
  state_->thread = std::thread([&state = *state_] {
    std::shared_ptr<const UsageReport> report;
    try {
      report = std::make_shared<const UsageReport>(measureUsage(state.store, &state.stopping));
    } catch (const std::exception& error) {
      if (!state.stopping) log(LogLevel::warn, "storage could not be measured", {{"error", error.what()}});
    }
    auto last = state.last.lock();
    if (report) last->report = std::move(report);
    last->measuring = false;
    state.ended.notify_all();
  });
}

std::shared_ptr<const UsageReport> UsageMeter::report(bool again) {
  auto last = state_->last.lock();
  std::int64_t oldest = nowMillis() - (again ? soonestMillis : freshMillis);
  bool due = !last->report || last->report->measuredAt < oldest;
  if (due && !last->measuring) {
    last->measuring = true;
    begin();
  }
  if (due && (again || !last->report))
    last.waitFor(state_->ended, std::chrono::milliseconds(longestWaitMillis), [&] { return !last->measuring; });
  if (!last->report)
    throw Error(Code::unavailable, "storage is being measured for the first time; ask again in a minute");
  return last->report;
}

UsageReport measureUsage(registry::Store& store, const std::atomic<bool>* stopping) {
  return Measurement(store, stopping).take();
}

}  // namespace regesta::lifecycle
