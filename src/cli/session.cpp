#include "cli/session.h"

#include <cerrno>
#include <fstream>
#include <iostream>

#include "base/file.h"
#include "base/limits.h"
#include "cli/terminal.h"

namespace regesta::cli {
namespace {

constexpr std::size_t listLimit = 100'000;  // rows; a longer list is for --json and a filter

}

Api& Session::api() {
  if (api_) return *api_;
  Connection connection = effectiveConnection(args.text("url"), args.text("workspace"));
  if (!connection.user.empty() && connection.password.empty())
    throw Error(Code::unauthenticated, "REGESTA_USER is set, but REGESTA_PASSWORD is not set");
  api_ = std::make_unique<Api>(std::move(connection));
  return *api_;
}

Reference Session::reference(std::string_view name, std::string_view kind, Takes takes) const {
  return parseReference(args.text(name), kind, takes);
}

Reference Session::version(std::string_view name, std::string_view defaultKind) const {
  return parseVersionReference(args.text(name), defaultKind);
}

void Session::confirmRemoval(std::string_view what) const {
  if (args.flag(yesOption.name)) return;
  if (!askConsent(fmt::format("Delete {}? This cannot be undone.", what), "--yes")) throw UsageError("nothing deleted");
}

int Session::show(const json::value& value, const std::function<void(const json::object&)>& text) const {
  if (json() || !value.is_object())
    printJson(value);
  else
    text(value.get_object());
  return Exit::done;
}

int Session::list(const std::string& path, const Api::Query& query, std::vector<std::string> headers,
                  const std::function<std::vector<Cell>(const json::object&)>& row, std::string_view whenEmpty) {
  json::array items;
  Table table(std::move(headers));
  auto limit = args.integer("limit").value_or(listLimit);
  if (limit < 1) throw UsageError("limit must be at least 1");
  api().each(path, query, static_cast<std::size_t>(limit), [&](const json::object& item) {
    if (json())
      items.push_back(item);
    else
      table.row(row(item));
  });
  if (json())
    printJson(json::object{{"items", std::move(items)}});
  else
    table.print(whenEmpty);
  return Exit::done;
}

int Session::said(const json::value& value, const std::string& line) const {
  if (json())
    printJson(value);
  else
    fmt::print("{}\n", printable(line));
  return Exit::done;
}

int Session::deliver(const std::string& text, std::string_view member, json::object about, std::string line) const {
  if (!args.has("output")) {
    fmt::print("{}", text);
    return Exit::done;
  }
  std::string file = args.text("output");
  file::replaceFiles({{file, text}});
  json::object value{{member, file}};
  value.insert(about.begin(), about.end());
  return said(value, line.empty() ? fmt::format("wrote {}", file) : line);
}

std::string readInput(const std::string& file) {
  errno = 0;
  std::ifstream opened;
  std::istream& input = file == "-" ? std::cin : (opened.open(file, std::ios::binary), opened);
  if (!input) throw unreadable(file);
  std::string text(limits::wholeBody + 1, '\0');
  input.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(input.gcount()));
  if (input.bad() || (text.empty() && !input.eof())) throw unreadable(file);
  if (text.size() > limits::wholeBody)
    throw error(Code::tooLarge, "{} has more than {} MiB", file, limits::wholeBody >> 20);
  return text;
}

}  // namespace regesta::cli
