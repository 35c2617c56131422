#include "base/text.h"
#include "cli/commands.h"
#include "cli/run.h"
#include "cli/session.h"

namespace regesta::cli {
namespace {

constexpr std::string_view bash = R"sh(# regesta completion for bash: eval "$(regesta completion bash)"
_regesta() {
  local IFS=$'\n'
  COMPREPLY=($(compgen -W "$(regesta complete-words -- "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)" -- "${COMP_WORDS[COMP_CWORD]}"))
}
complete -o default -F _regesta regesta
)sh";

constexpr std::string_view zsh = R"sh(#compdef regesta
# regesta completion for zsh: eval "$(regesta completion zsh)"
_regesta() {
  local -a words_known
  words_known=("${(@f)$(regesta complete-words -- "${words[@]:1:$((CURRENT-1))}" 2>/dev/null)}")
  compadd -a words_known || _files
}
compdef _regesta regesta
)sh";

constexpr std::string_view fish = R"sh(# regesta completion for fish: regesta completion fish | source
complete -c regesta -a '(regesta complete-words -- (commandline -opc)[2..-1] (commandline -ct) 2>/dev/null)'
)sh";

int script(Session& session) {
  std::string shell = session.command.path.substr(std::string_view("completion ").size());
  fmt::print("{}", shell == "bash" ? bash : shell == "zsh" ? zsh : fish);
  return Exit::done;
}

/// What may stand where the cursor is: the last word given is the unfinished one.
int words(Session& session) {
  std::vector<std::string> given = session.args.all("WORD");
  std::string last = given.empty() ? "" : given.back();
  if (!given.empty()) given.pop_back();
  std::size_t consumed = 0;
  const Command* command = findCommand(given, consumed);
  if (command && last.starts_with("-")) {
    for (const Option& option : command->options) fmt::print("--{}\n", option.name);
    for (const Option& option : commonOptions()) fmt::print("--{}\n", option.name);
    return Exit::done;
  }
  std::set<std::string> next;
  for (const Command& known : allCommands()) {
    auto path = split(known.path, ' ');
    if (known.hidden || path.size() <= given.size() || !std::equal(given.begin(), given.end(), path.begin())) continue;
    next.emplace(path[given.size()]);
  }
  for (const std::string& word : next) fmt::print("{}\n", word);
  return Exit::done;
}

Command shellCommand(const std::string& shell, const std::string& use) {
  return {.path = "completion " + shell,
          .summary = "print the completion script for " + shell,
          .examples = {use},
          .run = script};
}

}  // namespace

Commands completionCommands() {
  return {
      shellCommand("bash", "eval \"$(regesta completion bash)\""),
      shellCommand("zsh", "eval \"$(regesta completion zsh)\""),
      shellCommand("fish", "regesta completion fish | source"),
      {.path = "complete-words",
       .summary = "words that may come next",
       .operands = {{"WORD", "the words so far", false, true}},
       .run = words,
       .hidden = true},
  };
}

}  // namespace regesta::cli
