#pragma once
#include <map>
#include <string>
#include <string_view>

#include "governance/scope.h"

namespace regesta::governance {

/// Which paths of the artifact tree a caller may list. Gives the same answers as Scope::path(Verb::read, …), but reads
/// the experiments once instead of once per path. Lives as long as the transaction.
class ReadableTree {
 public:
  ReadableTree(db::Transaction& transaction, const access::Identity& identity, std::string_view workspace);
  /// If false and `jump` is not empty, nothing below the folder `jump` may be listed either.
  bool path(std::string_view path, std::string& jump);

 private:
  enum class Answer { readable, hidden, mixed };  ///< mixed: experiments of both kinds share the folder
  Scope scope_;
  bool everything_;
  std::map<std::string, Answer, std::less<>> folders_;  ///< of experiments
  std::string last_;                                    ///< folder without owner that was looked at last
  bool lastReadable_ = false;
};

}  // namespace regesta::governance
