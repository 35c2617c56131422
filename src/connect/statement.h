#pragma once
#include <string>
#include <vector>

#include "connect/connection.h"
#include "connect/connector.h"
#include "connect/link.h"
#include "governance/change_request.h"

/// What a ticket and its comments say of a change request.
namespace regesta::connect {

/// Title, evidence, checks and a link to `url`.
Draft draftOf(db::Transaction& transaction, const Connection& connection, const governance::ChangeRequest& request,
              const std::string& label, const std::string& url);

/// A comment to post once. `mark` is its name in both programs.
struct Message {
  std::string mark;
  Document text;
};
/// Everything said about the request so far, oldest first, that the marks do not have: approvals, comments, reviews
/// that did not count, and how it ended.
std::vector<Message> messagesOf(db::Transaction& transaction, const governance::ChangeRequest& request,
                                const std::vector<Mark>& marks);
/// The line that ends a posted comment, by which it is found again.
std::string signOf(const governance::ChangeRequest& request, std::string_view mark);

// Names of marks
std::string changeMark(std::string_view id);    ///< a ticket's change that was judged
std::string refusalMark(std::string_view id);   ///< the comment that says that it did not count
std::string incomingMark(std::string_view id);  ///< a ticket's comment that was taken over
std::string commentMark(std::int64_t comment);  ///< a comment here that the ticket has
bool hasMark(const std::vector<Mark>& marks, std::string_view name);

}  // namespace regesta::connect
