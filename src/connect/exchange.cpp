#include "connect/exchange.h"

#include <algorithm>

#include "access/grants.h"
#include "base/log.h"
#include "base/text.h"
#include "base/time.h"
#include "governance/approver.h"
#include "governance/comment.h"

namespace regesta::connect {
namespace {

using governance::ChangeRequest;
using governance::RequestStatus;

constexpr std::ptrdiff_t mostRefusals = 100;       // of one request that are recorded: anybody there can cause them
constexpr std::string_view openedMark = "opened";  // it was moved to the status of open requests
const registry::Actor connectActor = registry::Actor::system("connect");

/// Unique for this server's ledger, so that servers can share a project.
std::string labelOf(const registry::Store& store, const Connection& connection, std::int64_t request) {
  std::string tag =
      store.key("labels of tickets").tag({connection.workspace, connection.name, std::to_string(request)});
  return fmt::format("regesta-{}-{}", request, tag.substr(0, 12));
}

json::object viaOf(const Connection& connection, const Link& link, std::string_view event) {
  return {{"connection", connection.name}, {"event", event}, {"ticket", link.ticket.key}};
}

}  // namespace

struct Exchange::Ticketed {
  TicketState state;
  std::vector<TicketChange> changes;
  std::vector<TicketComment> comments;
  bool complete = false;  ///< changes and comments were read
  bool altered = false;   ///< somebody changed what describe() wrote
};

ChangeRequest Exchange::requestOf(const Link& link) {
  return store_.read(
      [&](db::Transaction& transaction) { return governance::getChangeRequest(transaction, link.changeRequest); });
}

std::vector<Mark> Exchange::marks(std::int64_t changeRequest) {
  return store_.read(
      [&](db::Transaction& transaction) { return marksOf(transaction, connection_.name, changeRequest); });
}

void Exchange::note(std::int64_t changeRequest, std::string mark) {
  store_.write([&](db::Transaction& transaction) {
    setMark(transaction, connection_.name, changeRequest, {mark, "", nowMillis()});
  });
}

Draft Exchange::draft(const ChangeRequest& request) {
  return store_.read([&](db::Transaction& transaction) {
    return draftOf(transaction, connection_, request, labelOf(store_, connection_, request.id),
                   gate_.changeRequestUrl(request.id));
  });
}

void Exchange::open(const ChangeRequest& request) {
  Draft wanted = draft(request);
  std::optional<Ticket> ticket = connector_.find(wanted.label);
  if (!ticket) {
    note(request.id, std::string(intentMark));
    ticket = connector_.create(wanted);
  }
  store_.change(connectActor, [&](registry::Change& change) { addLink(change, connection_, request, *ticket); });
}

bool hasNews(registry::Store& store, const Connection& connection, const Link& link) {
  return store.read([&](db::Transaction& transaction) {
    ChangeRequest request = governance::getChangeRequest(transaction, link.changeRequest);
    if (request.status != RequestStatus::open || request.decision != link.shownDecision) return true;
    return !messagesOf(transaction, request, marksOf(transaction, connection.name, request.id)).empty();
  });
}

void Exchange::follow(Link& link) {
  link.lookedAt = nowMillis();
  link.nextAt = link.lookedAt + connection_.pollSeconds * 1000;
  Ticketed read;
  std::optional<TicketState> state = connector_.look(link.ticket);
  if (!state) {
    link.problem = fmt::format("the ticket {} no longer exists, or the token's user may not see it", link.ticket.key);
    link.finished = requestOf(link).status != RequestStatus::open;
    return;
  }
  link.problem.clear();
  read.state = *state;
  if (link.revision != read.state.revision || hasNews(store_, connection_, link)) {
    read.changes = connector_.changes(link.ticket);
    read.comments = connector_.comments(link.ticket);
    takeComments(link, read);
    for (const TicketChange& change : read.changes)
      for (const FieldChange& item : change.items)
        if (change.at >= link.shownAt && change.author.id != connector_.self().id &&
            connector_.isDescription(item.field))
          read.altered = true;
    takeReviews(link, read);
    link.revision = read.state.revision;
    read.complete = true;
  }
  ChangeRequest request = requestOf(link);
  if (request.status == RequestStatus::open && (request.decision != link.shownDecision || read.altered))
    describe(link, request, read.altered);
  if (read.complete) post(link, request, read);
  moveTicket(link, request, read.state);
  link.finished = request.status != RequestStatus::open;
}

void Exchange::takeComments(const Link& link, const Ticketed& read) {
  std::vector<Mark> known = marks(link.changeRequest);
  for (const TicketComment& comment : read.comments) {
    std::string mark = incomingMark(comment.id);
    if (comment.author.id == connector_.self().id || comment.restricted || hasMark(known, mark)) continue;
    std::string text = shorten(comment.text, governance::commentLength - 500);
    std::erase(text, '\0');
    if (trim(text).empty()) continue;
    auto mapped = connection_.users.find(comment.author.id);
    try {
      registry::Actor author = connectActor;
      if (mapped != connection_.users.end()) {
        ChangeRequest request = requestOf(link);
        access::Identity identity = store_.read([&](db::Transaction& transaction) {
          return access::identityOf(transaction, registry::Actor::user(mapped->second).name, nowMillis());
        });
        bool mayComment = identity.may(access::Verb::approve, request.key.workspace, request.key.name) ||
                          identity.may(access::Verb::write, request.key.workspace, request.key.name);
        if (mayComment) author = identity.actor;
      }
      if (author == connectActor)
        text = fmt::format("{} ({} account {}):\n\n{}", shorten(comment.author.name, 100), connection_.name,
                           shorten(comment.author.id, 100), text);
      store_.change(author, [&](registry::Change& change) {
        ChangeRequest request = governance::getChangeRequest(change.transaction, link.changeRequest);
        addMark(change.transaction, connection_.name, request.id, {mark, "", change.now});
        governance::Comment made = governance::addComment(
            change, request, text, {}, viaOf(connection_, link, fmt::format("comment {}", comment.id)));
        addMark(change.transaction, connection_.name, request.id, {commentMark(made.id), "", change.now});
      });
    } catch (const Error& failure) {
      log(LogLevel::warn, "a comment was not taken over",
          {{"connection", connection_.name},
           {"ticket", link.ticket.key},
           {"comment", comment.id},
           {"reason", failure.message}});
      note(link.changeRequest, mark);
    }
  }
}

std::string Exchange::meaningOf(const TicketChange& change) const {
  for (const FieldChange& item : change.items) {
    if (item.field != connection_.field) continue;
    for (const auto& [meaning, value] : connection_.statuses)
      if ((meaning.starts_with("approve") || meaning == "reject") && !value.empty() && equalsIgnoreCase(item.to, value))
        return meaning;
  }
  return {};
}

void Exchange::takeReviews(Link& link, const Ticketed& read) {
  std::vector<Mark> known = marks(link.changeRequest);
  auto refused = std::ranges::count_if(known, [](const Mark& mark) { return !mark.note.empty(); });
  bool isDescribed = true;  // as far as the changes up to here go
  for (const TicketChange& change : read.changes) {
    if (change.author.id == connector_.self().id) continue;
    if (change.at >= link.shownAt)
      for (const FieldChange& item : change.items) isDescribed = isDescribed && !connector_.isDescription(item.field);
    std::string meaning = meaningOf(change), mark = changeMark(change.id);
    if (meaning.empty() || hasMark(known, mark)) continue;
    std::string why = judge(link, change, meaning, isDescribed);
    if (why.empty()) continue;
    if (++refused > mostRefusals) {
      note(link.changeRequest, mark);
      continue;
    }
    auto mapped = connection_.users.find(change.author.id);
    recordRefusal(link, change, mapped == connection_.users.end() ? "" : mapped->second, why);
  }
}

std::string Exchange::judge(const Link& link, const TicketChange& change, std::string_view meaning, bool isDescribed) {
  ChangeRequest request = requestOf(link);
  if (request.status != RequestStatus::open)
    return fmt::format("the change request is {} already", governance::statusName(request.status));
  auto mapped = connection_.users.find(change.author.id);
  if (mapped == connection_.users.end())
    return fmt::format("the account {} does not belong to a Regesta user; an administrator can map it",
                       shorten(change.author.id, 100));
  if (!isDescribed) return "the description had been changed by somebody else; it is restored now, please review again";
  if (link.shownDecision.empty() || change.at <= link.shownAt)
    return "the description has changed since; please review again";
  access::Identity identity;
  std::string seen;
  store_.read([&](db::Transaction& transaction) {
    identity = access::identityOf(transaction, registry::Actor::user(mapped->second).name, nowMillis());
    // The reviewer saw what the ticket shows. What only counts approvals and evidence again is the same question.
    governance::Approval shown;
    shown.decision = link.shownDecision;
    seen = governance::hasLapsed(transaction, request, shown) ? link.shownDecision : request.decision;
  });
  std::string event = fmt::format("change {}", change.id);
  governance::ReviewChannel channel{viaOf(connection_, link, event), [&](registry::Change& claimed) {
                                      addMark(claimed.transaction, connection_.name, link.changeRequest,
                                              {changeMark(change.id), "", claimed.now});
                                    }};
  std::string comment = fmt::format("{} ({}, {})", link.ticket.key, connection_.name, event);
  std::string_view role = meaning.starts_with("approve:") ? meaning.substr(8) : "";
  bool rejects = meaning == "reject";
  try {
    std::string delegator = store_.read([&](db::Transaction& transaction) {
      return governance::impliedDelegator(transaction, request, identity, role, rejects);
    });
    if (rejects)
      gate_.reject(request.id, identity, comment, seen, &channel, delegator);
    else
      gate_.approve(request.id, identity, comment, role, seen, &channel, delegator);
  } catch (const ConnectorError&) {
    throw;
  } catch (const Error& failure) {
    if (failure.code == Code::unavailable || failure.code == Code::internal) throw;
    // It may be recorded although the move that it allows did not come about.
    bool given = store_.read([&](db::Transaction& transaction) {
      auto approvals = governance::approvalsOf(transaction, request.id);
      auto theirs = std::ranges::find(approvals, identity.actor.name, &governance::Approval::actor);
      return theirs != approvals.end() && theirs->comment == comment;
    });
    if (!given) return failure.message;
  }
  return {};
}

void Exchange::recordRefusal(const Link& link, const TicketChange& change, std::string_view user,
                             std::string_view why) {
  registry::Actor actor = user.empty() ? connectActor : registry::Actor::user(user);
  store_.change(actor, [&](registry::Change& recorded) {
    ChangeRequest request = governance::getChangeRequest(recorded.transaction, link.changeRequest);
    setMark(recorded.transaction, connection_.name, request.id,
            {changeMark(change.id), std::string(why), recorded.now});
    recorded.record(registry::Action::accessRefused, request.key.workspace, request.subject(),
                    {{"account", change.author.id},
                     {"reason", shorten(why, 1000)},
                     {"via", viaOf(connection_, link, fmt::format("change {}", change.id))}});
  });
}

void Exchange::describe(Link& link, const ChangeRequest& request, bool altered) {
  connector_.describe(link.ticket, draft(request));
  std::optional<TicketState> state = connector_.look(link.ticket);
  if (!state) return;
  // Reviews under way stay valid while the question is the same: another approval or a check that is met since.
  governance::Approval shown;
  shown.decision = link.shownDecision;
  bool same = !altered && !link.shownDecision.empty() && !store_.read([&](db::Transaction& transaction) {
    return governance::hasLapsed(transaction, request, shown);
  });
  store_.change(connectActor, [&](registry::Change& change) {
    noteShown(change, connection_, request, link, request.decision, same ? link.shownAt : state->changedAt);
  });
}

void Exchange::post(const Link& link, const ChangeRequest& request, const Ticketed& read) {
  std::vector<Message> messages = store_.read([&](db::Transaction& transaction) {
    return messagesOf(transaction, request, marksOf(transaction, connection_.name, request.id));
  });
  for (const Message& message : messages) {
    std::string sign = signOf(request, message.mark);
    bool posted = std::ranges::any_of(read.comments, [&](const TicketComment& comment) {
      return comment.author.id == connector_.self().id && trim(comment.text).ends_with(sign);
    });
    if (!posted) connector_.comment(link.ticket, message.text);
    note(request.id, message.mark);
  }
}

void Exchange::moveTicket(Link& link, const ChangeRequest& request, const TicketState& state) {
  std::string wanted;
  if (request.status == RequestStatus::open) {
    // For the next reviewer; a status of the team's own in between is theirs.
    bool reviewed = false;
    for (const auto& [meaning, value] : connection_.statuses)
      reviewed = reviewed ||
                 ((meaning.starts_with("approve") || meaning == "reject") && equalsIgnoreCase(value, state.status));
    if (!reviewed && hasMark(marks(request.id), openedMark)) return;
    wanted = connection_.statusOf("open");
  } else {
    wanted = connection_.statusOf(governance::statusName(request.status));
    if (wanted.empty() && request.status == RequestStatus::rejected) wanted = connection_.statusOf("reject");
  }
  if (!wanted.empty() && !equalsIgnoreCase(wanted, state.status) && !connector_.moveTo(link.ticket, wanted))
    link.problem =
        fmt::format("the workflow has no transition from '{}' to '{}' for the token's user", state.status, wanted);
  if (request.status == RequestStatus::open) note(request.id, std::string(openedMark));
}

}  // namespace regesta::connect
