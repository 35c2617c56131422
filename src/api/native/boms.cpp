#include "api/native/boms.h"

#include <memory>
#include <optional>
#include <span>

#include "api/tracking_scope.h"
#include "base/text.h"
#include "evaluation/data_table.h"
#include "governance/evidence.h"
#include "proof/bom.h"
#include "proof/croissant.h"

namespace regesta::api::native {
namespace {

constexpr std::size_t tablesAtMost = 50;
constexpr std::int64_t wholeTable = 1024 * 1024;  ///< of a larger one, only the header is read
constexpr std::size_t headerLength = 64 * 1024;

std::string_view typeName(evaluation::TableColumn::Type type) {
  using Type = evaluation::TableColumn::Type;
  return type == Type::integer   ? "sc:Integer"
         : type == Type::real    ? "sc:Float"
         : type == Type::boolean ? "sc:Boolean"
                                 : "sc:Text";
}

/// Nothing for a file that is not CSV, whatever its name says.
std::optional<proof::CroissantTable> tableOf(blob::BlobStore& blobs, const registry::VersionFile& file) {
  bool complete = file.size <= wholeTable;
  std::unique_ptr<blob::Reader> reader = blobs.open(file.digest);
  if (!reader) return std::nullopt;
  std::string bytes(complete ? static_cast<std::size_t>(file.size) : headerLength, '\0');
  std::size_t filled = 0;
  while (filled < bytes.size()) {
    std::size_t count = reader->read(filled, std::span(bytes).subspan(filled));
    if (count == 0) break;
    filled += count;
  }
  bytes.resize(filled);
  if (!isUtf8(complete ? bytes : bytes.substr(0, bytes.find('\n')))) return std::nullopt;
  try {
    proof::CroissantTable table{file.path, {}};
    for (const evaluation::TableColumn& column : evaluation::readColumns(bytes, file.path, complete))
      table.columns.push_back({column.name, typeName(column.type)});
    return table;
  } catch (const Error& fault) {
    if (fault.code != Code::invalid) throw;
    return std::nullopt;
  }
}

}  // namespace

Plain getBom(Call& call, const BomQuery& query) {
  registry::AssetKey key = readable(call, query.kind, query.name);
  bool asSpdx = query.format == "spdx";
  return call.core.store.read([&](db::Transaction& transaction) {
    registry::Version version = registry::resolveVersion(transaction, key, query.selector);
    proof::Bom bom =
        proof::gatherBom(transaction, scopeOf(call, transaction), version, governance::evidenceOn(transaction, version),
                         call.core.publicUrl, call.core.version);
    Plain answer;
    answer.contentType = asSpdx ? "application/spdx+json" : "application/vnd.cyclonedx+json; version=1.6";
    answer.body = canonicalJson(asSpdx ? proof::spdx(bom) : proof::cycloneDx(bom)) + "\n";
    return answer;
  });
}

Plain getCroissant(Call& call, const CroissantQuery& query) {
  registry::AssetKey key = readable(call, query.kind, query.name);
  if (key.kind != registry::Kind::dataset) throw Invalid("kind", "must be dataset: Croissant describes datasets");
  proof::Bom bom = call.core.store.read([&](db::Transaction& transaction) {
    registry::Version version = registry::resolveVersion(transaction, key, query.selector);
    return proof::gatherContent(transaction, scopeOf(call, transaction), version,
                                governance::evidenceOn(transaction, version), call.core.publicUrl, call.core.version);
  });
  std::vector<proof::CroissantTable> tables;
  for (const registry::VersionFile& file : bom.files) {
    if (tables.size() == tablesAtMost) break;
    if (!lower(file.path).ends_with(".csv")) continue;
    if (auto table = tableOf(call.core.blobs, file)) tables.push_back(*std::move(table));
  }
  Plain answer;
  answer.contentType = "application/ld+json; profile=\"http://mlcommons.org/croissant/1.0\"";
  answer.body = canonicalJson(proof::croissant(bom, tables)) + "\n";
  return answer;
}

}  // namespace regesta::api::native
