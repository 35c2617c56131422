#pragma once
#include <functional>
#include <memory>
#include <string>

#include "cli/model/endpoint.h"
#include "cli/model/request.h"
#include "evaluation/check/result.h"
#include "policy/engine.h"

namespace regesta::cli {

/// What a case's variables make of the prompt: a list of chat messages. Throws Error{invalid} for variables that are
/// missing, Error{unavailable} when it cannot be asked now.
using Render = std::function<json::array(const json::object& vars)>;

/// One run of a suite against a model.
struct SuiteRun {
  const evaluation::check::Suite& suite;
  ModelSettings settings;
  /// Called once per thread: what it returns is used by that thread alone.
  std::function<Render()> makeRender;
  const EndpointOptions& endpoint;
  int concurrency = 4;
  bool commands = false;
  std::function<void(std::size_t done)> progress;  ///< from any thread; may be empty
};

/// Asks the model for every case and checks what it says. A case that the model refuses, or whose variables do not fit,
/// fails with that error. Throws Error{unavailable} when the model or the server could not be reached in the end, or
/// the run was stopped: that says nothing about the prompt.
evaluation::check::SuiteResult runSuite(const SuiteRun& run);

/// "regesta 0.1.0 on ci-7"
std::string runnerName();

}  // namespace regesta::cli
