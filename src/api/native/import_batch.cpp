#include "api/native/import_batch.h"

#include "base/text.h"
#include "governance/gate.h"

namespace regesta::api::native {

void requireImporter(const Call& call) { call.require(access::Verb::administer, "*"); }

tracking::Texts textsOf(const TextMap& map) { return {map.begin(), map.end()}; }

ImportBatch::ImportBatch(Call& call, std::string_view source, std::string_view kind)
    : call_(call), source_(source), kind_(kind) {
  registry::checkImportSource(source);
  requireImporter(call);
}

bool ImportBatch::isRefusal(const Error& fault) {
  switch (fault.code) {
    case Code::invalid:
    case Code::refused:
    case Code::notFound:
    case Code::exists:
    case Code::invalidState:
    case Code::tooLarge:
    case Code::unsupported:
      return true;
    default:
      return false;
  }
}

void ImportBatch::put(registry::Change& change, std::string id, std::string target, std::string digest) const {
  registry::putImportItem(change, call_.workspace, source_,
                          {kind_, std::move(id), std::move(target), std::move(digest)});
}

std::int64_t ImportBatch::experimentOf(db::Transaction& transaction, std::string_view id) const {
  auto item = registry::findImportItem(transaction, call_.workspace, source_, "experiment", id);
  if (!item) throw error(Code::notFound, "experiment {} of the source was not imported", id);
  return parseInteger(item->target).value_or(-1);
}

tracking::Remover ImportBatch::remover(registry::Change& change) const {
  return [this, &change](std::string_view node) {
    return governance::Gate::removal(change, *call_.identity, call_.workspace, node);
  };
}

}  // namespace regesta::api::native
