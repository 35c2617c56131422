#include "api/mlflow/missing_text.h"

#include "base/text.h"

namespace regesta::api::mlflow {
namespace {

std::string partText(const tracking::Missing& error, const std::string& id) {
  if (error.kind == "assessment")
    return fmt::format("Assessment with ID '{}' not found for trace '{}'", id, error.ownerId);
  if (error.kind == "label schema")
    return fmt::format("Label schema with name '{}' not found for experiment '{}'.", id, error.ownerId);
  if (error.kind == "review queue")
    return fmt::format("Review queue with name '{}' not found for experiment '{}'.", id, error.ownerId);
  if (error.kind == "review item")
    return fmt::format("Item '{}' is not attached to review queue '{}'.", id, error.ownerId);
  if (error.owner == "logged model")
    return fmt::format("No tag with key '{}' found for model with ID '{}'.", id, error.ownerId);
  if (error.owner == "trace")
    return fmt::format("No trace tag with key '{}' for trace with ID '{}'", id, error.ownerId);
  return fmt::format("No tag with name: {} in {} with id {}", id, error.owner, error.ownerId);
}

}  // namespace

std::string missingText(const tracking::Missing& error) {
  std::string id = shorten(error.id, 250);
  if (!error.owner.empty()) return partText(error, id);
  if (error.kind == "experiment") return fmt::format("No Experiment with id={} exists", id);
  if (error.kind == "run") return fmt::format("Run with id={} not found", id);
  if (error.kind == "logged model") return fmt::format("Logged model with ID '{}' not found.", id);
  if (error.kind == "trace") return fmt::format("Trace with ID '{}' not found.", shorten(error.id, 100));
  if (error.kind == "issue") return fmt::format("Issue with ID '{}' not found", id);
  if (error.kind == "label schema") return fmt::format("Label schema with id '{}' not found.", id);
  if (error.kind == "review queue") return fmt::format("Review queue with id '{}' not found.", id);
  if (error.kind == "evaluation dataset") return fmt::format("Evaluation dataset with id '{}' not found", id);
  return error.message;
}

std::string deletedText(const tracking::Deleted& error) {
  if (error.code == Code::invalidState) return fmt::format("Cannot rename a non-active {}.", error.kind);
  return fmt::format("The {} {} must be in the 'active' state. Current state is deleted.", error.kind, error.id);
}

std::string takenText(const tracking::NameTaken& error) {
  if (!error.byDeleted) return fmt::format("Experiment(name={}) already exists.", error.name);
  return fmt::format(
      "Experiment(name={}) already exists in deleted state. You can restore the experiment, or permanently delete it "
      "to create a new one.",
      error.name);
}

}  // namespace regesta::api::mlflow
