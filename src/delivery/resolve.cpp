#include "delivery/resolve.h"

#include "base/text.h"
#include "registry/pointer.h"

namespace regesta::delivery {

Resolver::Resolver(registry::Store& store) : store_(store) {}
Resolver::~Resolver() = default;

Resolved Resolver::resolve(std::string_view workspace, std::string_view name, std::string_view selector, const Asker&) {
  return store_.read([&](db::Session& session) {
    registry::AssetKey key{std::string(workspace), registry::Kind::prompt, std::string(name)};
    Resolved resolved;
    resolved.version = std::make_shared<const registry::Version>(registry::resolveVersion(session, key, selector));
    resolved.aliases = registry::aliasesOf(session, *resolved.version);
    resolved.why = fmt::format("'{}' stands on version {}", selector, resolved.version->number);
    return resolved;
  });
}

}  // namespace regesta::delivery
