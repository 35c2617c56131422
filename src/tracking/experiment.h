#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "registry/change.h"
#include "registry/clearance.h"
#include "tracking/pack.h"

namespace regesta::tracking {

struct Experiment {
  std::int64_t id = 0;  ///< 0: the experiment Default of every new registry; otherwise 1, 2, 3…
  std::string workspace, name;
  std::string artifactLocation;
  bool deleted = false;
  std::int64_t createdAt = 0, updatedAt = 0;  ///< milliseconds
  Texts tags;
};

/// Sets artifact location and time of creation of experiment "0" in a new database. Called once at start.
void prepareTracking(registry::Store& store, std::string_view artifactRoot);

/// `artifactLocation` empty: `artifactRoot`/<id>. Throws Error{invalid} for names, tags and locations that break a rule
/// and Error{exists} when an active or a deleted experiment has the name.
Experiment createExperiment(registry::Change& change, std::string_view workspace, std::string_view name,
                            std::string_view artifactLocation, const Texts& tags, std::string_view artifactRoot);
/// Includes deleted ones.
std::optional<Experiment> findExperiment(db::Transaction& transaction, std::string_view workspace, std::int64_t id);
std::optional<Experiment> findExperimentByName(db::Transaction& transaction, std::string_view workspace,
                                               std::string_view name);
Experiment getExperiment(db::Transaction& transaction, std::string_view workspace,
                         std::int64_t id);  ///< throws Error{notFound}
/// The same; a deleted experiment is missing, too.
Experiment getActiveExperiment(db::Transaction& transaction, std::string_view workspace, std::int64_t id);
/// Throws Error{invalid} if it is deleted.
void requireActive(const Experiment& experiment);

/// Deletes it with its runs. Throws Error{notFound} for an unknown or deleted one.
void deleteExperiment(registry::Change& change, std::string_view workspace, std::int64_t id,
                      const registry::Removal& removal);
/// Restores it with all its runs. Throws Error{notFound} unless it is deleted.
void restoreExperiment(registry::Change& change, std::string_view workspace, std::int64_t id);
/// Throws Error{invalidState} when it is deleted, Error{exists} when the name is taken.
void renameExperiment(registry::Change& change, std::string_view workspace, std::int64_t id, std::string_view newName);
void setExperimentTag(db::Transaction& transaction, std::string_view workspace, std::int64_t id, std::string_view key,
                      std::string_view value);
/// Throws Error{notFound} when it has no such tag.
void deleteExperimentTag(db::Transaction& transaction, std::string_view workspace, std::int64_t id,
                         std::string_view key);

enum class View { activeOnly = 1, deletedOnly = 2, all = 3 };

std::vector<Experiment> listExperiments(db::Transaction& transaction, std::string_view workspace, View view);

template <class Item>
struct Page {
  std::vector<Item> items;
  std::string nextPageToken;  ///< empty: last page
};

struct ExperimentSearch {
  std::string filter;
  std::vector<std::string> orderBy;  ///< empty: newest first
  View view = View::activeOnly;
  std::int64_t maxResults = 1000;
  std::string pageToken;
};
Page<Experiment> searchExperiments(db::Transaction& transaction, std::string_view workspace,
                                   const ExperimentSearch& search);

/// `root`/`path`; a query of `root` stays at the end: s3://b/x?region=1.
std::string appendToUri(std::string_view root, std::string_view path);

}  // namespace regesta::tracking
