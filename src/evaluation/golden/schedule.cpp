#include "base/error.h"
#include "base/id.h"
#include "base/repeater.h"
#include "evaluation/golden/golden.h"
#include "jobs/lease.h"

namespace regesta::evaluation::golden {
namespace {

using namespace std::chrono_literals;

const registry::Actor goldenActor = registry::Actor::system("golden");
constexpr Repeater::Pause longestPause = 5s;  // another server may have registered a version
constexpr std::int64_t leaseMillis = 60'000;
constexpr std::string_view leaseName = "golden";
constexpr std::size_t pageSize = 100;

struct New {
  std::int64_t id = 0;
  registry::AssetKey key;
  std::int64_t number = 0;
};

/// Versions that the rule covers and has no run for.
std::vector<New> newVersions(db::Transaction& transaction, const registry::GoldenRule& rule) {
  auto rows = transaction.query(
      "SELECT v.id, a.name, v.number FROM version v JOIN asset a ON a.id = v.asset WHERE v.id > $1 AND a.workspace = "
      "$2 "
      "AND a.kind = $3 AND v.deleted = 0 AND NOT EXISTS (SELECT 1 FROM golden_run g WHERE g.rule = $4 AND g.version = "
      "v.id) ORDER BY v.id",
      {rule.afterVersion, rule.workspace, rule.kind, rule.id});
  std::vector<New> found;
  auto kind = registry::parseKind(rule.kind).value();
  while (rows.next() && found.size() < pageSize) {
    New one{rows.integer(0), {rule.workspace, kind, rows.text(1)}, rows.integer(2)};
    if (rule.covers(one.key)) found.push_back(std::move(one));
  }
  return found;
}

}  // namespace

struct Schedule::State {
  registry::Store& store;
  blob::BlobStore& blobs;
  Repeater repeater;
  std::string holder = randomHex(8);

  /// A rule whose data cannot be read has no job; the report says why.
  void noteProblem(registry::Change& change, const registry::GoldenRule& rule, const New& one,
                   const registry::Version& version, const std::string& problem) {
    change.transaction.run(
        "INSERT INTO golden_run (rule, version, version_digest, dataset_digest, job, problem, created_at) VALUES ($1, "
        "$2, $3, '', 0, $4, $5)",
        {rule.id, one.id, version.digest, problem, change.now});
    change.record(registry::Action::jobFailed, rule.workspace, "job/0",
                  {{"about", version.subject()}, {"rule", rule.name}});
  }

  bool enqueue(const registry::GoldenRule& rule, const New& one) {
    std::optional<GoldenData> data;
    std::string problem;
    try {
      data = readGolden(store, blobs, rule);
    } catch (const Error& fault) {
      if (fault.code == Code::unavailable) throw;
      problem = fault.message;
    }
    return store.change(goldenActor, [&](registry::Change& change) {
      db::Transaction& transaction = change.transaction;
      auto version = registry::findVersion(transaction, one.key, one.number);
      auto done = transaction.query("SELECT 1 FROM golden_run WHERE rule = $1 AND version = $2", {rule.id, one.id});
      if (!version || done.next() || !registry::findGoldenRuleById(transaction, rule.id)) return false;
      if (data)
        enqueueGolden(change, rule, *version, *data);
      else
        noteProblem(change, rule, one, *version, problem);
      return true;
    });
  }
};

Schedule::Schedule(registry::Store& store, blob::BlobStore& blobs)
    : state_(new State{
          .store = store,
          .blobs = blobs,
          .repeater = {"golden tests of new versions could not be enqueued and will be later", longestPause, [this] {
                         round();
                         return longestPause;
                       }}}) {}
Schedule::~Schedule() { stop(); }

std::size_t Schedule::round() {
  State& state = *state_;
  jobs::RoundLease lease(state.store, leaseName, state.holder, leaseMillis);
  std::size_t count = 0;
  for (const registry::GoldenRule& rule :
       state.store.read([](db::Transaction& transaction) { return registry::listGoldenRules(transaction, ""); })) {
    for (;;) {
      auto page = state.store.read([&](db::Transaction& transaction) { return newVersions(transaction, rule); });
      if (page.empty()) break;
      if (!lease.take()) return count;
      for (const New& one : page) {
        if (state.repeater.stopping()) return count;
        if (state.enqueue(rule, one)) ++count;
      }
    }
  }
  return count;
}

void Schedule::start() { state_->repeater.start(); }
void Schedule::stop() { state_->repeater.stop(); }
void Schedule::wake() { state_->repeater.wake(); }

}  // namespace regesta::evaluation::golden
