#pragma once
#include <functional>
#include <string>

#include "evaluation/check/judge.h"

namespace regesta::cli {

/// Runs a suite's command by `/bin/sh -c` in its own process group: the model's output on stdin, the variables as JSON
/// in REGESTA_TEST_VARS, PATH, HOME and LANG from here and nothing else. Exit code 0 passes. When it prints JSON, that
/// is the grade: true, false, a number from 0 to 1, or {"pass","score","reason"}. Ended after 60 seconds or when
/// `stopped` says so. Throws Error{unavailable} when it cannot run or is ended, Error{invalid} for exit codes 126 and
/// 127.
evaluation::check::Grade runCommand(const std::string& line, const evaluation::check::Output& output,
                                    const json::object& vars, const std::function<bool()>& stopped);

}  // namespace regesta::cli
