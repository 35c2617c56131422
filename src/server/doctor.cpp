#include <sys/statvfs.h>
#include <unistd.h>

#include <array>
#include <filesystem>

#include "access/oidc/options.h"
#include "access/oidc/provider.h"
#include "base/error.h"
#include "base/file.h"
#include "base/time.h"
#include "db/database.h"
#include "db/migrate.h"
#include "ledger/kept.h"
#include "ledger/pending.h"
#include "ledger/store.h"
#include "ledger/verify_cosigned.h"
#include "ledger/witnessing.h"
#include "policy/worker.h"
#include "server/address.h"
#include "server/content.h"
#include "server/data_directory.h"
#include "server/ledger_key.h"
#include "server/outside_trust.h"
#include "server/server.h"

namespace regesta::server {
namespace {

using Level = Finding::Level;

constexpr std::int64_t uncosignedSeconds = 3600;
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
    if (!config_.text("blobs").empty())
      step("blobs", [&] { checkBucket(); }, "correct the settings blobs…, or the credentials in the environment");
    checkTls();
    checkPolicyWorkers();
    step("sign-in", [&] { checkOidc(); }, "correct the settings oidc.…, or make the provider reachable from here");
    return std::move(findings_);
  }

 private:
  void add(Level level, std::string subject, std::string message, std::string remediation = {}) {
    findings_.push_back({level, std::move(subject), std::move(message), std::move(remediation)});
  }

  template <class Fn>
  void step(const std::string& subject, Fn fn, const std::string& remediation) {
    std::size_t before = findings_.size();
    try {
      fn();
      if (findings_.size() == before) add(Level::ok, subject, "in order");
    } catch (const Error& e) {
      add(Level::problem, subject, e.message, remediation);
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
    step("ledger", [&] { checkLedger(*data); }, "`regesta ledger verify` has the details");
    step("reviews", [&] { checkReviews(*data); }, "`regesta break-glass list` names them");
    step("witnesses", [&] { checkWitnesses(*data); }, "correct the file that ledger.witness-policy names");
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
    database->read([&](db::Transaction& transaction) {
      for (db::Rows rows = transaction.query("PRAGMA quick_check(5)"); rows.next();)
        if (rows.text(0) != "ok")
          add(Level::problem, "database", rows.text(0), "restore the last backup with `regesta restore`");
    });
    if (!db::hasSchema(*database))
      return add(Level::note, "database", "has no tables: the server that created it did not finish starting",
                 "run `regesta serve` again: it creates the tables");
    // A database of an older version has no index of packs.
    bool packs = database->reading([](db::Transaction& transaction) {
      return transaction.query("SELECT 1 FROM sqlite_master WHERE name = 'blob_object'").next();
    });
    std::unique_ptr<blob::BlobStore> blobs;
    if (packs)
      blobs = openContent(config_, data, *database);
    else
      blobs = blob::openLocal(data.blobs());
    if (std::string fault = blobs->misplaced(); !fault.empty())
      return add(Level::problem, "blobs", fault, "the server's /ready answers 503 until then");
    std::size_t missing = 0;
    database->read([&](db::Transaction& transaction) {
      std::string sql = "SELECT DISTINCT digest FROM version_file UNION SELECT digest FROM tree_file";
      // A database of an older version lacks some of these tables.
      using Column = std::pair<std::string_view, std::string_view>;
      for (auto [table, column] : {Column("git_pack", "digest"), Column("blob_alias", "digest"),
                                   Column("oci_blob", "content"), Column("oci_upload_piece", "digest")})
        if (transaction.query("SELECT 1 FROM sqlite_master WHERE name = $1", {table}).next())
          sql += fmt::format(" UNION SELECT {} FROM {}", column, table);
      db::Rows rows = transaction.query(sql);
      while (rows.next()) missing += blobs->has(rows.view(0)) ? 0U : 1U;
    });
    if (missing > 0)
      add(Level::problem, "blobs", fmt::format("{} files are referred to but not stored", missing),
          "restore them from a backup");
  }

  /// Moves against the policies that nobody has reviewed.
  void checkReviews(const DataDirectory& data) {
    if (!config_.text("db").empty() || !std::filesystem::exists(data.database())) return;
    auto database = db::openSqlite({.path = data.database(), .readOnly = true});
    database->read([&](db::Transaction& transaction) {
      // A database of an older version has no such table.
      if (!transaction.query("SELECT 1 FROM sqlite_master WHERE name = 'break_glass'").next()) return;
      db::Rows rows = transaction.query(
          "SELECT id, workspace, kind, name, pointer, to_number, used_by, used_at FROM break_glass WHERE status = "
          "'open' ORDER BY id");
      while (rows.next())
        add(Level::warning, "reviews",
            fmt::format("{} moved {}/{}#{} of workspace '{}' to version {} against the policies on {}, and nobody has "
                        "reviewed it",
                        rows.view(6), rows.view(2), rows.view(3), rows.view(4), rows.view(1), rows.integer(5),
                        formatTime(rows.integer(7))),
            fmt::format("another user who may approve reviews it: regesta break-glass review {}", rows.integer(0)));
    });
  }

  /// Whether others write to the ledger's table, and whether the database was restored to an earlier state.
  void checkLedger(const DataDirectory& data) {
    if (!config_.text("db").empty() || !std::filesystem::exists(data.database())) return;
    auto database = db::openSqlite({.path = data.database(), .readOnly = true});
    LedgerKey own = openKey(config_, data);
    ledger::VerifierKey key{own.origin, own.pair.publicKey};
    crypto::MacKey pending = ledger::pendingKey(own.pair.seed);
    std::size_t foreign = 0;
    database->read([&](db::Transaction& transaction) {
      // A database of an older version has no such column.
      if (!transaction.query("SELECT 1 FROM pragma_table_info('ledger_entry') WHERE name = 'refused'").next()) return;
      if (auto kept = ledger::readKeptNote(data.ledgerHead(), key))
        ledger::requireExtends(transaction, ledger::readHead(transaction).size, *ledger::openCheckpoint(*kept, key),
                               "the kept checkpoint " + data.ledgerHead());
      std::string newest = ledger::readNewestSalt(transaction);
      foreign = ledger::readRefused(transaction, INT64_MAX).size();
      for (const ledger::Waiting& entry : ledger::readWaiting(transaction, INT64_MAX, SIZE_MAX))
        foreign += ledger::faultOf(transaction, entry, pending, newest).empty() ? 0U : 1U;
    });
    if (foreign > 0)
      add(Level::problem, "ledger",
          fmt::format("{} rows in the ledger's table were not written by this server; they are not signed", foreign),
          "find out who else has write access to the database; `regesta ledger verify` lists the rows");
  }

  /// Which part of the ledger the witnesses have cosigned.
  void checkWitnesses(const DataDirectory& data) {
    auto policy = witnessPolicy(config_);
    if (!policy)
      return add(Level::note, "witnesses", "none: who controls this machine can rewrite the ledger unnoticed",
                 "set ledger.witness-policy; docs/witnesses.md");
    if (!config_.text("db").empty() || !std::filesystem::exists(data.database())) return;
    auto database = db::openSqlite({.path = data.database(), .readOnly = true});
    LedgerKey own = openKey(config_, data);
    auto [notes, head] = database->reading([](db::Transaction& transaction) {
      bool known = transaction.query("SELECT 1 FROM sqlite_master WHERE name = 'ledger_cosigned'").next();
      return std::pair(known ? ledger::readCosignedNotes(transaction, 100) : std::vector<std::string>(),
                       ledger::readHead(transaction));
    });
    auto found = ledger::findCosigned(notes, {own.origin, own.pair.publicKey}, *policy);
    for (const std::string& finding : found.findings)
      add(Level::problem, "witnesses", finding, "see the server's log for what the witnesses answer");
    if (!found.newest) return;
    std::string fault = ledger::uncosignedFault(*found.newest, head.size, head.time, uncosignedSeconds);
    if (!fault.empty())
      add(Level::problem, "witnesses", fault, "see the server's log for what the witnesses answer");
    else
      add(Level::ok, "witnesses",
          fmt::format("{} of {} entries are cosigned by {}, at {}", found.newest->checkpoint.size, head.size,
                      policy->description(), formatTime(found.newest->time * 1000)));
  }

  /// Whether the bucket can be read and listed with these credentials.
  void checkBucket() {
    blob::Bucket bucket(bucketOptions(config_));
    std::array<char, 64> place{};
    bool known = bucket.read("place", 0, place).has_value();
    bucket.list("packs/00");
    add(Level::ok, "blobs",
        fmt::format("{} responds{}", bucket.address().text(),
                    known ? "" : " and is empty: the server will prepare it"));
    if (config_.text("blobs.endpoint").starts_with("http://"))
      add(Level::warning, "blobs.endpoint", "content is sent without encryption", "use an https:// endpoint");
  }

  void checkTls() {
    for (std::string_view key : {"tls.certificate", "tls.key"}) {
      const std::string& file = config_.text(key);
      if (!file.empty() && ::access(file.c_str(), R_OK) != 0)
        add(Level::problem, std::string(key), file + " cannot be read", "correct the path or its permissions");
    }
  }

  void checkPolicyWorkers() {
    if (policy::canFilterSystemCalls())
      add(Level::ok, "policy workers", "give up their system calls (seccomp)");
    else
      add(Level::warning, "policy workers",
          "this kernel has no seccomp filters: they are held by limits of memory and time alone",
          "use a kernel or container profile that allows seccomp if you do not trust the authors of policies");
  }

  void checkOidc() {
    auto options = access::oidc::readOptions(config_);
    if (!options) return add(Level::ok, "sign-in", "with passwords and tokens; no identity provider is configured");
    checkSecretFile();
    std::string base = config_.text("public-url");
    std::string scheme = config_.text("tls.certificate").empty() ? "http" : "https";
    if (base.empty() && !parseAddress(config_.text("listen")).loopback())
      throw Error(Code::invalid, "public-url is not set, and the provider must send people back to it");
    if (!base.empty() && !access::oidc::isSafeAddress(base))
      add(Level::warning, "sign-in", base + " is not an https address: sessions can be intercepted",
          "serve with TLS, or behind a proxy that does, and correct public-url");
    access::oidc::Provider provider(*options);
    provider.metadata();
    std::size_t keys = provider.keys().size();
    if (keys == 0) throw error(Code::unavailable, "{} has no key for RS256, ES256 or EdDSA", options->issuer);
    add(Level::ok, "sign-in",
        fmt::format("{} responds and has {} keys; it redirects to {}/api/v1/session/oidc/callback", options->issuer,
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
