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

/// Form alone: the lines are those of a text that the server renders for each reader.
void checkPlace(std::string_view place) {
  if (place.empty()) return;
  std::vector<std::string_view> parts = split(place, ':');
  auto counts = [](std::string_view text) { return text.size() <= 6 && parseInteger(text).value_or(0) > 0; };
  if (parts.size() != 3 || (parts[0] != "new" && parts[0] != "old") || !counts(parts[1]) || !counts(parts[2]))
    throw Invalid("place", "must be new or old, a text and its line from 1, such as new:1:14");
}

std::int64_t countOf(db::Transaction& transaction, std::int64_t changeRequest) {
  auto rows =
      transaction.query("SELECT COUNT(*) FROM change_request_comment WHERE change_request = $1", {changeRequest});
  return rows.next() ? rows.integer(0) : 0;
}

}  // namespace

Comment addComment(registry::Change& change, const ChangeRequest& request, std::string_view body,
                   std::string_view place, const json::object& via) {
  checkBody(body);
  checkPlace(place);
  if (countOf(change.transaction, request.id) >= commentsOfRequest)
    throw error(Code::tooLarge, "change request {} has {} comments, which is the limit", request.id, commentsOfRequest);
  Comment comment{0, request.id, change.actor.name, std::string(body), std::string(place), change.now};
  comment.id = change.transaction.insert(
      "INSERT INTO change_request_comment (change_request, actor, body, place, created_at) "
      "VALUES ($1, $2, $3, $4, $5) RETURNING id",
      {request.id, comment.actor, comment.body, comment.place, comment.at});
  json::object data{
      {"comment", comment.id}, {"pointer", request.pointerSubject()}, {"body", crypto::sha256Hex(comment.body)}};
  if (!comment.place.empty()) data["place"] = comment.place;
  if (!via.empty()) data["via"] = via;
  change.record(registry::Action::changeRequestCommented, request.key.workspace, request.subject(), std::move(data));
  return comment;
}

std::vector<Comment> listComments(db::Transaction& transaction, std::int64_t changeRequest, std::int64_t after,
                                  std::size_t limit) {
  std::vector<Comment> comments;
  auto rows = transaction.query(
      "SELECT id, actor, body, place, created_at FROM change_request_comment WHERE change_request = $1 AND id > $2 "
      "ORDER BY id LIMIT $3",
      {changeRequest, after, limit});
  while (rows.next())
    comments.push_back({rows.integer(0), changeRequest, rows.text(1), rows.text(2), rows.text(3), rows.integer(4)});
  return comments;
}

}  // namespace regesta::governance
