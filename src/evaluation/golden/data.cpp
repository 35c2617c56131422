#include "base/error.h"
#include "base/limits_golden.h"
#include "base/text.h"
#include "evaluation/golden/golden.h"
#include "registry/author.h"
#include "registry/pointer.h"

namespace regesta::evaluation::golden {
namespace {

std::string fileOf(db::Transaction& transaction, const registry::Version& version, const std::string& wanted) {
  std::vector<std::string> paths;
  std::string only;
  for (const registry::VersionFile& file : registry::versionFiles(transaction, version)) {
    if (file.path == wanted) return file.digest;
    if (file.path.ends_with(".jsonl")) {
      paths.push_back(file.path);
      only = file.digest;
    }
  }
  if (wanted.empty() && paths.size() == 1) return only;
  throw Invalid("file", fmt::format("must be a file of JSON Lines of {}: {}", version.subject(),
                                    paths.empty() ? "it has none" : shorten(join(paths, ", "), 300)));
}

json::object rowOf(std::string_view line, std::size_t number) {
  json::value value;
  try {
    value = parseJson(line);
  } catch (const Error& fault) {
    throw Invalid("dataset", fmt::format("line {}: {}", number, fault.message));
  }
  const json::object* row = value.if_object();
  if (!row || !row->contains("inputs") || !row->contains("expected"))
    throw Invalid("dataset", fmt::format("line {} must be an object with \"inputs\" and \"expected\"", number));
  json::object kept;
  for (const char* name : {"inputs", "expected", "parameters", "seed"})
    if (row->contains(name)) kept[name] = row->at(name);
  return kept;
}

}  // namespace

GoldenData readGolden(registry::Store& store, blob::BlobStore& blobs, const registry::GoldenRule& rule) {
  GoldenData data;
  std::string digest;
  store.read([&](db::Transaction& transaction) {
    auto asset = registry::findAssetById(transaction, rule.dataset);
    if (!asset) throw error(Code::notFound, "the dataset of the golden rule '{}' was deleted", rule.name);
    registry::Version version = registry::resolveVersion(transaction, asset->key, rule.selector);
    data.dataset = version.subject();
    data.name = asset->key.name;
    data.digest = version.digest;
    data.by = registry::authorsOf(transaction, version);
    if (auto alias = registry::findAlias(transaction, *asset, rule.selector)) data.by.insert(alias->movedBy);
    digest = fileOf(transaction, version, rule.file);
  });
  std::string text = blob::get(blobs, digest, limits::goldenBytes);
  std::size_t number = 0;
  for (std::string_view line : split(text, '\n')) {
    ++number;
    if (trim(line).empty()) continue;
    if (data.rows.size() == limits::goldenRows)
      throw error(Code::tooLarge, "{} has more than {} rows", data.dataset, limits::goldenRows);
    data.rows.push_back(rowOf(line, number));
  }
  if (data.rows.empty()) throw Invalid("dataset", "must have at least one row");
  return data;
}

}  // namespace regesta::evaluation::golden
