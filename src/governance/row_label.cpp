#include "governance/row_label.h"

#include <algorithm>

#include "base/text.h"
#include "governance/replay.h"

namespace regesta::governance {

namespace {

using registry::TableClass;

/// The members of a row by name.
class Cells {
 public:
  Cells(const TableClass& table, const db::Rows& rows) : table_(table), rows_(rows) {}
  std::string text(std::string_view name) const {
    auto column = std::ranges::find(table_.columns, name, &registry::Column::name);
    return column == table_.columns.end() ? "" : rows_.text(static_cast<int>(column - table_.columns.begin()));
  }
  std::int64_t number(std::string_view name) const { return parseInteger(text(name)).value_or(0); }

 private:
  const TableClass& table_;
  const db::Rows& rows_;
};

std::string assetName(db::Transaction& transaction, std::int64_t id, std::string_view rest) {
  auto rows = transaction.query("SELECT workspace, kind, name FROM asset WHERE id = $1", {id});
  if (!rows.next()) return {};
  return rowName(rowKey(rows.view(0), fmt::format("{}/{}", rows.view(1), rows.view(2)), rest));
}

std::string versionName(db::Transaction& transaction, std::int64_t id, std::string_view rest) {
  auto rows = transaction.query("SELECT asset, number FROM version WHERE id = $1", {id});
  if (!rows.next()) return {};
  return assetName(transaction, rows.integer(0), fmt::format("@{}{}", rows.integer(1), rest));
}

std::string runName(db::Transaction& transaction, std::int64_t id) {
  auto rows = transaction.query("SELECT workspace, run_id FROM run WHERE id = $1", {id});
  return rows.next() ? rowName(rowKey(rows.view(0), "run/" + rows.text(1), "")) : "";
}

std::string userName(db::Transaction& transaction, std::int64_t id) {
  auto rows = transaction.query("SELECT name FROM user_account WHERE id = $1", {id});
  return rows.next() ? "user/" + rows.text(0) : "";
}

/// Tables whose single key column is the number that their subject ends with.
constexpr std::pair<std::string_view, std::string_view> numbered[] = {{"evidence", "evidence/"},
                                                                      {"change_request", "change-request/"},
                                                                      {"binding", "binding/"},
                                                                      {"webhook", "webhook/"},
                                                                      {"experiment", "experiment/"},
                                                                      {"job", "job/"},
                                                                      {"decision", "decision "},
                                                                      {"legal_hold", "hold/"},
                                                                      {"incident", "incident/"},
                                                                      {"record_batch", "record-batch/"},
                                                                      {"record_subject", "record-subject/"},
                                                                      {"golden_rule", "golden-rule "},
                                                                      {"connection", "connection "}};

}  // namespace

std::string labelOf(db::Transaction& transaction, const TableClass& table, const db::Rows& rows) {
  Cells cells(table, rows);
  std::string_view name = table.table;
  for (const auto& [numberedTable, prefix] : numbered)
    if (name == numberedTable) return std::string(prefix) + cells.text(table.key.front());
  std::string label;
  if (name == "asset")
    label = rowName(rowKey(cells.text("workspace"), cells.text("kind") + "/" + cells.text("name"), ""));
  else if (name == "asset_tag")
    label = assetName(transaction, cells.number("asset"), " " + cells.text("key"));
  else if (name == "version")
    label = assetName(transaction, cells.number("asset"), "@" + cells.text("number"));
  else if (name == "version_tag")
    label = versionName(transaction, cells.number("version"), " " + cells.text("key"));
  else if (name == "version_author")
    label = versionName(transaction, cells.number("version"), " author " + cells.text("actor"));
  else if (name == "prompt_use")
    label = versionName(transaction, cells.number("version"), "");
  else if (name == "alias")
    label = assetName(transaction, cells.number("asset"), "#" + cells.text("name"));
  else if (name == "rollout")
    label = assetName(transaction, cells.number("asset"),
                      fmt::format("#{} rollout {}", cells.text("alias"), cells.text("id")));
  else if (name == "test_suite")
    label = assetName(transaction, cells.number("asset"), "");
  else if (name == "approval")
    label = fmt::format("change-request/{} by {}", cells.text("change_request"), cells.text("actor"));
  else if (name == "change_request_comment")
    label = fmt::format("change-request/{} comment {}", cells.text("change_request"), cells.text("id"));
  else if (name == "user_account")
    label = "user/" + cells.text("name");
  else if (name == "user_link")
    label = userName(transaction, cells.number("user_account"));
  else if (name == "service_token")
    label = "token/" + cells.text("name");
  else if (name == "session")
    label = "session of " + cells.text("actor");
  else if (name == "run")
    label = runName(transaction, cells.number("id"));
  return label.empty() ? fmt::format("{} {}", name, cells.text(table.key.back())) : label;
}

std::string labelOf(db::Transaction& transaction, const TableClass& table, const std::string& key) {
  for (const auto& [numberedTable, prefix] : numbered)
    if (table.table == numberedTable) return std::string(prefix) + key;
  std::size_t bar = key.find('|');
  auto parent = parseInteger(key.substr(0, bar));
  if (table.table == "approval" && bar != std::string::npos)
    return fmt::format("change-request/{} by {}", key.substr(0, bar), key.substr(bar + 1));
  if (!parent) return {};
  if (table.table == "version_file") return versionName(transaction, *parent, "");
  if (table.table == "version_reference") return versionName(transaction, *parent, " references");
  if (table.table == "version_tag") return versionName(transaction, *parent, " " + key.substr(bar + 1));
  if (table.table == "version_author") return versionName(transaction, *parent, " author " + key.substr(bar + 1));
  if (table.table == "user_link") return userName(transaction, *parent);
  return {};
}

}  // namespace regesta::governance
