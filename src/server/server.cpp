#include "server/server.h"

#include <malloc.h>
#include <pwd.h>
#include <unistd.h>

#include <cstdio>

#include "api/feed.h"
#include "api/routes.h"
#include "base/error.h"
#include "base/log.h"
#include "base/text.h"
#include "blob/store.h"
#include "db/migrate.h"
#include "delivery/repository/repository.h"
#include "delivery/resolve.h"
#include "delivery/stepper.h"
#include "governance/access.h"
#include "governance/gate.h"
#include "governance/oidc/sign_in.h"
#include "http/server.h"
#include "jobs/webhook_sender.h"
#include "ledger/log.h"
#include "policy/engine.h"
#include "server/address.h"
#include "server/data_directory.h"
#include "server/ledger_key.h"
#include "server/news.h"
#include "server/signals.h"
#include "server/version.h"
#include "tracking/experiment.h"

namespace regesta::server {
namespace {

std::unique_ptr<db::Database> openDatabase(const Config& config, const DataDirectory& data) {
  if (config.text("db").empty()) return db::openSqlite({.path = data.database()});
  return db::openPostgres(config.text("db"));
}

std::unique_ptr<blob::BlobStore> openBlobs(const Config& config, const DataDirectory& data) {
  if (config.text("blobs").empty()) return blob::openLocal(data.blobs());
  throw error(Code::unsupported, "blobs: this build keeps blobs in the data directory only; leave the setting empty");
}

LogLevel logLevelOf(const Config& config) {
  const std::string& name = config.text("log-level");
  if (name == "debug") return LogLevel::debug;
  if (name == "info") return LogLevel::info;
  if (name == "warn") return LogLevel::warn;
  if (name == "error") return LogLevel::error;
  throw error(Code::invalid, "log-level must be debug, info, warn or error, got \"{}\"", name);
}

http::ServerOptions httpOptions(const Config& config, const Address& address) {
  http::ServerOptions options;
  options.host = address.host;
  options.port = address.port;
  options.ioThreads = static_cast<std::size_t>(config.integer("threads"));
  options.waitingThreads = static_cast<std::size_t>(config.integer("waiting-threads"));
  options.certificateFile = config.text("tls.certificate");
  options.keyFile = config.text("tls.key");
  if (options.certificateFile.empty() != options.keyFile.empty())
    throw Error(Code::invalid, "tls.certificate and tls.key belong together: set both or neither");
  options.accessLog = config.text("access-log");
  return options;
}

/// Everything that runs, in the order it depends on what stands above it; destroyed in reverse.
class Running {
 public:
  explicit Running(const Config& config)
      : address_(parseAddress(config.text("listen"))),
        data_(config.text("data")),
        database_(openDatabase(config, data_)),
        store_(*database_, [this](const std::vector<registry::Touch>& touched) { changed(touched); }),
        prompts_(store_),
        feed_(store_, [this](const api::FeedEvent& event) { seen(event); }),
        news_(*database_, heard()),
        blobs_(openBlobs(config, data_)),
        policy_(policyOptions(config)),
        webhooks_(store_, {}) {
    db::migrate(*database_);
    openLedger(config);
    tracking::prepareTracking(store_, config.text("default-artifact-root"));
    access_ = std::make_unique<governance::Access>(store_, address_.loopback());
    refuseOpenDoor();
    gate_ = std::make_unique<governance::Gate>(store_, policy_,
                                               governance::Gate::Options{.publicUrl = config.text("public-url")});
    stepper_ = std::make_unique<delivery::Stepper>(store_, *gate_);
    openOidc(config);
    git_ = std::make_unique<delivery::Repositories>(store_, *blobs_, *gate_, data_.git());
    core_ = std::make_unique<api::Core>(api::Core{store_, *blobs_, *log_, policy_, *access_, *gate_, prompts_, feed_,
                                                  *git_, config.text("default-artifact-root"),
                                                  config.text("public-url"), std::string(version), oidc_.get()});
    router_ = api::makeRouter(*core_);
    http_ = std::make_unique<http::Server>(httpOptions(config, address_), *router_, api::renderStray);
  }

  /// Returns the URL.
  std::string start(const Config& config) {
    feed_.start();
    log_->start();
    webhooks_.start();
    http_->start();
    std::string scheme = config.text("tls.certificate").empty() ? "http" : "https";
    std::string url = fmt::format("{}://{}:{}", scheme, address_.host, http_->port());
    if (core_->publicUrl.empty()) core_->publicUrl = url;
    if (config.text("public-url").empty()) gate_->setPublicUrl(url);
    stepper_->start();
    return url;
  }

  void stop(int seconds) {
    stepper_->stop();
    http_->drain(seconds);
    webhooks_.stop();
    feed_.stop();
    log_->stop();
  }

 private:
  static policy::Options policyOptions(const Config& config) {
    policy::Options options;
    options.workers = static_cast<int>(config.integer("policy.workers"));
    return options;
  }

  void openLedger(const Config& config) {
    std::string keyFile = config.text("ledger.key").empty() ? data_.ledgerKey() : config.text("ledger.key");
    LedgerKey key = loadOrMakeKey(keyFile, config.text("ledger.origin"));
    log_ = std::make_unique<ledger::Log>(
        *database_, ledger::Log::Options{
                        .origin = key.origin, .key = key.pair, .folder = data_.ledger(), .grew = [this] { grew(); }});
    log_->recover();
  }

  void openOidc(const Config& config) {
    auto options = governance::oidc::readOptions(config);
    if (!options) return;
    if (config.text("public-url").empty() && !address_.loopback())
      throw Error(Code::invalid, "public-url is required beside oidc.issuer: the provider sends people back to it");
    oidc_ = std::make_unique<governance::oidc::SignIn>(*access_, *std::move(options));
  }

  void changed(const std::vector<registry::Touch>& touched) {
    if (touched.empty()) return;  // reports mostly change nothing that is governed
    for (const registry::Touch& touch : touched) prompts_.forget(touch.workspace, touch.subject);
    log_->wake();
    news_.tell(touched);
  }
  News::Heard heard() {
    return {.touched = [this](const registry::Touch& touch) { prompts_.forget(touch.workspace, touch.subject); },
            .everythingMayBeOld = [this] { prompts_.forgetAll(); },
            .ledgerGrew = [this] { feed_.wake(); }};
  }
  void grew() {
    feed_.wake();
    news_.tellLedgerGrew();
  }
  /// The safety behind the news: what another server changed is forgotten at the latest when its entry is read.
  void seen(const api::FeedEvent& event) {
    if (database_->dialect() == db::Dialect::sqlite) return;  // nobody else writes here
    if (event.action == "asset.renamed")
      prompts_.forgetAll();
    else
      prompts_.forget(event.workspace, event.subject);
  }

  /// Without users everyone is the local user; that is for this machine alone.
  void refuseOpenDoor() {
    if (address_.loopback() || !access_->users().empty() || !access_->tokens().empty()) return;
    throw error(
        Code::invalid,
        "listen: {} can be reached from other machines and no user exists yet; start once on 127.0.0.1, make one with "
        "`regesta user create NAME`, then listen here",
        address_.host);
  }

  Address address_;
  DataDirectory data_;
  std::unique_ptr<db::Database> database_;
  registry::Store store_;
  delivery::Resolver prompts_;
  api::Feed feed_;
  News news_;
  std::unique_ptr<blob::BlobStore> blobs_;
  policy::Engine policy_;
  std::unique_ptr<ledger::Log> log_;
  jobs::WebhookSender webhooks_;
  std::unique_ptr<governance::Access> access_;
  std::unique_ptr<governance::oidc::SignIn> oidc_;
  std::unique_ptr<governance::Gate> gate_;
  std::unique_ptr<delivery::Stepper> stepper_;
  std::unique_ptr<delivery::Repositories> git_;
  std::unique_ptr<api::Core> core_;
  std::unique_ptr<http::Router> router_;
  std::unique_ptr<http::Server> http_;
};

}  // namespace

int serve(const Config& config) {
  setLogLevel(logLevelOf(config));
  mallopt(M_ARENA_MAX, 4);  // many threads wait here; an arena for each would only spread memory
  sigset_t signals = blockSignals();
  Running running(config);
  std::string url = running.start(config);
  std::printf("regesta %s serves on %s\n", std::string(version).c_str(), url.c_str());
  std::fflush(stdout);
  log(LogLevel::info, "draining", {{"signal", awaitSignal(signals)}});
  running.stop(static_cast<int>(config.integer("drain-seconds")));
  return 0;
}

}  // namespace regesta::server
