#include "api/hf/repos.h"

#include "base/text.h"
#include "governance/gate.h"
#include "registry/workspace.h"

namespace regesta::api::hf {
namespace {

using access::Verb;
using governance::Gate;

/// A repository by the members "name" (also "namespace/name"), "organization" and "type" of a body.
Repo namedRepo(const json::object& body) {
  std::string type = memberText(body, "type"), name = memberText(body, "name"),
              workspace = memberText(body, "organization");
  if (std::size_t slash = name.find('/'); slash != std::string::npos) {
    workspace = name.substr(0, slash);
    name = name.substr(slash + 1);
  }
  if (name.empty()) throw Invalid("name", "is required");
  if (workspace.empty()) workspace = registry::defaultWorkspace;
  return {{workspace, kindOfType(type.empty() ? "model" : type), name}};
}

/// As requireRepo() has it for paths: what the caller may not read looks like what is not there.
void requireReach(const Call& call, const Repo& repo, Verb verb) {
  if (!call.identity->may(Verb::read, repo.key.workspace, repo.key.name)) throw repoNotFound(repo);
  call.identity->require(verb, repo.key.workspace, repo.key.name);
}

bool wantsPublic(const json::object& body) {
  const json::value* isPrivate = body.if_contains("private");
  return memberText(body, "visibility") == "public" || (isPrivate && *isPrivate == json::value(false));
}

http::Response urlOf(const Call& call, const Repo& repo, std::string_view fault = {}) {
  http::Response response;
  JsonWriter writer(response.body);
  writer.object().key("url").text(repo.page(call.core, call.http)).key("name").text(repo.id());
  writer.key("id").text(repo.id());
  if (!fault.empty()) writer.key("error").text(fault);
  writer.end();
  return response;
}

/// With the address, because clients that accept an existing repository go on with it.
http::Response existsAlready(const Call& call, const Repo& repo) {
  std::string fault = fmt::format("{} '{}' already exists", repo.type(), repo.id());
  http::Response response = urlOf(call, repo, fault);
  response.status = 409;
  response.headers.set("X-Error-Message", fault);
  return response;
}

}  // namespace

Plain whoami(Call& call, const Empty&) {
  std::string name = call.identity->actor.shortName();
  http::Response response;
  JsonWriter writer(response.body);
  writer.object().key("type").text("user").key("id").text(call.identity->actor.name).key("name").text(name);
  writer.key("fullname").text(name).key("isPro").boolean(false).key("canPay").boolean(false);
  writer.key("orgs").array();
  bool writes = false;
  std::vector<registry::Workspace> workspaces =
      call.core.store.read([](db::Transaction& transaction) { return registry::listWorkspaces(transaction); });
  for (const registry::Workspace& workspace : workspaces) {
    if (!call.identity->may(Verb::read, workspace.name)) continue;
    bool write = call.identity->may(Verb::write, workspace.name);
    writes |= write;
    writer.object().key("type").text("org").key("name").text(workspace.name).key("fullname").text(workspace.name);
    writer.key("roleInOrg").text(write ? "contributor" : "read").end();
  }
  writer.end().key("auth").object().key("type").text("access_token").key("accessToken").object();
  writer.key("displayName").text(name).key("role").text(writes ? "write" : "read").end().end().end();
  return response;
}

http::Response createRepo(Call& call, const json::value& body) {
  Repo repo = namedRepo(objectOf(body));
  call.identity->require(Verb::write, repo.key.workspace, repo.key.name);
  bool made = call.core.store.change(call.actor(), [&](registry::Change& change) {
    if (registry::findAsset(change.transaction, repo.key)) return false;
    // Not "exists", which clients take for success.
    if (repo.key.kind == registry::Kind::model &&
        registry::findRegistered(change.transaction, repo.key.workspace, repo.key.name))
      throw Invalid("name", "is taken by a prompt: models and prompts share one namespace");
    registry::createAsset(change, repo.key, "", {});
    return true;
  });
  return made ? urlOf(call, repo) : existsAlready(call, repo);
}

http::Response deleteRepo(Call& call, const json::value& body) {
  Repo repo = namedRepo(objectOf(body));
  requireReach(call, repo, Verb::write);
  call.core.store.change(call.actor(), [&](registry::Change& change) {
    registry::Asset asset = getRepo(change.transaction, repo);
    registry::deleteAsset(change, asset, Gate::removal(change, *call.identity, asset, Gate::Pointers::remove));
  });
  return jsonResponse("{}");
}

http::Response moveRepo(Call& call, const json::value& body) {
  const json::object& members = objectOf(body);
  std::string type = memberText(members, "type");
  auto named = [&](std::string_view member) {
    return namedRepo({{"name", memberText(members, member)}, {"type", type}});
  };
  Repo from = named("fromRepo"), to = named("toRepo");
  requireReach(call, from, Verb::write);
  if (from.key.workspace != to.key.workspace)
    throw Invalid("toRepo", "must be in the same namespace: assets do not move between workspaces");
  call.identity->require(Verb::write, to.key.workspace, to.key.name);
  call.core.store.read([&](db::Transaction& transaction) { getRepo(transaction, from); });
  call.core.gate.rename(*call.identity, from.key, to.key.name);
  return urlOf(call, to);
}

http::Response changeSettings(Call& call, const Repo& repo, const json::value& body) {
  const json::object& members = objectOf(body);
  call.core.store.read([&](db::Transaction& transaction) { getRepo(transaction, repo); });
  if (wantsPublic(members))
    throw Invalid("private", "cannot be false: who may read a repository is what the roles in its workspace say");
  const json::value* gated = members.if_contains("gated");
  if (gated && !gated->is_null() && *gated != json::value(false))
    throw Invalid("gated", "is not supported: give people the role reader on the repository's name instead");
  return jsonResponse(R"({"private":true,"visibility":"private","gated":false})");
}

http::Response authCheck(Call& call, const Repo& repo, const json::value&) {
  call.core.store.read([&](db::Transaction& transaction) { getRepo(transaction, repo); });
  return jsonResponse("{}");
}

}  // namespace regesta::api::hf
