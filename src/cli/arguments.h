#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "cli/command.h"

namespace regesta::cli {

/// The command line itself is wrong: exit code 2 and a pointer to --help.
class UsageError : public Error {
 public:
  explicit UsageError(std::string message) : Error(Code::invalid, std::move(message)) {}
};

/// The values given to one command, by the names of its operands and options.
class Arguments {
 public:
  bool has(std::string_view name) const { return values_.contains(name); }
  bool flag(std::string_view name) const { return has(name); }
  /// Empty when not given.
  const std::string& text(std::string_view name) const;
  std::optional<std::string> maybe(std::string_view name) const;
  const std::vector<std::string>& all(std::string_view name) const;
  /// Throws UsageError for anything but a whole number.
  std::optional<std::int64_t> integer(std::string_view name) const;
  /// The KEY=VALUE pairs of an option that may be repeated. Throws UsageError for one without '='.
  std::map<std::string, std::string> pairs(std::string_view name) const;

  void add(std::string name, std::string value) { values_[std::move(name)].push_back(std::move(value)); }

 private:
  std::map<std::string, std::vector<std::string>, std::less<>> values_;
};

/// Options that every command knows: --json, --url, --workspace, --help.
const std::vector<Option>& commonOptions();

/// Parses the arguments after the command's words. Throws UsageError that names the argument and a suggestion.
Arguments parseArguments(const Command& command, const std::vector<std::string>& words);

}  // namespace regesta::cli
