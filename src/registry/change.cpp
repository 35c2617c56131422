#include "registry/change.h"

#include "base/error.h"
#include "base/time.h"
#include "ledger/entry.h"

namespace regesta::registry {

Change::Change(db::Session& session, const Actor& actor) : session(session), actor(actor), now(nowMillis()) {
  REGESTA_INVARIANT(!actor.name.empty());
}

std::int64_t Change::record(std::string action, std::string workspace, std::string subject, json::object data) {
  ledger::Entry entry{std::move(action), actor.name, std::move(workspace), std::move(subject), std::move(data)};
  lastEntry_ = ledger::append(session, entry);
  session.run("INSERT INTO subject_entry (workspace, subject, entry) VALUES ($1, $2, $3)",
              {entry.workspace, entry.subject, lastEntry_});
  touched_.push_back({std::move(entry.workspace), std::move(entry.subject)});
  return lastEntry_;
}

Store::Store(db::Database& database, AfterCommit afterCommit)
    : database_(database), afterCommit_(afterCommit ? std::move(afterCommit) : [](const std::vector<Touch>&) {}) {}

}  // namespace regesta::registry
