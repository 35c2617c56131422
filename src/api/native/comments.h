#pragma once
#include "api/native/common.h"
#include "governance/comment.h"

namespace regesta::api::native {

struct CommentAnswer {
  std::int64_t id = 0;
  std::string user, body;
  std::optional<std::string> place, at;
  static constexpr Field fields[] = {
      field<&CommentAnswer::id>("id"), field<&CommentAnswer::user>("user"),
      field<&CommentAnswer::body>("body", about("Markdown, written by the author of the comment")),
      field<&CommentAnswer::place>("place", about("absent: the whole request")), field<&CommentAnswer::at>("at")};
};
struct NewComment {
  std::int64_t id = 0;
  std::string body, place;
  static constexpr Field fields[] = {
      field<&NewComment::id>("id", present | atLeast(1)),
      field<&NewComment::place>("place", about("a line of the diff, \"new:1:14\": new or old, the text and its line "
                                               "from 1; absent: the whole request")),
      field<&NewComment::body>("body", required | atMost(static_cast<std::int64_t>(governance::commentLength)))};
};
struct CommentQuery {
  std::int64_t id = 0;
  std::string pageToken;
  std::int64_t pageSize = 0;
  static constexpr Field fields[] = {field<&CommentQuery::id>("id", present | atLeast(1)),
                                     field<&CommentQuery::pageToken>("page_token"),
                                     field<&CommentQuery::pageSize>("page_size", pageRule)};
};

/// Oldest first.
Page<CommentAnswer> listComments(Call& call, const CommentQuery& query);
/// For users who may read the request and may write or approve there.
CommentAnswer addComment(Call& call, const NewComment& request);

}  // namespace regesta::api::native
