#pragma once
#include <string>
#include <vector>

namespace regesta::cli {

class Session;

/// The positional arguments of the command line.
struct Operand {
  std::string name;  ///< as help shows it and Arguments finds it: "ASSET"
  std::string about;
  bool required = true;
  bool many = false;  ///< takes all that are left; only for the last one
};

struct Option {
  std::string name;   ///< without dashes: "description"
  std::string value;  ///< what help shows for its value: "TEXT"; empty: a flag without a value
  std::string about;
  char letter = 0;  ///< short form, 0: none
  bool required = false;
  bool many = false;  ///< may be given more than once
};

/// One command of the program: everything that parsing, help, completion and running need to know of it.
struct Command {
  std::string path;     ///< the words that name it: "alias set"
  std::string summary;  ///< one line for lists
  std::vector<Operand> operands;
  std::vector<Option> options;
  std::vector<std::string> examples;  ///< whole command lines
  int (*run)(Session&) = nullptr;     ///< returns an exit code; throws Error, or UsageError for a wrong command line
  std::string more = {};              ///< a paragraph for --help, optional
  bool hidden = false;
};

/// A first word that has commands below it, for lists: "model" – "models and their versions".
struct Group {
  std::string name, summary;
};

using Commands = std::vector<Command>;

/// Exit codes; other people's scripts rely on them.
enum Exit { done = 0, failed = 1, usage = 2, refused = 3, missing = 4, unverified = 5, pending = 6 };

}  // namespace regesta::cli
