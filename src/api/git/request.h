#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "delivery/repository/repository.h"

namespace regesta::api::git {

/// What a fetch asks for (git-upload-pack, protocol version 0 over HTTP).
struct FetchRequest {
  std::vector<regesta::git::Id> wants, haves;
  std::unordered_set<regesta::git::Id> shallow;  ///< commits whose parents the client lacks
  std::size_t depth = 0;                         ///< 0: all of the history
  bool done = false;
  bool negotiates = false;  ///< something follows the wants: a first request for a cut history only asks where it ends
  bool sideBand = false, noProgress = false, includeTag = false, detailed = false;
};
/// Throws Error{invalid}. A body without wants asks for nothing.
FetchRequest parseFetch(std::string_view body);

/// The head of a push (git-receive-pack): commands, then a flush; a pack follows.
struct PushHead {
  std::vector<delivery::PushedRef> refs;
  bool reportStatus = false, sideBand = false, quiet = false;
};
class PushHeadReader {
 public:
  /// Takes more bytes; true when the head is complete. What came behind it is rest().
  bool take(std::string_view bytes);
  const PushHead& head() const { return head_; }
  std::string_view rest() const { return std::string_view(buffer_).substr(at_); }

 private:
  void line(std::string_view text);
  std::string buffer_;
  std::size_t at_ = 0;
  PushHead head_;
};

}  // namespace regesta::api::git
