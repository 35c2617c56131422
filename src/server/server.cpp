#include "server/server.h"

#include <malloc.h>
#include <pwd.h>
#include <unistd.h>

#include <cstdio>

#include "access/access.h"
#include "access/oidc/exchange.h"
#include "access/oidc/sign_in.h"
#include "api/access_recorder.h"
#include "api/feed.h"
#include "api/origin.h"
#include "api/routes.h"
#include "automation/notifier.h"
#include "automation/standing_guard.h"
#include "automation/trigger_engine.h"
#include "base/error.h"
#include "base/log.h"
#include "base/text.h"
#include "connect/synchronizer.h"
#include "db/migrate.h"
#include "db/slow_log.h"
#include "delivery/resolve.h"
#include "evaluation/golden/golden.h"
#include "evaluation/scan/scanner.h"
#include "gitremote/repository.h"
#include "governance/gate.h"
#include "governance/refusals.h"
#include "governance/request_clock.h"
#include "http/access_log.h"
#include "http/server.h"
#include "jobs/lease.h"
#include "jobs/webhook_sender.h"
#include "ledger/kept.h"
#include "ledger/log.h"
#include "lifecycle/content_schedule.h"
#include "lifecycle/expiry.h"
#include "lifecycle/retention_schedule.h"
#include "lifecycle/usage.h"
#include "policy/engine.h"
#include "policy/worker.h"
#include "registry/look_alike.h"
#include "registry/schema_guard.h"
#include "registry/storage_quota.h"
#include "rollout/stepper.h"
#include "server/address.h"
#include "server/content.h"
#include "server/data_directory.h"
#include "server/ledger_key.h"
#include "server/options.h"
#include "server/outside_programs.h"
#include "server/outside_trust.h"
#include "server/peer_notifier.h"
#include "server/request_tracing.h"
#include "server/signals.h"
#include "server/version.h"
#include "tracking/experiment.h"

namespace regesta::server {
namespace {

std::unique_ptr<db::Database> openDatabase(const Config& config, const DataDirectory& data) {
  if (config.text("db").empty()) return db::openSqlite({.path = data.database()});
  return db::openPostgres(config.text("db"));
}

std::function<void(http::Request&)> guardOf(const Config& config, access::Access& access) {
  auto guard = std::make_shared<api::OriginGuard>(
      api::OriginRules{.publicUrl = config.text("public-url"),
                       .trustedProxies = api::readProxies(config.text("trusted-proxies")),
                       .asksForCredentials = [&access] { return access.asksForCredentials(); },
                       .takesOtherOrigins = api::takesOtherOrigins});
  return [guard](http::Request& request) { guard->check(request); };
}

/// All running parts; each depends on those above it, and they are destroyed in reverse.
class Running {
 public:
  explicit Running(const Config& config)
      : address_(parseAddress(config.text("listen"))),
        data_(config.text("data")),
        key_(openKey(config, data_)),
        database_(openDatabase(config, data_)),
        store_(
            *database_, [this](const std::vector<registry::ChangedSubject>& touched) { changed(touched); },
            key_.pair.seed),
        prompts_(store_),
        feed_(store_, [this](const api::FeedEvent& event) { seen(event); }),
        news_(*database_, handlers()),
        blobs_(openContent(config, data_, *database_)),
        policy_(policyOptions(config)),
        egress_(http::Egress(config.text("webhooks.allow")).allowLoopbackWhile([this] {
          return !access_->asksForCredentials();
        })),
        webhooks_(store_, {.egress = egress_}),
        refusals_(store_),
        accessLog_(store_) {
    std::vector<std::string> migrated = db::migrate(*database_);
    registry::requireUnmodifiedSchema(*database_);
    if (std::string fault = blobs_->misplaced(); !fault.empty()) log(LogLevel::error, fault);
    // The directory's lock keeps other servers away from SQLite. One that was killed has left its leases.
    if (database_->dialect() == db::Dialect::sqlite) jobs::dropLeases(store_);
    tracking::prepareTracking(store_, config.text("default-artifact-root"));
    // Rows are taken as they are only where no server that gives them digests and MACs has ever kept a checkpoint of
    // entries, and before this one keeps its first.
    if (!hasKeptEntries()) store_.adoptState();
    registry::fillSkeletons(store_);
    openLedger(migrated);
    trust_ = std::make_unique<OutsideTrust>(config, data_, *database_, *log_);
    access_ = std::make_unique<access::Access>(store_, address_.loopback(), sessionLimits(config));
    registry::setStorageQuota(std::max<std::int64_t>(config.integer("quota.workspace-bytes"), 0));
    refuseUnprotectedAddress();
    if (!policy::canFilterSystemCalls())
      log(LogLevel::warn, "this kernel has no seccomp filters: policy workers are held by memory and time alone");
    opa_ = std::make_unique<policy::RemoteOpa>(opaOptions(config));
    gate_ = std::make_unique<governance::Gate>(
        store_, policy_, governance::Gate::Options{.publicUrl = config.text("public-url"), .opa = opa_.get()});
    connections_ = std::make_unique<connect::Synchronizer>(store_, *gate_, egress_);
    stepper_ = std::make_unique<rollout::Stepper>(store_, *gate_);
    retention_ = std::make_unique<lifecycle::RetentionSchedule>(store_, hoursOf(config, "retention.apply-hours"));
    expiry_ = std::make_unique<lifecycle::Expiry>(store_);
    content_ =
        std::make_unique<lifecycle::ContentSchedule>(store_, blobs_->packs(), hoursOf(config, "blobs.collect-hours"));
    if (config.flag("scan.arrivals"))
      scanner_ = std::make_unique<evaluation::Scanner>(
          store_, *blobs_, *gate_, evaluation::Scanner::Options{.scannedBy = fmt::format("regesta {}", version)});
    golden_ = std::make_unique<evaluation::golden::Schedule>(store_, *blobs_);
    triggers_ = std::make_unique<automation::TriggerEngine>(store_, policy_, egress_);
    requestClock_ = std::make_unique<governance::RequestClock>(
        store_, *gate_,
        governance::RequestClock::Options{.expireMillis = hoursOf(config, "requests.expire-hours"),
                                          .remindMillis = hoursOf(config, "requests.remind-hours")});
    const http::MailServer mail = mailServer(config);
    notifier_ = std::make_unique<automation::Notifier>(store_, *gate_, mail);
    standingGuards_ = std::make_unique<automation::StandingGuards>(store_, *gate_);
    openOidc(config);
    if (auto tracing = tracingOptions(config)) tracing_ = std::make_unique<RequestTracing>(*std::move(tracing));
    exchange_ = std::make_unique<access::oidc::Exchange>(store_, config.text("oidc.ca-file"));
    git_ = std::make_unique<gitremote::Repositories>(store_, *blobs_, *gate_, data_.git());
    usage_ = std::make_unique<lifecycle::UsageMeter>(store_, storagePrice(config));
    core_ = std::make_unique<api::Core>(api::Core{
        store_, *blobs_, *log_, policy_, *access_, *gate_, prompts_, feed_, *git_, config.text("default-artifact-root"),
        config.text("public-url"), std::string(version), oidc_.get(), usage_.get(), egress_, exchange_.get(), mail});
    router_ = api::makeRouter(*core_);
    http::ServerOptions options = httpOptions(config, address_);
    options.answered = [this](const http::AccessEntry& entry, const http::Request& request) {
      if (entry.status >= 400) failed(entry);
      api::noteAccess(accessLog_, entry, request);
      if (tracing_) tracing_->record(entry, request);
    };
    options.guard = guardOf(config, *access_);
    http_ = std::make_unique<http::Server>(std::move(options), *router_, api::renderUnrouted);
  }

  /// Returns the URL.
  std::string start(const Config& config) {
    feed_.start();
    log_->start();
    trust_->start();
    webhooks_.start();
    refusals_.start();
    accessLog_.start();
    if (tracing_) tracing_->start();
    http_->start();
    std::string scheme = config.text("tls.certificate").empty() ? "http" : "https";
    std::string url = fmt::format("{}://{}:{}", scheme, address_.host, http_->port());
    if (core_->publicUrl.empty()) core_->publicUrl = url;
    if (config.text("public-url").empty()) gate_->setPublicUrl(url);
    stepper_->start();
    retention_->start();
    expiry_->start();
    content_->start();
    if (scanner_) scanner_->start();
    golden_->start();
    connections_->start();
    triggers_->start();
    standingGuards_->start();
    notifier_->start();
    requestClock_->start();
    return url;
  }

  void reopenAccessLog() { http_->reopenAccessLog(); }

  void stop(int seconds) {
    connections_->stop();
    content_->stop();
    expiry_->stop();
    retention_->stop();
    stepper_->stop();
    if (scanner_) scanner_->stop();
    golden_->stop();
    triggers_->stop();
    standingGuards_->stop();
    notifier_->stop();
    requestClock_->stop();
    http_->drain(seconds);
    if (tracing_) tracing_->stop();
    accessLog_.stop();
    refusals_.stop();
    webhooks_.stop();
    feed_.stop();
    trust_->stop();
    log_->stop();
  }

 private:
  bool hasKeptEntries() {
    ledger::VerifierKey key{key_.origin, key_.pair.publicKey};
    auto note = ledger::readKeptNote(data_.ledgerHead(), key);
    return note && ledger::openCheckpoint(*note, key)->size > 0;
  }

  void openLedger(const std::vector<std::string>& migrated) {
    // What waits without a MAC is trusted once, when the table gets its MACs: never beside a checkpoint that a version
    // with MACs has kept, whatever the database says of its own schema.
    bool upgrade = std::ranges::find(migrated, "0024_ledger_trust") != migrated.end() &&
                   !std::filesystem::exists(data_.ledgerHead());
    log_ = std::make_unique<ledger::Log>(*database_, ledger::Log::Options{.origin = key_.origin,
                                                                          .key = key_.pair,
                                                                          .folder = data_.ledger(),
                                                                          .keptFile = data_.ledgerHead(),
                                                                          .adoptWaiting = upgrade,
                                                                          .grew = [this] { grew(); }});
    log_->recover();
  }

  void openOidc(const Config& config) {
    auto options = access::oidc::readOptions(config);
    if (!options) return;
    if (config.text("public-url").empty() && !address_.loopback())
      throw Error(Code::invalid, "public-url is required with oidc.issuer: the provider redirects to it");
    oidc_ = std::make_unique<access::oidc::SignIn>(*access_, *std::move(options));
  }

  void changed(const std::vector<registry::ChangedSubject>& touched) {
    if (touched.empty()) return;  // reports mostly change nothing that is governed
    for (const registry::ChangedSubject& touch : touched) prompts_.forget(touch.workspace, touch.subject);
    if (log_) log_->wake();  // what is recorded before it is there, it finds when it opens
    news_.notify(touched);
    if (scanner_) scanner_->wake();
    if (golden_) golden_->wake();
    if (connections_) connections_->wake();
  }
  PeerNotifier::Handlers handlers() {
    return {
        .touched = [this](const registry::ChangedSubject& touch) { prompts_.forget(touch.workspace, touch.subject); },
        .everythingMayBeOld = [this] { prompts_.forgetAll(); },
        .ledgerGrew = [this] { feed_.wake(); }};
  }
  void grew() {
    feed_.wake();
    if (triggers_) triggers_->wake();
    if (notifier_) notifier_->wake();
    news_.notifyLedgerGrew();
  }
  /// In addition to the notifications: what another server changed is dropped from caches when its entry is read.
  void seen(const api::FeedEvent& event) {
    if (database_->dialect() == db::Dialect::sqlite) return;  // no other server writes here
    if (event.action == registry::nameOf(registry::Action::assetRenamed))
      prompts_.forgetAll();
    else
      prompts_.forget(event.workspace, event.subject);
  }

  /// What a request was refused for is recorded when it is about who called; gates record what they refuse themselves.
  void failed(const http::AccessEntry& entry) {
    bool wrongCredentials =
        entry.problem == codeName(Code::unauthenticated) || entry.problem == codeName(Code::exhausted);
    if (wrongCredentials && entry.actor.empty() && !entry.claimed.empty())
      refusals_.signInFailed(entry.claimed, entry.remote);
    if (entry.problem == codeName(Code::denied) && !entry.actor.empty())
      refusals_.accessRefused(entry.actor, entry.method, entry.pattern);
  }

  /// Without users everyone is the local user; that is for this machine alone.
  void refuseUnprotectedAddress() {
    if (address_.loopback() || !access_->users().empty() || !access_->tokens().empty()) return;
    throw error(
        Code::invalid,
        "listen: {} can be reached from other machines and no user exists yet; start once on 127.0.0.1, make one with "
        "`regesta user create NAME`, then listen here",
        address_.host);
  }

  Address address_;
  DataDirectory data_;
  LedgerKey key_;
  std::unique_ptr<db::Database> database_;
  registry::Store store_;
  delivery::Resolver prompts_;
  api::Feed feed_;
  PeerNotifier news_;
  std::unique_ptr<blob::PackStore> blobs_;
  policy::Engine policy_;
  std::unique_ptr<ledger::Log> log_;
  std::unique_ptr<OutsideTrust> trust_;
  http::Egress egress_;
  jobs::WebhookSender webhooks_;
  governance::Refusals refusals_;
  registry::AccessLogger accessLog_;
  std::unique_ptr<access::Access> access_;
  std::unique_ptr<access::oidc::SignIn> oidc_;
  std::unique_ptr<access::oidc::Exchange> exchange_;
  std::unique_ptr<policy::RemoteOpa> opa_;
  std::unique_ptr<governance::Gate> gate_;
  std::unique_ptr<connect::Synchronizer> connections_;
  std::unique_ptr<rollout::Stepper> stepper_;
  std::unique_ptr<lifecycle::RetentionSchedule> retention_;
  std::unique_ptr<lifecycle::Expiry> expiry_;
  std::unique_ptr<lifecycle::ContentSchedule> content_;
  std::unique_ptr<evaluation::Scanner> scanner_;  ///< null: scan.arrivals is off
  std::unique_ptr<evaluation::golden::Schedule> golden_;
  std::unique_ptr<automation::TriggerEngine> triggers_;
  std::unique_ptr<automation::StandingGuards> standingGuards_;
  std::unique_ptr<automation::Notifier> notifier_;
  std::unique_ptr<governance::RequestClock> requestClock_;
  std::unique_ptr<gitremote::Repositories> git_;
  std::unique_ptr<lifecycle::UsageMeter> usage_;
  std::unique_ptr<RequestTracing> tracing_;  ///< null: tracing.url is empty
  std::unique_ptr<api::Core> core_;
  std::unique_ptr<http::Router> router_;
  std::unique_ptr<http::Server> http_;
};

}  // namespace

int serve(const Config& config) {
  requireDatabaseUrl(config.text("db"));
  setLogLevel(logLevelOf(config));
  db::setSlowStatementMillis(slowStatementMillis(config));
  mallopt(M_ARENA_MAX, 4);  // many threads wait here; an arena for each would only spread memory
  sigset_t signals = blockSignals({SIGHUP});
  Running running(config);
  std::string url = running.start(config);
  std::printf("regesta %s serves on %s\n", std::string(version).c_str(), url.c_str());
  std::fflush(stdout);
  int signal = awaitSignal(signals);
  for (; signal == SIGHUP && !config.text("access-log").empty(); signal = awaitSignal(signals))
    running.reopenAccessLog();
  log(LogLevel::info, "draining", {{"signal", signal}});
  running.stop(static_cast<int>(config.integer("drain-seconds")));
  return 0;
}

}  // namespace regesta::server
