#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "gitremote/repository.h"

namespace regesta::api::git {

/// A fetch request (git-upload-pack, protocol version 0 over HTTP).
struct FetchRequest {
  std::vector<regesta::git::Id> wants, haves;
  std::unordered_set<regesta::git::Id> shallow;  ///< commits whose parents the client lacks
  std::size_t depth = 0;                         ///< 0: all of the history
  bool done = false;
  bool negotiates =
      false;  ///< something follows the wants; the first request of a shallow fetch only asks for its boundary
  bool sideBand = false, noProgress = false, includeTag = false, detailed = false;
};
/// Throws Error{invalid}. A body without wants is an empty request.
FetchRequest parseFetch(std::string_view body);

/// The head of a push (git-receive-pack): commands, then a flush; a pack follows.
struct PushHead {
  std::vector<gitremote::PushedRef> refs;
  bool reportStatus = false, sideBand = false, quiet = false;
};
class PushHeadReader {
 public:
  /// Takes more bytes; true once the head is complete. rest() has the bytes after it.
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
