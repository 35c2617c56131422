#include "evaluation/label_schema.h"

#include "api/mlflow/evaluation.h"
#include "api/mlflow/experiment_scope.h"
#include "base/text.h"
#include "tracking/rules.h"

namespace regesta::api::mlflow {
namespace {

using tracking::parseExperimentId;

constexpr std::string_view typeWords[] = {"FEEDBACK", "EXPECTATION"};

struct PassFail {
  std::string positive_label, negative_label;
  static constexpr Field fields[] = {field<&PassFail::positive_label>("positive_label"),
                                     field<&PassFail::negative_label>("negative_label")};
};
struct Categorical {
  std::vector<std::string> options;
  bool multi_select = false;
  static constexpr Field fields[] = {field<&Categorical::options>("options"),
                                     field<&Categorical::multi_select>("multi_select")};
};
struct Numeric {
  std::optional<double> min_value, max_value;
  static constexpr Field fields[] = {field<&Numeric::min_value>("min_value"), field<&Numeric::max_value>("max_value")};
};
struct TextBox {
  std::optional<std::int64_t> max_length;
  static constexpr Field fields[] = {field<&TextBox::max_length>("max_length")};
};
struct Input {
  std::optional<PassFail> pass_fail;
  std::optional<Categorical> categorical;
  std::optional<Numeric> numeric;
  std::optional<TextBox> text;
  static constexpr Field fields[] = {field<&Input::pass_fail>("pass_fail"), field<&Input::categorical>("categorical"),
                                     field<&Input::numeric>("numeric"), field<&Input::text>("text")};
};
struct LabelSchema {
  std::string schema_id, experiment_id, name, type;
  std::optional<std::string> instruction;
  bool enable_comment = false;
  Input input;
  std::int64_t created_at = 0, last_updated_at = 0;
  bool is_default = false;
  static constexpr Field fields[] = {field<&LabelSchema::schema_id>("schema_id"),
                                     field<&LabelSchema::experiment_id>("experiment_id"),
                                     field<&LabelSchema::name>("name"),
                                     field<&LabelSchema::type>("type", oneOf(typeWords)),
                                     field<&LabelSchema::instruction>("instruction"),
                                     field<&LabelSchema::enable_comment>("enable_comment"),
                                     field<&LabelSchema::input>("input"),
                                     field<&LabelSchema::created_at>("created_at"),
                                     field<&LabelSchema::last_updated_at>("last_updated_at"),
                                     field<&LabelSchema::is_default>("is_default")};
};
struct OneLabelSchema {
  LabelSchema label_schema;
  static constexpr Field fields[] = {field<&OneLabelSchema::label_schema>("label_schema")};
};
struct CreateLabelSchema {
  std::string experiment_id, name, type;
  Input input;
  std::string instruction;
  bool enable_comment = false;
  static constexpr Field fields[] = {field<&CreateLabelSchema::experiment_id>("experiment_id", required),
                                     field<&CreateLabelSchema::name>("name", required),
                                     field<&CreateLabelSchema::type>("type", oneOf(typeWords)),
                                     field<&CreateLabelSchema::input>("input"),
                                     field<&CreateLabelSchema::instruction>("instruction"),
                                     field<&CreateLabelSchema::enable_comment>("enable_comment")};
};
struct LabelSchemaRef {
  std::string schema_id;
  static constexpr Field fields[] = {field<&LabelSchemaRef::schema_id>("schema_id", required)};
};
struct LabelSchemaName {
  std::string experiment_id, name;
  static constexpr Field fields[] = {field<&LabelSchemaName::experiment_id>("experiment_id", required),
                                     field<&LabelSchemaName::name>("name", required)};
};
struct ListLabelSchemas {
  std::string experiment_id;
  std::int64_t max_results = 100;
  std::string page_token;
  static constexpr Field fields[] = {field<&ListLabelSchemas::experiment_id>("experiment_id", required),
                                     field<&ListLabelSchemas::max_results>("max_results"),
                                     field<&ListLabelSchemas::page_token>("page_token")};
};
struct LabelSchemas {
  std::vector<LabelSchema> label_schemas;
  std::string next_page_token;  ///< empty, not absent, on the last page: MLflow's own
  static constexpr Field fields[] = {field<&LabelSchemas::label_schemas>("label_schemas"),
                                     field<&LabelSchemas::next_page_token>("next_page_token")};
};
struct UpdateLabelSchema {
  std::string schema_id;
  std::optional<std::string> name, instruction;
  std::optional<bool> enable_comment;
  std::optional<Input> input;
  static constexpr Field fields[] = {
      field<&UpdateLabelSchema::schema_id>("schema_id", required), field<&UpdateLabelSchema::name>("name"),
      field<&UpdateLabelSchema::instruction>("instruction"),
      field<&UpdateLabelSchema::enable_comment>("enable_comment"), field<&UpdateLabelSchema::input>("input")};
};

evaluation::LabelInput inputOf(const Input& in) {
  int given = in.pass_fail.has_value() + in.categorical.has_value() + in.numeric.has_value() + in.text.has_value();
  if (given != 1)
    throw Error(Code::invalid,
                "Label schema `input` must have exactly one of `pass_fail`, `categorical`, `numeric`, or `text` set");
  if (in.pass_fail) return evaluation::PassFailInput{in.pass_fail->positive_label, in.pass_fail->negative_label};
  if (in.categorical) return evaluation::CategoricalInput{in.categorical->options, in.categorical->multi_select};
  if (in.numeric) return evaluation::NumericInput{in.numeric->min_value, in.numeric->max_value};
  return evaluation::TextInput{in.text->max_length};
}

Input wireOf(const evaluation::LabelInput& input) {
  Input shown;
  if (const auto* labels = std::get_if<evaluation::PassFailInput>(&input))
    shown.pass_fail = PassFail{labels->positiveLabel, labels->negativeLabel};
  if (const auto* choice = std::get_if<evaluation::CategoricalInput>(&input))
    shown.categorical = Categorical{choice->options, choice->multiSelect};
  if (const auto* range = std::get_if<evaluation::NumericInput>(&input))
    shown.numeric = Numeric{range->least, range->most};
  if (const auto* text = std::get_if<evaluation::TextInput>(&input)) shown.text = TextBox{text->maxLength};
  return shown;
}

LabelSchema wireOf(const evaluation::LabelSchema& s) {
  return {.schema_id = s.schemaId,
          .experiment_id = std::to_string(s.experiment),
          .name = s.name,
          .type = std::string(typeWords[s.type == evaluation::labelSchemaTypes[0] ? 0 : 1]),
          .instruction = s.instruction.empty() ? std::nullopt : std::optional(s.instruction),
          .enable_comment = s.enableComment,
          .input = wireOf(s.input),
          .created_at = s.createdAt,
          .last_updated_at = s.updatedAt,
          .is_default = s.isDefault};
}

OneLabelSchema createSchema(Call& call, const CreateLabelSchema& in) {
  evaluation::LabelSchema told{.workspace = call.workspace,
                               .experiment = parseExperimentId(in.experiment_id),
                               .name = in.name,
                               .type = lower(in.type),
                               .input = inputOf(in.input),
                               .instruction = in.instruction,
                               .enableComment = in.enable_comment};
  return changeIn(call, told.experiment, [&](registry::Change& change) -> OneLabelSchema {
    return {wireOf(evaluation::createLabelSchema(change, told))};
  });
}

OneLabelSchema getSchema(Call& call, const LabelSchemaRef& in) {
  return readStored(
      call, evaluation::getLabelSchema, in.schema_id,
      [](db::Transaction&, const evaluation::LabelSchema& schema) -> OneLabelSchema { return {wireOf(schema)}; });
}

OneLabelSchema getSchemaByName(Call& call, const LabelSchemaName& in) {
  std::int64_t experiment = parseExperimentId(in.experiment_id);
  return readIn(call, experiment, [&](db::Transaction& transaction) -> OneLabelSchema {
    return {wireOf(evaluation::getLabelSchemaByName(transaction, call.workspace, experiment, in.name))};
  });
}

LabelSchemas listSchemas(Call& call, const ListLabelSchemas& in) {
  std::int64_t experiment = parseExperimentId(in.experiment_id);
  return readIn(call, experiment, [&](db::Transaction& transaction) {
    auto page = evaluation::listLabelSchemas(transaction, call.workspace, experiment, in.max_results, in.page_token);
    LabelSchemas found{.label_schemas = {}, .next_page_token = page.nextPageToken};
    for (const evaluation::LabelSchema& schema : page.items) found.label_schemas.push_back(wireOf(schema));
    return found;
  });
}

OneLabelSchema updateSchema(Call& call, const UpdateLabelSchema& in) {
  evaluation::LabelSchemaUpdate update{
      .name = in.name, .instruction = in.instruction, .enableComment = in.enable_comment, .input = {}};
  if (in.input) update.input = inputOf(*in.input);
  return changeStored(call, evaluation::getLabelSchema, in.schema_id,
                      [&](registry::Change& change, const evaluation::LabelSchema& stored) -> OneLabelSchema {
                        return {wireOf(evaluation::updateLabelSchema(change, stored, update))};
                      });
}

Empty deleteSchema(Call& call, const LabelSchemaRef& in) {
  return deleteStored(call, evaluation::findLabelSchema, evaluation::deleteLabelSchema, in.schema_id);
}

}  // namespace

std::span<const Route> labelSchemaRoutes() {
  static const Route routes[] = {
      post("/api/3.0/mlflow/label-schemas/create", "Create a label schema", writes("label schemas"), createSchema),
      get("/api/3.0/mlflow/label-schemas/get", "Get a label schema", reads("label schemas"), getSchema),
      get("/api/3.0/mlflow/label-schemas/get-by-name", "Get a label schema by name", reads("label schemas"),
          getSchemaByName),
      get("/api/3.0/mlflow/label-schemas/list", "List label schemas", reads("label schemas"), listSchemas),
      patch("/api/3.0/mlflow/label-schemas/update", "Update a label schema", writes("label schemas"), updateSchema),
      del("/api/3.0/mlflow/label-schemas/delete", "Delete a label schema", writes("label schemas"), deleteSchema),
  };
  return routes;
}

}  // namespace regesta::api::mlflow
