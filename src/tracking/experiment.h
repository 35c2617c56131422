#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "registry/change.h"
#include "tracking/pack.h"

namespace regesta::tracking {

struct Experiment {
  std::int64_t id = 0;  ///< 0: the one named Default that every new register has; else 1, 2, 3…
  std::string workspace, name;
  std::string artifactLocation;
  bool deleted = false;
  std::int64_t createdAt = 0, updatedAt = 0;  ///< milliseconds
  Texts tags;
};

/// Gives the experiment "0" of a new database its artifact location and its date. Called once at the start.
void prepareTracking(registry::Store& store, std::string_view artifactRoot);

/// `artifactLocation` empty: `artifactRoot`/<id>. Throws Error{invalid} for names, tags and locations that break a rule
/// and Error{exists} when an active or a deleted experiment has the name.
Experiment createExperiment(registry::Change& change, std::string_view workspace, std::string_view name,
                            std::string_view artifactLocation, const Texts& tags, std::string_view artifactRoot);
/// Deleted ones too.
std::optional<Experiment> findExperiment(db::Session& session, std::string_view workspace, std::int64_t id);
std::optional<Experiment> findExperimentByName(db::Session& session, std::string_view workspace, std::string_view name);
Experiment getExperiment(db::Session& session, std::string_view workspace,
                         std::int64_t id);  ///< throws Error{notFound}
/// Throws Error{invalid} when it is deleted.
void requireActive(const Experiment& experiment);

/// With its runs. Throws Error{notFound} when there is none, or only a deleted one.
void deleteExperiment(registry::Change& change, std::string_view workspace, std::int64_t id);
/// With all its runs. Throws Error{notFound} when there is no deleted one.
void restoreExperiment(registry::Change& change, std::string_view workspace, std::int64_t id);
/// Throws Error{invalidState} when it is deleted, Error{exists} when the name is taken.
void renameExperiment(registry::Change& change, std::string_view workspace, std::int64_t id, std::string_view newName);
void setExperimentTag(db::Session& session, std::string_view workspace, std::int64_t id, std::string_view key,
                      std::string_view value);
/// Throws Error{notFound} when it has no such tag.
void deleteExperimentTag(db::Session& session, std::string_view workspace, std::int64_t id, std::string_view key);

enum class View { activeOnly = 1, deletedOnly = 2, all = 3 };

std::vector<Experiment> listExperiments(db::Session& session, std::string_view workspace, View view);

template <class Item>
struct Page {
  std::vector<Item> items;
  std::string nextPageToken;  ///< empty: that was all
};

struct ExperimentSearch {
  std::string filter;
  std::vector<std::string> orderBy;  ///< empty: newest first
  View view = View::activeOnly;
  std::int64_t maxResults = 1000;
  std::string pageToken;
};
Page<Experiment> searchExperiments(db::Session& session, std::string_view workspace, const ExperimentSearch& search);

/// `root`/`path` where `root` may have a query that stays at the end: s3://b/x?region=1.
std::string appendToUri(std::string_view root, std::string_view path);

}  // namespace regesta::tracking
