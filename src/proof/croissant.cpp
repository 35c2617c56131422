// Croissant 1.0: https://docs.mlcommons.org/croissant/docs/croissant-spec-1.0.html
#include "proof/croissant.h"

#include <cctype>
#include <utility>

#include "base/text.h"
#include "base/time.h"

namespace regesta::proof {
namespace {

/// The context of the specification, word for word: readers compare it.
json::object context() {
  json::object terms{{"@language", "en"},
                     {"@vocab", "https://schema.org/"},
                     {"conformsTo", "dct:conformsTo"},
                     {"cr", "http://mlcommons.org/croissant/"},
                     {"data", json::object{{"@id", "cr:data"}, {"@type", "@json"}}},
                     {"dataType", json::object{{"@id", "cr:dataType"}, {"@type", "@vocab"}}},
                     {"dct", "http://purl.org/dc/terms/"},
                     {"examples", json::object{{"@id", "cr:examples"}, {"@type", "@json"}}},
                     {"rai", "http://mlcommons.org/croissant/RAI/"},
                     {"sc", "https://schema.org/"}};
  for (std::string_view name : {"citeAs",       "equivalentProperty",
                                "samplingRate", "column",
                                "extract",      "field",
                                "fileProperty", "fileObject",
                                "fileSet",      "format",
                                "includes",     "isLiveDataset",
                                "jsonPath",     "key",
                                "md5",          "parentField",
                                "path",         "recordSet",
                                "references",   "regex",
                                "repeated",     "replace",
                                "separator",    "source",
                                "subField",     "transform"})
    terms[name] = fmt::format("cr:{}", name);
  return terms;
}

std::string_view encodingOf(std::string_view path) {
  constexpr std::pair<std::string_view, std::string_view> encodings[] = {{".csv", "text/csv"},
                                                                         {".tsv", "text/tab-separated-values"},
                                                                         {".parquet", "application/x-parquet"},
                                                                         {".json", "application/json"},
                                                                         {".jsonl", "application/jsonlines"},
                                                                         {".txt", "text/plain"},
                                                                         {".zip", "application/zip"},
                                                                         {".tar", "application/x-tar"},
                                                                         {".gz", "application/gzip"},
                                                                         {".png", "image/png"},
                                                                         {".jpg", "image/jpeg"},
                                                                         {".md", "text/markdown"}};
  std::string name = lower(path);
  for (const auto& [ending, encoding] : encodings)
    if (name.ends_with(ending)) return encoding;
  return "application/octet-stream";
}

/// An @id of a path or column: readers refuse white space in it, also if it is percent-encoded. Other characters than
/// letters, digits and "._/-" are written as "~" and their hexadecimal code, so that different names stay different.
std::string idOf(std::string_view name) {
  std::string id;
  for (unsigned char c : name)
    if (std::isalnum(c) || c == '.' || c == '_' || c == '/' || c == '-')
      id += static_cast<char>(c);
    else
      id += fmt::format("~{:02x}", c);
  return id;
}

/// schema.org takes a name or an address.
std::string licenseOf(const License& license) {
  if (!license.id.empty()) return fmt::format("https://spdx.org/licenses/{}.html", license.id);
  return license.expression + license.name;
}

json::object recordSetOf(const CroissantTable& table) {
  std::string id = "table/" + idOf(table.path);
  json::array fields;
  for (const CroissantColumn& column : table.columns)
    fields.push_back(json::object{{"@type", "cr:Field"},
                                  {"@id", fmt::format("{}/{}", id, idOf(column.name))},
                                  {"name", column.name},
                                  {"dataType", column.type},
                                  {"source", json::object{{"fileObject", json::object{{"@id", idOf(table.path)}}},
                                                          {"extract", json::object{{"column", column.name}}}}}});
  return {{"@type", "cr:RecordSet"}, {"@id", id}, {"name", table.path}, {"field", std::move(fields)}};
}

}  // namespace

json::object croissant(const Bom& bom, const std::vector<CroissantTable>& tables) {
  const registry::Version& version = bom.version;
  const std::string& name = version.asset.key.name;
  json::array distribution, recordSets, licenses;
  for (const registry::VersionFile& file : bom.files)
    distribution.push_back(json::object{{"@type", "cr:FileObject"},
                                        {"@id", idOf(file.path)},
                                        {"name", file.path},
                                        {"contentUrl", bom.contentLink(file.path)},
                                        {"contentSize", fmt::format("{} B", file.size)},
                                        {"encodingFormat", encodingOf(file.path)},
                                        {"sha256", file.digest}});
  for (const CroissantTable& table : tables) recordSets.push_back(recordSetOf(table));
  for (const License& license : bom.licenses) licenses.emplace_back(licenseOf(license));

  json::object document{{"@context", context()},
                        {"@type", "sc:Dataset"},
                        {"conformsTo", "http://mlcommons.org/croissant/1.0"},
                        {"name", name},
                        {"description", version.description.empty() ? bom.uri() : version.description},
                        {"url", bom.link()},
                        {"creator", json::object{{"@type", "sc:Person"}, {"name", version.createdBy}}},
                        {"datePublished", formatTime(version.createdAt)},
                        {"version", version.semver.empty() ? fmt::format("{}.0.0", version.number) : version.semver},
                        {"identifier", "sha256:" + version.digest},
                        {"distribution", std::move(distribution)}};
  if (!licenses.empty()) document["license"] = std::move(licenses);
  if (!recordSets.empty()) document["recordSet"] = std::move(recordSets);
  return document;
}

}  // namespace regesta::proof
