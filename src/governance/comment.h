#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "governance/change_request.h"

namespace regesta::governance {

inline constexpr std::size_t commentLength = 16 * 1024;  ///< bytes of one comment
inline constexpr std::int64_t commentsOfRequest = 1000;

/// A comment on a change request. Immutable.
struct Comment {
  std::int64_t id = 0;
  std::int64_t changeRequest = 0;
  std::string actor;
  std::string body;   ///< Markdown, untrusted
  std::string place;  ///< a line of what differs, "new:1:14": side, text and line, from 1; empty: the whole request
  std::int64_t at = 0;
};

/// Recorded as "change-request.commented", with the text's digest. Also for closed requests. Throws
/// Invalid{field "body"} for an empty or too long text, Invalid{field "place"}, Error{tooLarge} above
/// commentsOfRequest. `via`: the connection that it came through, for the entry; empty: none.
Comment addComment(registry::Change& change, const ChangeRequest& request, std::string_view body,
                   std::string_view place = {}, const json::object& via = {});
/// Oldest first, after comment `after`.
std::vector<Comment> listComments(db::Transaction& transaction, std::int64_t changeRequest, std::int64_t after,
                                  std::size_t limit);

}  // namespace regesta::governance
