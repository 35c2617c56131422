#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "db/database.h"
#include "registry/change.h"
#include "tracking/experiment.h"

namespace regesta::evaluation {

struct PassFailInput {
  std::string positiveLabel, negativeLabel;
};
struct CategoricalInput {
  std::vector<std::string> options;
  bool multiSelect = false;
};
struct NumericInput {
  std::optional<double> least, most;
};
struct TextInput {
  std::optional<std::int64_t> maxLength;
};
using LabelInput = std::variant<PassFailInput, CategoricalInput, NumericInput, TextInput>;

/// A question that reviewers answer about the traces of an experiment. The answers are assessments with its name.
struct LabelSchema {
  std::string schemaId;  ///< "ls-" and 32 hexadecimal digits
  std::string workspace;
  std::int64_t experiment = 0;
  std::string name;
  std::string type;  ///< feedback or expectation; never changes
  LabelInput input;
  std::string instruction;  ///< empty: none
  bool enableComment = false;
  bool isDefault = false;                     ///< the question that every experiment has; not stored, never changes
  std::int64_t createdAt = 0, updatedAt = 0;  ///< milliseconds
};

inline constexpr std::string_view labelSchemaTypes[] = {"feedback", "expectation"};

/// Sets id and times. Throws tracking::Missing for an unknown experiment, Error{exists} for a name that the experiment
/// has already, Invalid.
LabelSchema createLabelSchema(registry::Change& change, LabelSchema told);
LabelSchema getLabelSchema(db::Transaction& transaction, std::string_view workspace,
                           std::string_view schemaId);  ///< throws tracking::Missing
std::optional<LabelSchema> findLabelSchema(db::Transaction& transaction, std::string_view workspace,
                                           std::string_view schemaId);
/// Throws tracking::Missing.
LabelSchema getLabelSchemaByName(db::Transaction& transaction, std::string_view workspace, std::int64_t experiment,
                                 std::string_view name);
/// The newest first, the default last.
tracking::Page<LabelSchema> listLabelSchemas(db::Transaction& transaction, std::string_view workspace,
                                             std::int64_t experiment, std::int64_t maxResults,
                                             const std::string& pageToken);

struct LabelSchemaUpdate {
  std::optional<std::string> name, instruction;
  std::optional<bool> enableComment;
  std::optional<LabelInput> input;  ///< of the same kind
};
/// Throws like createLabelSchema(), and Error{invalid} for the default question.
LabelSchema updateLabelSchema(registry::Change& change, const LabelSchema& stored, const LabelSchemaUpdate& update);
/// Assessments with its name stay. Throws Error{invalid} for the default question.
void deleteLabelSchema(registry::Change& change, const LabelSchema& stored);

}  // namespace regesta::evaluation
