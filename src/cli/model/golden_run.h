#pragma once
#include "cli/model/endpoint.h"
#include "cli/model/python_model.h"

namespace regesta::cli {

/// Does the work of a golden job: runs the version `repeats` times on its rows. Returns the report:
/// {"runs":[[{"output"} or {"error"}]],"environment","runner"}. Throws Error{conflict} if the version's content is not
/// what the job says, Error{invalid} if the model cannot be run, Error{unavailable} if something may work later.
json::object goldenRun(Session& session, const json::object& work, const LocalExecution& execution,
                       const EndpointOptions& endpoint);

/// One answer of a prompt version for its variables: {"model"} and the text. `parameters` override the version's model
/// settings; `seed` may be null.
ModelAnswer answerOfPrompt(Session& session, ModelEndpoint& model, const Reference& prompt,
                           const json::object& variables, const json::value& parameters, const json::value& seed);

}  // namespace regesta::cli
