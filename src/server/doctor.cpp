#include <sys/statvfs.h>
#include <unistd.h>

#include <filesystem>

#include "base/error.h"
#include "base/file.h"
#include "blob/store.h"
#include "db/database.h"
#include "db/migrate.h"
#include "governance/oidc/options.h"
#include "governance/oidc/provider.h"
#include "policy/worker.h"
#include "server/address.h"
#include "server/data_directory.h"
#include "server/ledger_key.h"
#include "server/server.h"

namespace regesta::server {
namespace {

using Level = Finding::Level;

constexpr std::uint64_t lowDiskBytes = 1ULL << 30;

class Examination {
 public:
  explicit Examination(const Config& config) : config_(config), folder_(config.text("data")) {}

  std::vector<Finding> run() {
    if (std::filesystem::exists(folder_))
      examineFolder();
    else
      add(Level::note, "data directory", folder_ + " does not exist yet",
          "`regesta serve --data " + folder_ + "` will make it");
    checkTls();
    checkPolicyWorkers();
    step("sign-in", [&] { checkOidc(); }, "correct the settings oidc.…, or make the provider reachable from here");
    return std::move(findings_);
  }

 private:
  void add(Level level, std::string subject, std::string message, std::string cure = {}) {
    findings_.push_back({level, std::move(subject), std::move(message), std::move(cure)});
  }

  template <class Fn>
  void step(const std::string& subject, Fn fn, const std::string& cure) {
    std::size_t before = findings_.size();
    try {
      fn();
      if (findings_.size() == before) add(Level::ok, subject, "in order");
    } catch (const Error& e) {
      add(Level::problem, subject, e.message, cure);
    }
  }

  void examineFolder() {
    if (auto process = DataDirectory::heldBy(folder_)) {
      add(Level::note, "data directory", fmt::format("in use by process {}", *process),
          "stop that server to have key, database and blobs examined, too");
      permissions();
      return diskSpace();
    }
    std::optional<DataDirectory> data;
    step("data directory", [&] { data.emplace(folder_); }, "stop the server first, or pass its own --data DIR");
    permissions();
    diskSpace();
    if (!data) return;
    step(
        "ledger key", [&] { checkKey(data->ledgerKey()); },
        "restore keys/ledger.key from a backup: without it no new checkpoint fits the old ones");
    step("database", [&] { checkDatabase(*data); }, "restore the last backup with `regesta restore`");
  }

  void permissions() {
    auto mode = std::filesystem::status(folder_).permissions();
    bool open = (mode & (std::filesystem::perms::group_all | std::filesystem::perms::others_all)) !=
                std::filesystem::perms::none;
    if (open)
      add(Level::warning, "permissions", folder_ + " is open to other users of this machine", "chmod 700 " + folder_);
  }

  void diskSpace() {
    struct statvfs facts{};
    if (statvfs(folder_.c_str(), &facts) != 0) return;
    std::uint64_t free = static_cast<std::uint64_t>(facts.f_bavail) * facts.f_frsize;
    if (free < lowDiskBytes)
      add(Level::warning, "disk", fmt::format("{} MiB left", free >> 20),
          "free some space: a full disk makes every write fail until then");
    else
      add(Level::ok, "disk", fmt::format("{} GiB left", free >> 30));
  }

  static void checkKey(const std::string& file) {
    if (std::filesystem::exists(file)) loadOrMakeKey(file, "");
  }

  void checkDatabase(const DataDirectory& data) {
    if (!config_.text("db").empty() || !std::filesystem::exists(data.database())) return;
    auto database = db::openSqlite({.path = data.database(), .readOnly = true});
    database->read([&](db::Session& session) {
      for (db::Rows rows = session.query("PRAGMA quick_check(5)"); rows.next();)
        if (rows.text(0) != "ok")
          add(Level::problem, "database", rows.text(0), "restore the last backup with `regesta restore`");
    });
    auto blobs = blob::openLocal(data.blobs());
    std::size_t missing = 0;
    database->read([&](db::Session& session) {
      std::string sql = "SELECT DISTINCT digest FROM version_file UNION SELECT digest FROM tree_file";
      // A database that was written before Git came has no such table.
      if (session.query("SELECT 1 FROM sqlite_master WHERE name = 'git_pack'").next())
        sql += " UNION SELECT digest FROM git_pack";
      db::Rows rows = session.query(sql);
      while (rows.next()) missing += blobs->has(rows.view(0)) ? 0U : 1U;
    });
    if (missing > 0)
      add(Level::problem, "blobs", fmt::format("{} files are referred to but not stored", missing),
          "restore them from a backup");
  }

  void checkTls() {
    for (std::string_view key : {"tls.certificate", "tls.key"}) {
      const std::string& file = config_.text(key);
      if (!file.empty() && access(file.c_str(), R_OK) != 0)
        add(Level::problem, std::string(key), file + " cannot be read", "correct the path or its permissions");
    }
  }

  void checkPolicyWorkers() {
    if (policy::canFilterSystemCalls())
      add(Level::ok, "policy workers", "give up their system calls (seccomp)");
    else
      add(Level::warning, "policy workers",
          "this kernel has no seccomp filters: they are held by limits of memory and time alone",
          "use a kernel or a container profile that allows seccomp, where policies come from people you do not trust");
  }

  void checkOidc() {
    auto options = governance::oidc::readOptions(config_);
    if (!options) return add(Level::ok, "sign-in", "with passwords and tokens; no identity provider is configured");
    checkSecretFile();
    std::string base = config_.text("public-url");
    std::string scheme = config_.text("tls.certificate").empty() ? "http" : "https";
    if (base.empty() && !parseAddress(config_.text("listen")).loopback())
      throw Error(Code::invalid, "public-url is not set, and the provider must send people back to it");
    if (!base.empty() && !governance::oidc::isSafeAddress(base))
      add(Level::warning, "sign-in", base + " is no https address: sessions can be read on the way",
          "serve with TLS, or behind a proxy that does, and correct public-url");
    governance::oidc::Provider provider(*options);
    provider.metadata();
    std::size_t keys = provider.keys().size();
    if (keys == 0) throw error(Code::unavailable, "{} has no key for RS256, ES256 or EdDSA", options->issuer);
    add(Level::ok, "sign-in",
        fmt::format("{} answers and has {} keys; people come back to {}/api/v1/session/oidc/callback", options->issuer,
                    keys, base.empty() ? fmt::format("{}://{}", scheme, config_.text("listen")) : base));
  }

  void checkSecretFile() {
    const std::string& file = config_.text("oidc.client-secret-file");
    if (file.empty()) return;
    auto mode = std::filesystem::status(file).permissions();
    if ((mode & std::filesystem::perms::others_all) != std::filesystem::perms::none)
      add(Level::warning, "oidc.client-secret-file", file + " is open to every user of this machine",
          "chmod 600 " + file);
  }

  const Config& config_;
  std::string folder_;
  std::vector<Finding> findings_;
};

}  // namespace

std::vector<Finding> examine(const Config& config) { return Examination(config).run(); }

}  // namespace regesta::server
