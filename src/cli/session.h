#pragma once
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "cli/api_client.h"
#include "cli/arguments.h"
#include "cli/command.h"
#include "cli/reference.h"
#include "cli/table.h"

namespace regesta::cli {

/// One run of one command: its arguments, the server it talks to, and the way it shows what it got.
class Session {
 public:
  Session(const Command& command, Arguments arguments) : command(command), args(std::move(arguments)) {}
  const Command& command;
  const Arguments args;

  bool json() const { return args.flag("json"); }
  Api& api();
  /// An operand read as KIND/NAME, and what the command takes of @VERSION and #ALIAS. Without `kind`, any kind.
  Reference reference(std::string_view name = "ASSET", std::string_view kind = {}, Takes takes = Takes::asset) const;
  Reference version(std::string_view name = "VERSION", std::string_view defaultKind = "model") const;

  /// Prints the JSON with --json, else calls `text`. Returns Exit::done.
  int show(const json::value& value, const std::function<void(const json::object&)>& text) const;
  /// A list: with --json {"items":[…]}, else a table with one row an item.
  int list(const std::string& path, const Api::Query& query, std::vector<std::string> headers,
           const std::function<std::vector<Cell>(const json::object&)>& row, std::string_view whenEmpty);
  /// One line that says what was done; with --json the value instead.
  int said(const json::value& value, const std::string& line) const;
  /// Prints `text`, or writes it to the file of --output and says so: with --json `about` and the file's name as
  /// `member`, else `line` (default: "wrote FILE"). Returns Exit::done.
  int deliver(const std::string& text, std::string_view member, json::object about = {}, std::string line = {}) const;
  /// Asks before `what` is deleted for good, unless --yes is given. Throws UsageError if nobody agrees.
  void confirmRemoval(std::string_view what) const;

 private:
  std::unique_ptr<Api> api_;
};

/// The option that confirmRemoval() looks for.
inline const Option yesOption = {"yes", "", "delete without asking", 'y'};

/// The text of a file, or of stdin for "-". Throws UsageError or Error{tooLarge}.
std::string readInput(const std::string& file);

}  // namespace regesta::cli
