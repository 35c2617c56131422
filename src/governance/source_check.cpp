#include "governance/source_check.h"

#include <vector>

#include "base/error.h"
#include "registry/reference.h"

namespace regesta::governance {

namespace {

struct Located {
  std::int64_t row = 0;
  std::string workspace, subject, folder;
};

/// Versions whose files are in the artifact tree.
std::vector<Located> locatedVersions(db::Transaction& transaction) {
  std::vector<Located> versions;
  auto rows = transaction.query(
      "SELECT v.id, a.workspace, a.kind, a.name, v.number, v.storage FROM version v JOIN asset a ON a.id = v.asset "
      "WHERE v.deleted = 0 AND v.storage LIKE 'mlflow-artifacts:%' ESCAPE '\\'");
  while (rows.next()) {
    std::optional<std::string> folder;
    try {
      folder = registry::treePath(rows.view(5), rows.view(1));
    } catch (const Error&) {
      folder.reset();  // an altered location, which its row tells
    }
    if (folder && !folder->empty())
      versions.push_back({rows.integer(0), rows.text(1),
                          fmt::format("{}/{}@{}", rows.view(2), rows.view(3), rows.integer(4)), *std::move(folder)});
  }
  return versions;
}

bool hasSeal(db::Transaction& transaction, const Located& version) {
  // A version of one file has that file as its location, and a copy of one file the sealed folder above.
  std::string above = version.folder.substr(0, version.folder.rfind('/'));
  return transaction
      .query("SELECT 1 FROM tree_seal WHERE workspace = $1 AND folder IN ($2, $3)",
             {version.workspace, version.folder, above})
      .next();
}

void checkModels(db::Transaction& transaction, Comparison& found, std::size_t limit) {
  // A prompt may name any logged model; others are made of theirs, and rows of logged models are never deleted.
  auto rows = transaction.query(
      "SELECT a.kind, a.name, v.number, v.model_id FROM version v JOIN asset a ON a.id = v.asset WHERE v.deleted = 0 "
      "AND v.model_id <> '' AND a.kind <> 'prompt' AND NOT EXISTS (SELECT 1 FROM logged_model m WHERE m.model_id = "
      "v.model_id)");
  while (rows.next()) {
    std::string version = fmt::format("{}/{}@{}", rows.view(0), rows.view(1), rows.integer(2));
    found.add({-1, version, fmt::format("{}: its logged-model/{} is missing", version, rows.view(3))}, limit);
  }
}

}  // namespace

void checkSources(db::Transaction& transaction, Comparison& found, std::size_t limit) {
  checkModels(transaction, found, limit);
  for (const Located& version : locatedVersions(transaction)) {
    if (!hasSeal(transaction, version)) continue;
    auto rows = transaction.query(
        "SELECT f.path FROM version_file f WHERE f.version = $1 AND NOT EXISTS (SELECT 1 FROM tree_file t WHERE "
        "t.workspace = $2 AND t.digest = f.digest AND (t.path = $3 OR t.path = $4 || f.path)) LIMIT 1",
        {version.row, version.workspace, version.folder, version.folder + "/"});
    if (rows.next())
      found.add({-1, version.subject,
                 fmt::format("{}: its file '{}' is missing in the sealed folder '{}'", version.subject, rows.view(0),
                             version.folder)},
                limit);
  }
}

}  // namespace regesta::governance
