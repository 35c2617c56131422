#include "cli/run.h"

#include "base/log.h"
#include "base/text.h"
#include "cli/help.h"
#include "cli/refusal.h"
#include "cli/session.h"

namespace regesta::cli {
namespace {

int exitCode(Code code) {
  switch (code) {
    case Code::refused:
    case Code::denied:
    case Code::unauthenticated:
      return Exit::refused;
    case Code::notFound:
      return Exit::missing;
    case Code::corrupt:
      return Exit::unverified;
    default:
      return Exit::failed;
  }
}

json::object detailOf(const Error& fault) {
  if (fault.detail.empty()) return {};
  boost::system::error_code broken;
  json::value value = json::parse(fault.detail, broken);
  return !broken && value.is_object() ? value.get_object() : json::object();
}

int report(const Error& fault, bool asJson) {
  if (asJson) {
    json::object error = {{"code", codeName(fault.code)}, {"message", fault.message}};
    if (json::object detail = detailOf(fault); !detail.empty()) error["detail"] = std::move(detail);
    printJson(json::object{{"error", std::move(error)}});
  } else if (fault.code == Code::refused) {
    explainRefusal(fault.message, detailOf(fault));
  } else {
    fmt::print(stderr, "{} {}\n", paint("error:", Colour::red, stderr), printable(fault.message));
  }
  return exitCode(fault.code);
}

bool startsWith(const std::string& path, std::string_view word) {
  return path.starts_with(word) && (path.size() == word.size() || path[word.size()] == ' ');
}

/// The words that could follow the recognized ones.
std::vector<std::string> nextWords(const std::string& prefix) {
  std::set<std::string> words;
  for (const Command& command : allCommands()) {
    if (command.hidden || (!prefix.empty() && !startsWith(command.path, prefix))) continue;
    std::string_view rest =
        std::string_view(command.path).substr(prefix.empty() ? 0 : std::min(command.path.size(), prefix.size() + 1));
    words.emplace(rest.substr(0, rest.find(' ')));
  }
  return {words.begin(), words.end()};
}

int unknownCommand(const std::vector<std::string>& words) {
  std::string prefix;
  for (const std::string& word : words) {
    std::vector<std::string> known = nextWords(prefix);
    if (std::ranges::find(known, word) != known.end()) {
      if (!prefix.empty()) prefix += ' ';
      prefix += word;
      continue;
    }
    auto near = nearest(word, known);
    std::string line = prefix.empty() ? word : prefix + " " + word;
    std::string meant =
        near ? fmt::format("; did you mean `regesta {}{}`?", prefix.empty() ? "" : prefix + " ", *near) : "";
    fmt::print(stderr, "{} there is no command `{}`{}\n", paint("error:", Colour::red, stderr), printable(line), meant);
    fmt::print(stderr, "`regesta {}--help` lists what there is\n", prefix.empty() ? "" : prefix + " ");
    return Exit::usage;
  }
  return Exit::usage;
}

bool asksForHelp(const std::vector<std::string>& words) {
  for (const std::string& word : words) {
    if (word == "--") return false;
    if (word == "--help" || word == "-h") return true;
  }
  return false;
}

bool wantsJson(const std::vector<std::string>& words) { return std::ranges::find(words, "--json") != words.end(); }

/// Common options may also come before or between the command's words: they move to the end.
std::vector<std::string> commandFirst(const std::vector<std::string>& words) {
  std::vector<std::string> rest, common;
  bool before = true;  // until the first word that is not an option
  for (std::size_t i = 0; i < words.size(); ++i) {
    bool takesValue = words[i] == "--url" || words[i] == "--workspace" || words[i] == "-w";
    if (words[i] == "--") {
      rest.insert(rest.end(), common.begin(), common.end());
      rest.insert(rest.end(), words.begin() + static_cast<std::ptrdiff_t>(i), words.end());
      return rest;
    }
    if (words[i] == "--json" || (before && words[i].starts_with('-'))) {
      common.push_back(words[i]);
      if (takesValue && i + 1 < words.size()) common.push_back(words[++i]);
      continue;
    }
    before = false;
    rest.push_back(words[i]);
  }
  rest.insert(rest.end(), common.begin(), common.end());
  return rest;
}

/// The words before the first option: what may name a command.
std::vector<std::string> leadingWords(const std::vector<std::string>& words) {
  auto end = std::ranges::find_if(words, [](const std::string& word) { return word.starts_with('-'); });
  return {words.begin(), end};
}

int runFound(const Command& command, const std::vector<std::string>& words) {
  try {
    Session session(command, parseArguments(command, words));
    return command.run(session);
  } catch (const UsageError& fault) {
    if (wantsJson(words)) {
      printJson(json::object{{"error", json::object{{"code", "usage"}, {"message", fault.message}}}});
    } else {
      fmt::print(stderr, "{} {}\n", paint("error:", Colour::red, stderr), printable(fault.message));
      fmt::print(stderr, "usage: {}\n`regesta {} --help` shows examples\n", usageLine(command), command.path);
    }
    return Exit::usage;
  } catch (const Error& fault) {
    return report(fault, wantsJson(words));
  } catch (const std::exception& fault) {
    return report(error(Code::internal, "{}", fault.what()), wantsJson(words));
  }
}

}  // namespace

const Command* findCommand(const std::vector<std::string>& words, std::size_t& consumed) {
  const Command* best = nullptr;
  for (const Command& command : allCommands()) {
    auto path = split(command.path, ' ');
    if (path.size() > words.size() || (best && path.size() <= consumed)) continue;
    if (!std::equal(path.begin(), path.end(), words.begin())) continue;
    best = &command;
    consumed = path.size();
  }
  return best;
}

int runCommandLine(const std::vector<std::string>& given) {
  setLogLevel(LogLevel::warn);
  std::vector<std::string> words = commandFirst(given);
  if (given == std::vector<std::string>{"--version"}) words = {"program-version"};
  std::vector<std::string> leading = leadingWords(words);
  if (!leading.empty() && leading.front() == "help") {
    leading.erase(leading.begin());
    words.erase(words.begin());
    words.emplace_back("--help");
  }
  std::size_t consumed = 0;
  const Command* command = findCommand(leading, consumed);
  if (command && asksForHelp(words)) {
    printHelp(*command);
    return Exit::done;
  }
  if (command) return runFound(*command, {words.begin() + static_cast<std::ptrdiff_t>(consumed), words.end()});
  if (leading.empty() || (leading.size() == 1 && isGroup(leading.front()))) {
    bool asked = asksForHelp(words);
    printOverview(leading.empty() ? "" : leading.front(), asked ? stdout : stderr);
    return asked ? Exit::done : Exit::usage;
  }
  return unknownCommand(leading);
}

}  // namespace regesta::cli
