#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "access/access.h"
#include "registry/change.h"
#include "registry/version.h"

/// Incidents: a version that was found to be flawed is in quarantine (quarantine.h), together with every version of the
/// asset that has the same content. What is done about one: incident/incident.h.
namespace regesta::governance {

enum class IncidentStatus {
  open,
  resolved,   ///< the version was flawed: it stays in quarantine
  dismissed,  ///< it was not: the quarantine is lifted
};
inline constexpr std::string_view incidentStatusNames[] = {"open", "resolved", "dismissed"};
std::string_view statusName(IncidentStatus status);
std::optional<IncidentStatus> parseIncidentStatus(std::string_view name);

inline constexpr std::size_t incidentTextLength = 16 * 1024;  ///< bytes of a reason, note or conclusion
inline constexpr std::int64_t notesOfIncident = 1000;

struct Incident {
  std::int64_t id = 0;
  registry::AssetKey key;               ///< by its present name; of a deleted asset, by its last known
  bool deleted = false;                 ///< the asset: administrators alone may see the incident
  std::int64_t asset = 0, version = 0;  ///< rows
  std::int64_t number = 0;
  std::string versionDigest;
  std::string reason;
  std::string facts;  ///< JSON: what was known when it was opened
  std::int64_t openedAt = 0;
  std::string openedBy;
  std::int64_t mitigation = 0;  ///< number of the version that replaces it; 0: none
  IncidentStatus status = IncidentStatus::open;
  std::int64_t closedAt = 0;
  std::string closedBy, conclusion;
  std::int64_t report = 0;  ///< the evidence with the report; 0: none
  std::string subject() const { return fmt::format("incident/{}", id); }
  std::string about() const { return fmt::format("{}@{}", key.subject(), number); }
};

struct IncidentNote {
  std::int64_t id = 0;
  std::string kind;  ///< note, rollback, rollout, policy, mitigation, archive, problem
  std::string text;
  std::int64_t at = 0;
  std::string actor;
};

/// Whether the identity may open and work on incidents about the asset: those who may write it or approve its changes,
/// and auditors. Throws Error{denied}, and Invalid for a policy, whose versions bindings select.
void requireInvestigator(const access::Identity& identity, const registry::AssetKey& key);
bool mayInvestigate(const access::Identity& identity, const registry::AssetKey& key);
/// Closing says what the version is worth, and dismissing releases it: for users with the right to approve who are
/// not authors of the version or of its mitigation. Throws Error{denied}.
void requireMayClose(db::Transaction& transaction, const access::Identity& identity, const Incident& incident);
bool maySee(const access::Identity& identity, const Incident& incident);

/// Recorded as "incident.opened". Throws Error{exists} if the version has an open incident.
Incident openIncident(registry::Change& change, const access::Identity& identity, const registry::Version& version,
                      std::string_view reason, const json::object& facts);
/// Recorded as "incident.changed", like the next. Throws Invalid{field "text"}, Error{tooLarge} above notesOfIncident.
IncidentNote addNote(registry::Change& change, const Incident& incident, std::string_view kind, std::string_view text);
/// Names the version of the asset that replaces the flawed one. Throws Error{invalidState} for a closed incident and
/// Error{refused} for a version in quarantine.
Incident setMitigation(registry::Change& change, const Incident& incident, const registry::Version& version);
/// Recorded as "incident.closed"; a resolved one archives the version, unless something forbids that: a note then says
/// what. Throws Error{invalidState} if it is closed, and Error{refused} while a resolved one's version is on a pointer.
Incident closeIncident(registry::Change& change, const access::Identity& identity, const Incident& incident,
                       IncidentStatus status, std::string_view conclusion);
/// Notes which evidence has the report.
Incident setReport(registry::Change& change, const Incident& incident, std::int64_t evidence);

std::optional<Incident> findIncident(db::Transaction& transaction, std::string_view workspace, std::int64_t id);
/// By id, newest first; at most `limit` below `before` (0: from the newest). `asset` 0: of every asset.
std::vector<Incident> listIncidents(db::Transaction& transaction, std::string_view workspace,
                                    std::optional<IncidentStatus> status, std::int64_t asset, std::int64_t before,
                                    std::size_t limit);
/// Oldest first.
std::vector<IncidentNote> notesOf(db::Transaction& transaction, const Incident& incident);

/// The newest incident that keeps the version, or one with its content in the same asset, in quarantine.
std::optional<Incident> incidentHolding(db::Transaction& transaction, const registry::Version& version);

}  // namespace regesta::governance
