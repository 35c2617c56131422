#include "api/native/comments.h"

#include "api/native/change_requests.h"

namespace regesta::api::native {

namespace {

using access::Verb;

CommentAnswer answerOf(const governance::Comment& comment) {
  return {comment.id, comment.actor, comment.body, optionalText(comment.place), timeText(comment.at)};
}

}  // namespace

Page<CommentAnswer> listComments(Call& call, const CommentQuery& query) {
  std::int64_t after = readNumberToken(query.pageToken);
  std::size_t wanted = rowsOf(query.pageSize);
  return call.core.store.read([&](db::Transaction& transaction) {
    requestOf(call, transaction, query.id);
    Page<CommentAnswer> page;
    for (const governance::Comment& comment : governance::listComments(transaction, query.id, after, wanted + 1)) {
      if (page.items.size() == wanted) {
        page.nextPageToken = makeToken(std::to_string(page.items.back().id));
        break;
      }
      page.items.push_back(answerOf(comment));
    }
    return page;
  });
}

CommentAnswer addComment(Call& call, const NewComment& asked) {
  call.status = 201;
  return answerOf(call.core.store.change(call.actor(), [&](registry::Change& change) {
    governance::ChangeRequest request = requestOf(call, change.transaction, asked.id);
    // Approvers write nothing else; for others, the error names the role contributor.
    if (!call.identity->may(Verb::approve, call.workspace, request.key.name))
      call.require(Verb::write, request.key.name);
    return governance::addComment(change, request, asked.body, asked.place);
  }));
}

}  // namespace regesta::api::native
