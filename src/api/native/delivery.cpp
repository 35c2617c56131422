#include "api/native/delivery.h"

#include "api/native/front.h"
#include "api/native/prompts.h"
#include "base/semver.h"
#include "base/text.h"
#include "delivery/snapshot.h"
#include "delivery/target.h"
#include "http/conditional.h"
#include "registry/workspace.h"

namespace regesta::api::native {

namespace {

std::string_view reasonName(rollout::Choice::Reason reason) {
  switch (reason) {
    case rollout::Choice::Reason::split:
      return "split";
    case rollout::Choice::Reason::segment:
      return "segment";
    default:
      return "fixed";
  }
}

std::string renderFixed(const delivery::Resolved& found) { return writeAs(fixedAnswer(*found.composed)); }

std::string renderPromptJson(const delivery::Resolved& found) {
  return writeAs(fullPromptAnswer(*found.composed, found.aliases));
}

std::string renderResolved(const delivery::Resolved& found) {
  PromptAnswer answer = fullPromptAnswer(*found.composed, found.aliases);
  answer.why = found.why;
  answer.reason = reasonName(found.reason);
  if (found.rollout != 0) {
    answer.rollout = found.rollout;
    answer.variant = found.variant;
  }
  return writeAs(answer);
}

// A version by number may be cached for ever. What an alias points to is revalidated, and served stale if the server
// is unreachable.
constexpr std::string_view immutable = "private, max-age=31536000, immutable";
constexpr std::string_view changing = "private, max-age=0, stale-if-error=86400";

/// Who reads prompts here, found out without the work that other routes can afford.
std::string_view enter(Core& core, const http::Request& request) {
  auto identity = identify(core, request, request.headers.get("Authorization"));
  std::string_view workspace = registry::defaultWorkspace;
  if (auto named = request.headers.get(dialect().workspaceHeader); named && !named->empty()) workspace = *named;
  identity->require(access::Verb::read, workspace, request.variable("name"));
  return workspace;
}

bool isFixed(std::string_view selector) {
  return parseInteger(selector).has_value() || SemVer::parse(selector).has_value();
}

}  // namespace

http::Response sendRendered(const http::Request& request, const delivery::Rendered& rendered, bool fixed) {
  http::Response response;
  response.headers.add("ETag", rendered.etag);
  response.headers.add("Cache-Control", std::string(fixed ? immutable : changing));
  auto known = request.headers.get("If-None-Match");
  if (known && http::etagMatches(*known, rendered.etag, true))
    response.status = 304;
  else
    response.body = rendered.body;
  return response;
}

ResolveQuestion resolveQuestion(const http::Request& request) {
  ResolveQuestion question;
  for (auto& [name, value] : http::parseQuery(request.query)) {
    if (name == "alias") {
      if (!value.empty()) question.selector = std::move(value);
    } else if (name == "key") {
      question.context.key = std::move(value);
    } else if (name == "context") {
      if (value.empty()) continue;
      json::value attributes = parseJson(value);
      if (!attributes.is_object()) throw Invalid("context", "must be a JSON object");
      question.context.attributes = std::move(attributes.get_object());
    } else {
      throw Invalid(shorten(name, 100), "is unknown here; known are alias, key and context");
    }
  }
  return question;
}

Plain getPromptVersion(Call& call, const PromptPath&) { return sendPromptVersion(call.core, call.http); }

Plain resolvePrompt(Call& call, const PromptQuery&) { return sendResolvedPrompt(call.core, call.http); }

Plain promptSnapshot(Call& call, const SnapshotQuery& query) {
  call.require(access::Verb::read, query.name);
  std::string selector = query.selector.empty() ? "production" : query.selector;
  auto target = call.core.prompts.target(call.workspace, query.name, selector);
  delivery::Snapshot snapshot{.prompt = query.name, .selector = selector};
  snapshot.fixed = isFixed(selector);
  snapshot.bucket = target->bucket();
  if (target->chooser()) snapshot.rollout = target->chooser()->rollout();
  for (const auto& served : target->answers()) snapshot.resolved.push_back(served->view(renderResolved));
  const delivery::Served& keyless = *target->serve({});
  snapshot.version = keyless.view(snapshot.fixed ? renderFixed : renderPromptJson);
  Plain response;
  response.body = delivery::writeSnapshot(snapshot);
  response.headers.set("Cache-Control", "no-store");
  return response;
}

http::Response sendPromptVersion(Core& core, const http::Request& request) {
  std::string_view workspace = enter(core, request), selector = request.variable("selector");
  auto served = core.prompts.serve(workspace, request.variable("name"), selector, {});
  bool fixed = isFixed(selector);
  return sendRendered(request, served->view(fixed ? renderFixed : renderPromptJson), fixed);
}

http::Response sendResolvedPrompt(Core& core, const http::Request& request) {
  std::string_view workspace = enter(core, request);
  ResolveQuestion question = resolveQuestion(request);
  auto served = core.prompts.serve(workspace, request.variable("name"), question.selector, question.context);
  return sendRendered(request, served->view(renderResolved), false);
}

}  // namespace regesta::api::native
