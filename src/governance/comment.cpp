#include "governance/comment.h"

#include "base/error.h"
#include "base/text.h"
#include "crypto/hash.h"

namespace regesta::governance {

namespace {

void checkBody(std::string_view body) {
  if (body.find_first_not_of(" \t\r\n") == std::string_view::npos) throw Invalid("body", "must say something");
  if (body.size() > commentLength) throw Invalid("body", fmt::format("must have at most {} bytes", commentLength));
  if (!isUtf8(body)) throw Invalid("body", "must be UTF-8");
  if (body.find('\0') != std::string_view::npos) throw Invalid("body", "must not contain a NUL character");
}

std::int64_t countOf(db::Session& session, std::int64_t changeRequest) {
  auto rows = session.query("SELECT COUNT(*) FROM change_request_comment WHERE change_request = $1", {changeRequest});
  return rows.next() ? rows.integer(0) : 0;
}

}  // namespace

Comment addComment(registry::Change& change, const ChangeRequest& request, std::string_view body) {
  checkBody(body);
  if (countOf(change.session, request.id) >= commentsOfRequest)
    throw error(Code::tooLarge, "change request {} has {} comments, and no more are taken", request.id,
                commentsOfRequest);
  Comment comment{0, request.id, change.actor.name, std::string(body), change.now};
  comment.id = change.session.insert(
      "INSERT INTO change_request_comment (change_request, actor, body, created_at) VALUES ($1, $2, $3, $4) "
      "RETURNING id",
      {request.id, comment.actor, comment.body, comment.at});
  change.record(
      "change-request.commented", request.key.workspace, request.subject(),
      {{"comment", comment.id}, {"pointer", request.pointerSubject()}, {"body", crypto::sha256Hex(comment.body)}});
  return comment;
}

std::vector<Comment> listComments(db::Session& session, std::int64_t changeRequest, std::int64_t after,
                                  std::size_t limit) {
  std::vector<Comment> comments;
  auto rows = session.query(
      "SELECT id, actor, body, created_at FROM change_request_comment WHERE change_request = $1 AND id > $2 "
      "ORDER BY id LIMIT $3",
      {changeRequest, after, limit});
  while (rows.next()) comments.push_back({rows.integer(0), changeRequest, rows.text(1), rows.text(2), rows.integer(3)});
  return comments;
}

}  // namespace regesta::governance
