#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/json.h"

namespace regesta::cli {

/// What an import did and found, for its last lines, --json and --report.
class ImportReport {
 public:
  struct Kind {
    std::int64_t source = 0;                               ///< at the source
    std::int64_t created = 0, updated = 0, unchanged = 0;  ///< here
    std::int64_t refused = 0, verified = 0, different = 0;
  };
  Kind& operator[](const std::string& kind) { return kinds_[kind]; }
  /// An item that is not here, and why.
  void refuse(const std::string& kind, const std::string& id, const std::string& reason);
  /// How something here differs from the source, by design: a mapped number, a file that was not found.
  void note(const std::string& kind, const std::string& id, const std::string& what);
  /// Something here is not what the source has.
  void differ(const std::string& kind, const std::string& id, const std::string& what);
  void addFile(std::uint64_t bytes, bool uploaded);

  bool failed() const;  ///< something was refused or differs
  json::object toJson() const;
  void print() const;
  std::string source, digest;  ///< name of the source; digest of the whole import, as the ledger has it

 private:
  struct Line {
    std::string kind, id, what;
  };
  static json::array linesOf(const std::vector<Line>& lines);
  static void printLines(const char* heading, const std::vector<Line>& lines);
  std::map<std::string, Kind> kinds_;
  std::vector<Line> refused_, notes_, differences_;
  std::int64_t files_ = 0, uploads_ = 0;
  std::uint64_t bytes_ = 0;
};

}  // namespace regesta::cli
