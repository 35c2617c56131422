#include "api/xet/usable.h"

#include "access/access.h"

namespace regesta::api::xet {
namespace {

using registry::Xorb;

bool isUsable(const Call& call, db::Transaction& transaction, const Xorb& xorb) {
  if (xorb.actor == call.scope().actor) return xorb.uploaded || call.mayRead(transaction, xorb.digest);
  // Of another user of the workspace: only what became part of a file, and for those who may read every file.
  bool ofAFile = xorb.uploaded && xorb.openBytes < xorb.bytes;
  return ofAFile && call.caller->identity()->may(access::Verb::read, call.workspace(), "*");
}

}  // namespace

UsableXorb usableXorb(const Call& call, const std::string& hash) {
  std::vector<Xorb> usable = call.core.store.read([&](db::Transaction& transaction) {
    std::vector<Xorb> found = registry::findXorbs(transaction, call.workspace(), hash);
    std::erase_if(found, [&](const Xorb& xorb) { return !isUsable(call, transaction, xorb); });
    return found;
  });
  for (Xorb& xorb : usable)
    if (auto object = call.packs().index().find(xorb.digest))
      return {std::move(xorb), blob::ObjectChunks(call.packs(), *std::move(object))};
  throw error(Code::notFound,
              "{} has not uploaded the xorb {} to workspace '{}', and no file that they may read has it: delete the "
              "client's cache (HF_XET_CACHE) and upload again",
              call.scope().actor, hash, call.workspace());
}

}  // namespace regesta::api::xet
