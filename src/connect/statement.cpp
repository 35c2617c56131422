#include "connect/statement.h"

#include <algorithm>

#include "base/text.h"
#include "crypto/hash.h"
#include "governance/comment.h"
#include "governance/decision.h"
#include "governance/evidence.h"

namespace regesta::connect {
namespace {

using governance::ChangeRequest;
using governance::RequestStatus;

constexpr std::size_t cellLength = 500, messageLength = 8000, rowLimit = 50, listed = 1000;
constexpr std::string_view changePrefix = "change/", refusalPrefix = "refusal/", incomingPrefix = "incoming/";

std::string personOf(std::string_view actor) { return registry::Actor{std::string(actor)}.shortName(); }

std::string versionWords(std::int64_t number, std::string_view digest) {
  return number == 0 ? "none" : fmt::format("{} ({})", number, digest.substr(0, 12));
}

std::string titleOf(const ChangeRequest& request) {
  std::string what = request.toNumber == 0
                         ? fmt::format("remove {} of {}", request.pointer.text(), request.key.subject())
                         : fmt::format("{}@{} to {}", request.key.subject(), request.toNumber, request.pointer.text());
  return fmt::format("Review: {} (change request {})", what, request.id);
}

Block changeTable(const ChangeRequest& request) {
  std::vector<std::vector<std::string>> rows{{"Change", "Value"},
                                             {"Asset", request.key.subject()},
                                             {"Alias or stage", request.pointer.text()},
                                             {"Action", request.action},
                                             {"Current version", versionWords(request.fromNumber, request.fromDigest)},
                                             {"New version", versionWords(request.toNumber, request.toDigest)},
                                             {"Requested by", personOf(request.requestedBy)},
                                             {"Reason", shorten(request.reason, cellLength)}};
  if (!request.plan.empty()) rows.push_back({"Rollout", "in steps, as the plan in Regesta says"});
  return Block::table(std::move(rows));
}

std::string textOf(const json::value& value, std::string_view name) {
  return value.is_object() ? memberText(value.get_object(), name) : std::string();
}

/// Code and message of one violation or requirement.
std::string saidBy(const json::value& item) {
  std::string msg = textOf(item, "msg"), code = textOf(item, "code");
  return shorten(msg.empty() ? code : code.empty() ? msg : fmt::format("{} [{}]", msg, code), cellLength);
}

std::vector<std::vector<std::string>> checkRows(const json::value& body) {
  std::vector<std::vector<std::string>> rows{{"Check", "State", "Needs"}};
  auto add = [&](std::vector<std::string> row) {
    if (rows.size() <= rowLimit) rows.push_back(std::move(row));
  };
  const json::value& verdict = body.at("verdict");
  for (auto [set, state] : {std::pair("deny", "denied"), std::pair("warn", "warning")})
    if (const json::value* items = verdict.as_object().if_contains(set); items && items->is_array())
      for (const json::value& item : items->get_array()) add({saidBy(item), state, textOf(item, "remediation")});
  const json::value* requirements = body.as_object().if_contains("requirements");
  if (requirements && requirements->is_array())
    for (const json::value& item : requirements->get_array()) {
      const json::value* met = item.is_object() ? item.get_object().if_contains("met") : nullptr;
      bool isMet = met && met->is_bool() && met->get_bool();
      add({saidBy(item), isMet ? "met" : "missing", shorten(textOf(item, "needs"), cellLength)});
    }
  return rows;
}

/// {"accuracy":0.91,"rows":1200} as "accuracy: 0.91, rows: 1200".
std::string summaryWords(std::string_view summary) {
  if (summary.empty()) return {};
  json::value parsed = parseJson(summary);
  if (!parsed.is_object()) return shorten(summary, cellLength);
  std::string words;
  for (const auto& member : parsed.get_object()) {
    const json::value& value = member.value();
    std::string text = value.is_string() ? std::string(value.get_string()) : writeJson(value);
    words += fmt::format("{}{}: {}", words.empty() ? "" : ", ", std::string_view(member.key()), shorten(text, 100));
  }
  return shorten(words, cellLength);
}

Block evidenceTable(db::Transaction& transaction, const ChangeRequest& request) {
  std::vector<std::vector<std::string>> rows{{"Evidence", "Origin", "By", "Summary", "Digest"}};
  for (const governance::Evidence& one : governance::listEvidence(transaction, request.key, request.toNumber, rowLimit))
    rows.push_back({one.type, one.verified ? "verified by the server" : "claimed", personOf(one.createdBy),
                    summaryWords(one.summary), one.digest.substr(0, 12)});
  if (rows.size() == 1) rows.push_back({"none", "", "", "", ""});
  return Block::table(std::move(rows));
}

std::string howToAnswer(const Connection& connection) {
  if (connection.type == "slack")
    return "Approve or reject with the buttons below. A review counts if your account belongs to a Regesta user who "
           "holds a role that the request asks for and is not its author. Replies in the thread become comments.";
  if (connection.type == "servicenow" && connection.field == "approval")
    return "Approve or reject in your own record under Approvers. A review counts if your account belongs to a Regesta "
           "user who holds a role that the request asks for and is not its author. Regesta restores this text if "
           "somebody changes it; the link below shows what is true.";
  std::string field = connection.field == "status" ? "this issue" : fmt::format("the field {}", connection.field);
  std::string text = fmt::format("To review, move {}", field);
  for (const auto& [meaning, value] : connection.statuses) {
    if (value.empty()) continue;
    if (meaning == "approve") text += fmt::format(" to '{}' (approve),", value);
    if (meaning.starts_with("approve:")) text += fmt::format(" to '{}' (approve as {}),", value, meaning.substr(8));
    if (meaning == "reject") text += fmt::format(" to '{}' (reject),", value);
  }
  text.pop_back();
  return text +
         ". A review counts if your account belongs to a Regesta user who holds a role that the request asks for and "
         "is not its author. Regesta restores this text if somebody changes it; the link below shows what is true.";
}

Message approvalMessage(const governance::Approval& approval) {
  std::string mark =
      fmt::format("approval/{}", crypto::sha256Hex(fmt::format("{} {}", approval.actor, approval.at)).substr(0, 16));
  std::string text =
      fmt::format("{} approved as {}{}.", personOf(approval.actor), join(approval.roles, ", "),
                  approval.onBehalfOf.empty() ? "" : fmt::format(" on behalf of {}", personOf(approval.onBehalfOf)));
  if (!approval.comment.empty()) text += fmt::format("\n{}", shorten(approval.comment, messageLength));
  return {std::move(mark), {Block::paragraph(std::move(text))}};
}

Message endMessage(const ChangeRequest& request) {
  std::string text;
  switch (request.status) {
    case RequestStatus::open:
      break;
    case RequestStatus::applied:
      text = request.plan.empty()
                 ? fmt::format("Applied: {} now points to version {}.", request.pointerSubject(), request.toNumber)
                 : fmt::format("Applied: the rollout of version {} has started.", request.toNumber);
      break;
    case RequestStatus::rejected:
      text = fmt::format("{} rejected the change request.", personOf(request.closedBy));
      break;
    case RequestStatus::withdrawn:
      text = fmt::format("{} withdrew the change request.", personOf(request.closedBy));
      break;
    case RequestStatus::stale:
      text = "The change request is stale: what it was about has changed. A new one is needed.";
      break;
    case RequestStatus::expired:
      text = "The change request has expired. A new one is needed.";
      break;
  }
  if (!request.note.empty()) text += fmt::format("\n{}", shorten(request.note, messageLength));
  return {fmt::format("status/{}", governance::statusName(request.status)), {Block::paragraph(std::move(text))}};
}

}  // namespace

std::string changeMark(std::string_view id) { return fmt::format("{}{}", changePrefix, id); }
std::string refusalMark(std::string_view id) { return fmt::format("{}{}", refusalPrefix, id); }
std::string incomingMark(std::string_view id) { return fmt::format("{}{}", incomingPrefix, id); }
std::string commentMark(std::int64_t comment) { return fmt::format("comment/{}", comment); }

bool hasMark(const std::vector<Mark>& marks, std::string_view name) {
  return std::ranges::find(marks, name, &Mark::name) != marks.end();
}

std::string signOf(const ChangeRequest& request, std::string_view mark) {
  return fmt::format("Regesta change request {}, {}.", request.id, mark);
}

Draft draftOf(db::Transaction& transaction, const Connection& connection, const ChangeRequest& request,
              const std::string& label, const std::string& url) {
  Draft draft{label, titleOf(request), {}};
  draft.body = {Block::paragraph(howToAnswer(connection)),
                Block::link(fmt::format("Change request {} in Regesta", request.id), url), Block::heading("Change"),
                changeTable(request)};
  if (auto decision = governance::findDecision(transaction, request.decision)) {
    draft.body.push_back(Block::heading("Checks"));
    draft.body.push_back(Block::table(checkRows(parseJson(decision->body))));
  }
  if (request.toNumber != 0) {
    draft.body.push_back(Block::heading("Evidence"));
    draft.body.push_back(evidenceTable(transaction, request));
  }
  draft.body.push_back(Block::paragraph(fmt::format("Decision {}", request.decision)));
  return draft;
}

std::vector<Message> messagesOf(db::Transaction& transaction, const ChangeRequest& request,
                                const std::vector<Mark>& marks) {
  std::vector<Message> messages;
  auto add = [&](Message message) {
    if (hasMark(marks, message.mark)) return;
    message.text.push_back(Block::paragraph(signOf(request, message.mark)));
    messages.push_back(std::move(message));
  };
  for (const governance::Comment& comment : governance::listComments(transaction, request.id, 0, listed))
    add({commentMark(comment.id),
         {Block::paragraph(fmt::format("{} commented in Regesta:\n{}", personOf(comment.actor),
                                       shorten(comment.body, messageLength)))}});
  for (const Mark& mark : marks)
    if (mark.name.starts_with(changePrefix) && !mark.note.empty())
      add({refusalMark(std::string_view(mark.name).substr(changePrefix.size())),
           {Block::paragraph(fmt::format("The review did not count: {}.", mark.note))}});
  for (const governance::Approval& approval : governance::approvalsOf(transaction, request.id))
    add(approvalMessage(approval));
  if (request.status != RequestStatus::open) add(endMessage(request));
  return messages;
}

}  // namespace regesta::connect
