#pragma once
#include "api/native/common.h"
#include "delivery/resolve.h"

namespace regesta::api::native {

struct PromptPath {
  std::string name, selector;
  static constexpr Field fields[] = {field<&PromptPath::name>("name", required),
                                     field<&PromptPath::selector>("selector", required)};
};
struct PromptQuery {
  std::string name, alias, key, context;
  static constexpr Field fields[] = {
      field<&PromptQuery::name>("name", required),
      field<&PromptQuery::alias>("alias", about("an alias or any other selector; default: production")),
      field<&PromptQuery::key>("key", about("targeting key of the caller; decides in a rollout")),
      field<&PromptQuery::context>("context", about("a JSON object that segments look at"))};
};

struct SnapshotQuery {
  std::string name, selector;
  static constexpr std::string_view documentation = "The agent reads it once and then follows `GET /api/v1/changes`.";
  static constexpr Field fields[] = {
      field<&SnapshotQuery::name>("name", required),
      field<&SnapshotQuery::selector>("selector", about("an alias or any other selector; default: production"))};
};

/// The query of …/resolve, parsed by hand because it is a hot route. Throws Invalid for an unknown member.
struct ResolveQuestion {
  std::string selector = "production";
  rollout::EvaluationContext context;
};
ResolveQuestion resolveQuestion(const http::Request& request);
/// The bytes with ETag and Cache-Control; 304 if the client has them.
http::Response sendRendered(const http::Request& request, const delivery::Rendered& rendered, bool fixed);

/// Everything needed to resolve the selector without this server (delivery/snapshot.h).
Plain promptSnapshot(Call& call, const SnapshotQuery& query);
/// By number or exact SemVer the response is immutable for caches; by other selectors it is not.
Plain getPromptVersion(Call& call, const PromptPath& path);
/// With an ETag over the content; 304 if the client has it.
Plain resolvePrompt(Call& call, const PromptQuery& query);
/// The same two as hot routes with cached bytes.
http::Response sendPromptVersion(Core& core, const http::Request& request);
http::Response sendResolvedPrompt(Core& core, const http::Request& request);

}  // namespace regesta::api::native
