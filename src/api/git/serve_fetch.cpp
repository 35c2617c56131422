#include "api/git/serve_fetch.h"

#include "api/git/pkt_line.h"
#include "base/error.h"

namespace regesta::api::git {
namespace {

using regesta::git::Id;
using regesta::git::Objects;
using regesta::git::Type;

/// A client may ask for what was advertised, or what has moved on since: what a ref reaches.
void checkWants(const Objects& objects, const gitremote::RepositoryState& state, const FetchRequest& request) {
  std::unordered_set<Id> tips;
  for (const auto& [name, ref] : state.refs) {
    tips.insert(ref.target);
    if (!ref.peeled.isNone()) tips.insert(ref.peeled);
  }
  for (const Id& want : request.wants) {
    if (tips.contains(want)) continue;
    bool reached = false;
    if (objects.typeOf(want) == Type::commit)
      for (const auto& [name, ref] : state.refs) {
        Id tip = ref.peeled.isNone() ? ref.target : ref.peeled;
        if ((reached = regesta::git::isAncestor(objects, want, tip))) break;
      }
    if (!reached) throw error(Code::invalid, "upload-pack: not our ref {}", want.str());
  }
}

std::vector<Id> commitsOf(const Objects& objects, const std::vector<Id>& wants) {
  std::vector<Id> commits;
  for (const Id& want : wants)
    if (auto commit = objects.peel(want)) commits.push_back(*commit);
  return commits;
}

/// Says where the history that the client gets ends, and what no longer ends there.
void cutHistory(const Objects& objects, const FetchRequest& request, Negotiation& result) {
  regesta::git::Depth cut = regesta::git::atDepth(objects, commitsOf(objects, request.wants), request.depth);
  for (const Id& edge : cut.edge)
    if (!request.shallow.contains(edge)) appendPkt(result.answer, fmt::format("shallow {}", edge.str()));
  for (const Id& old : request.shallow) {
    if (cut.edge.contains(old) || !cut.inside.contains(old)) continue;
    appendPkt(result.answer, fmt::format("unshallow {}", old.str()));
    // The client has this commit and lacks its parents, which it gets now.
    if (objects.typeOf(old) == Type::commit)
      for (const Id& parent : objects.commit(old).parents) result.need.wants.push_back(parent);
  }
  result.answer += flushPkt;
  result.need.shallow = std::move(cut.edge);
}

}  // namespace

Negotiation negotiate(const Objects& objects, const gitremote::RepositoryState& state, const FetchRequest& request) {
  checkWants(objects, state, request);
  Negotiation result;
  result.need.wants = request.wants;
  result.need.boundary = request.shallow;
  if (request.depth > 0) cutHistory(objects, request, result);
  std::string last;
  for (const Id& have : request.haves) {
    if (objects.typeOf(have) != Type::commit) continue;
    result.need.haves.push_back(have);
    bool first = last.empty();
    last = have.str();
    if (request.detailed)
      appendPkt(result.answer, fmt::format("ACK {} common\n", last));
    else if (first && !request.done)
      appendPkt(result.answer, fmt::format("ACK {}\n", last));
  }
  if (!request.done) {
    if (request.negotiates && (request.detailed || last.empty())) appendPkt(result.answer, "NAK\n");
    return result;
  }
  appendPkt(result.answer, last.empty() ? "NAK\n" : fmt::format("ACK {}\n", last));
  result.sendsPack = true;
  if (request.includeTag) {
    // Send annotated tags of the objects that are sent, so that the client does not ask again.
    for (const auto& [name, ref] : state.refs)
      if (!ref.peeled.isNone()) result.need.tags.emplace_back(ref.target, ref.peeled);
  }
  return result;
}

}  // namespace regesta::api::git
