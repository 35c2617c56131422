#include "cli/model/command.h"

#include <algorithm>

#include "base/error.h"
#include "base/text.h"
#include "cli/model/process.h"

namespace regesta::cli {
namespace {

evaluation::check::Grade gradeOf(int code, const std::string& said) {
  if (code == 126 || code == 127) throw error(Code::invalid, "the command cannot be run: {}", shorten(trim(said), 300));
  evaluation::check::Grade grade{code == 0, code == 0 ? 1.0 : 0.0, shorten(trim(said), 500)};
  boost::system::error_code broken;
  json::value value = json::parse(trim(said), broken);
  if (broken || code != 0) return grade;
  if (value.is_object()) {
    const json::object& object = value.get_object();
    const json::value* score = object.if_contains("score");
    const json::value* pass = object.if_contains("pass");
    if (score && score->is_number()) grade.score = std::clamp(score->to_number<double>(), 0.0, 1.0);
    grade.pass = pass && pass->is_bool() ? pass->get_bool() : !(score && score->is_number()) || grade.score >= 0.5;
    if (!score) grade.score = grade.pass ? 1.0 : 0.0;
    const json::value* reason = object.if_contains("reason");
    grade.reason = reason && reason->is_string() ? shorten(reason->get_string(), 500) : std::string();
  } else if (value.is_bool()) {
    grade = {value.get_bool(), value.get_bool() ? 1.0 : 0.0, value.get_bool() ? "" : "the command says false"};
  } else if (value.is_number()) {
    double score = std::clamp(value.to_number<double>(), 0.0, 1.0);
    grade = {score >= 0.5, score, fmt::format("the command says {}", score)};
  }
  return grade;
}

}  // namespace

evaluation::check::Grade runCommand(const std::string& line, const evaluation::check::Output& output,
                                    const json::object& vars, const std::function<bool()>& stopped) {
  ProcessResult result = runProcess({.command = {"/bin/sh", "-c", line},
                                     .environment = {"REGESTA_TEST_VARS=" + writeJson(vars)},
                                     .input = output.text,
                                     .errorsInOutput = true,
                                     .stopped = stopped});
  return gradeOf(result.code, result.output);
}

}  // namespace regesta::cli
