#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tracking/experiment.h"

namespace regesta::tracking {

/// The owner of a path in the artifact tree.
struct Owner {
  std::vector<Experiment> experiments;  ///< empty: no owner; several may share one location
  std::string folder;                   ///< of the experiments
  std::string runId, modelId;           ///< the run or logged model whose folder contains, or is, the path
  bool ofOne() const { return !runId.empty() || !modelId.empty(); }
};
Owner ownerOf(db::Transaction& transaction, std::string_view workspace, std::string_view path);

/// The kind of folder that a version's files are taken from.
enum class Ground {
  own,     ///< of one run or logged model
  loose,   ///< without owner, or directly in an experiment's folder; contains no other owner's files
  shared,  ///< contains files of several runs, logged models or experiments
};
Ground groundOf(db::Transaction& transaction, std::string_view workspace, std::string_view path, const Owner& owner);

/// The folder of an experiment's files, as in column `folder`: a path in the artifact tree, an absolute path of this
/// machine, or '#' for another place. Throws Error{invalid} for an unsafe location.
std::string artifactFolder(std::string_view location, std::string_view workspace);
/// Experiments whose folder is, is in, or contains this one.
std::vector<Experiment> overlapping(db::Transaction& transaction, std::string_view workspace, std::string_view folder);
/// True for a path on this machine's disk that belongs to an experiment of another workspace: artifact trees are
/// separate per workspace, the disk is not. `near` also counts folders below the path.
bool ofOtherWorkspace(db::Transaction& transaction, std::string_view workspace, std::string_view path, bool near);
/// True for a path that starts with the number of an experiment that does not exist in this workspace.
bool namesMissingExperiment(db::Transaction& transaction, std::string_view workspace, std::string_view path);

}  // namespace regesta::tracking
