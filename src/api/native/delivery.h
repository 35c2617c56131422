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
      field<&PromptQuery::key>("key", about("who asks; decides in a rollout")),
      field<&PromptQuery::context>("context", about("a JSON object that segments look at"))};
};

struct SnapshotQuery {
  std::string name, selector;
  static constexpr Field fields[] = {
      field<&SnapshotQuery::name>("name", required),
      field<&SnapshotQuery::selector>("selector", about("an alias or any other selector; default: production"))};
};

/// The query of …/resolve, which is a hot route and read by hand. Throws Invalid for a member that is unknown.
struct ResolveQuestion {
  std::string selector = "production";
  delivery::Asker asker;
};
ResolveQuestion resolveQuestion(const http::Request& request);
/// The bytes with their ETag and what caches may do with them; 304 when the client has them already.
http::Response sendRendered(const http::Request& request, const delivery::Rendered& rendered, bool fixed);

/// All that is needed to answer for the selector without this server (delivery/snapshot.h).
Plain promptSnapshot(Call& call, const SnapshotQuery& query);
/// By number or exact SemVer the answer is immutable and says so to caches; other selectors are not.
Plain getPromptVersion(Call& call, const PromptPath& path);
/// With an ETag over what is delivered; 304 when the client has it.
Plain resolvePrompt(Call& call, const PromptQuery& query);
/// The same two as hot routes: bytes that are ready.
http::Response sendPromptVersion(Core& core, const http::Request& request);
http::Response sendResolvedPrompt(Core& core, const http::Request& request);

}  // namespace regesta::api::native
