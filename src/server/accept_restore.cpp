#include "server/accept_restore.h"

#include <pwd.h>
#include <unistd.h>

#include <filesystem>

#include "base/encoding.h"
#include "base/error.h"
#include "base/file.h"
#include "base/redact.h"
#include "base/time.h"
#include "db/migrate.h"
#include "ledger/entry.h"
#include "ledger/kept.h"
#include "ledger/log.h"
#include "ledger/pending.h"
#include "registry/action.h"
#include "registry/actor.h"
#include "server/address.h"
#include "server/data_directory.h"
#include "server/ledger_key.h"

namespace regesta::server {
namespace {

namespace fs = std::filesystem;

/// A checkpoint that others may hold; `checkpoint` is empty if the file is damaged.
struct Evidence {
  std::string file, note;
  std::optional<ledger::Checkpoint> checkpoint;
};

std::optional<Evidence> readEvidence(const std::string& file, const ledger::VerifierKey& key) {
  auto note = file::readFile(file);
  if (!note) return std::nullopt;
  auto opened = ledger::openCheckpoint(*note, key);
  return Evidence{file, *note, opened ? std::optional(*opened) : std::nullopt};
}

bool extends(db::Database& database, const Evidence& evidence) {
  if (!evidence.checkpoint) return false;
  try {
    database.read([&](db::Transaction& transaction) {
      ledger::requireExtends(transaction, ledger::readHead(transaction).size, *evidence.checkpoint, evidence.file);
    });
    return true;
  } catch (const Error& why) {
    if (why.code != Code::corrupt) throw;
    return false;
  }
}

std::string loginName() {
  const passwd* entry = getpwuid(geteuid());
  return entry && *entry->pw_name ? std::string(entry->pw_name) : std::to_string(geteuid());
}

json::value shown(const std::optional<ledger::Checkpoint>& checkpoint) {
  if (!checkpoint) return nullptr;
  return json::object{{"size", checkpoint->size}, {"root", base64Encode(crypto::view(checkpoint->root))}};
}

}  // namespace

AcceptedRestore acceptRestore(const Config& config, const std::string& reason) {
  if (reason.empty() || reason.size() > 4000) throw Invalid("reason", "is required and has at most 4000 bytes");
  requireDatabaseUrl(config.text("db"));
  DataDirectory data(config.text("data"));
  LedgerKey own = openKey(config, data);
  ledger::VerifierKey key{own.origin, own.pair.publicKey};
  auto database =
      config.text("db").empty() ? db::openSqlite({.path = data.database()}) : db::openPostgres(config.text("db"), 4);
  db::migrate(*database);
  std::vector<Evidence> against;
  for (const std::string& file : {data.ledgerHead(), data.ledger() + "/checkpoint"})
    if (auto evidence = readEvidence(file, key); evidence && !extends(*database, *evidence))
      against.push_back(*std::move(evidence));
  if (against.empty())
    throw Error(Code::invalidState, "the database extends every checkpoint of this server: there is nothing to accept");

  // Move the evidence first: after a crash the next attempt finds the rest, and nothing is signed yet.
  std::string stamp = fmt::format("lost-{}", nowMillis());
  AcceptedRestore done;
  done.evidence = data.ledgerHead() + "." + stamp;
  file::replaceFiles({{done.evidence, against.front().note}});
  if (fs::exists(data.ledger())) file::renameFile(data.ledger(), data.ledger() + "." + stamp);

  ledger::Log log(*database, {.origin = own.origin, .key = own.pair, .folder = data.ledger()});
  log.recover();
  auto accepted = ledger::openCheckpoint(log.checkpoint(), key);
  std::int64_t id = database->writing([&](db::Transaction& transaction) {
    ledger::Entry entry{.action = std::string(registry::nameOf(registry::Action::ledgerRestored)),
                        .actor = registry::Actor::local(loginName()).name,
                        .workspace = "",
                        .subject = "ledger",
                        .data = {{"lost", shown(against.front().checkpoint)},
                                 {"lost_checkpoint", against.front().note},
                                 {"accepted", shown(*accepted)},
                                 {"accepted_checkpoint", log.checkpoint()},
                                 {"reason", redactText(reason)}}};
    std::int64_t made = ledger::append(transaction, entry, log.pendingKey());
    // As registry::Change does: every entry has a row in the index of subjects.
    transaction.run("INSERT INTO subject_entry (workspace, subject, entry) VALUES ($1, $2, $3)",
                    {entry.workspace, entry.subject, made});
    return made;
  });
  done.lost = against.front().checkpoint ? against.front().checkpoint->size : 0;
  done.size = accepted->size;
  while (log.integrate() > 0) {
  }
  done.entry = log.indexOf(id, 0).value_or(-1);
  file::replaceFiles({{data.ledgerHead(), log.checkpoint()}});
  return done;
}

}  // namespace regesta::server
