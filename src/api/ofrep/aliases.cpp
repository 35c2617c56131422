#include "api/ofrep/aliases.h"

#include "base/limits.h"

namespace regesta::api::ofrep {

std::vector<registry::NamedAlias> visibleAliases(Call& call) {
  std::vector<registry::NamedAlias> aliases = call.core.store.read([&](db::Transaction& transaction) {
    return registry::aliasesIn(transaction, call.workspace, registry::Kind::prompt, limits::flags + 1);
  });
  if (aliases.size() > limits::flags)
    throw error(Code::tooLarge, "the prompts of workspace '{}' have more than {} aliases; evaluate them one by one",
                call.workspace, limits::flags);
  std::erase_if(aliases, [&](const registry::NamedAlias& alias) {
    return !call.identity->may(access::Verb::read, call.workspace, alias.asset);
  });
  return aliases;
}

}  // namespace regesta::api::ofrep
