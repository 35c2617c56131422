#include "gateway/item.h"

#include "base/error.h"
#include "base/id.h"
#include "base/limits_gateway.h"
#include "base/text.h"
#include "db/columns.h"

namespace regesta::gateway {
namespace {

constexpr std::string_view columns =
    "id, workspace, kind, item_id, name, body, sealed, created_by, updated_by, created_at, updated_at";

Item readItem(const db::Rows& rows) {
  constexpr db::Columns at(columns);
  return {.row = rows.integer(at["id"]),
          .workspace = rows.text(at["workspace"]),
          .kind = rows.text(at["kind"]),
          .id = rows.text(at["item_id"]),
          .name = rows.text(at["name"]),
          .body = parseJson(rows.view(at["body"])).as_object(),
          .sealed = rows.text(at["sealed"]),
          .stamp = {.createdBy = rows.text(at["created_by"]),
                    .updatedBy = rows.text(at["updated_by"]),
                    .createdAt = rows.integer(at["created_at"]),
                    .updatedAt = rows.integer(at["updated_at"])}};
}

std::optional<Item> findBy(db::Transaction& transaction, std::string_view column, std::string_view workspace,
                           const Kind& kind, std::string_view value) {
  db::Rows rows = transaction.query(
      fmt::format("SELECT {} FROM gateway_item WHERE workspace = $1 AND kind = $2 AND {} = $3", columns, column),
      {workspace, kind.name, value});
  return rows.next() ? std::optional(readItem(rows)) : std::nullopt;
}

Item orMissing(std::optional<Item> found, const Kind& kind, std::string_view field, std::string_view value) {
  if (!found) throw error(Code::notFound, "{} not found ({}='{}')", kind.noun, field, shorten(value, 200));
  return *std::move(found);
}

void checkText(std::string_view field, std::string_view text) {
  if (text.size() > limits::gatewayText)
    throw Invalid(std::string(field), fmt::format("must have at most {} bytes", limits::gatewayText));
}

std::string checkedBody(const Item& item) {
  checkText("name", item.name);
  checkText("created_by", item.stamp.createdBy);
  checkText("updated_by", item.stamp.updatedBy);
  std::string body = writeJson(item.body);
  if (body.size() > limits::gatewayBody || item.sealed.size() > 2 * limits::gatewayBody)
    throw error(Code::tooLarge, "the configuration of one {} may take at most {} bytes", item.kind,
                limits::gatewayBody);
  return body;
}

void record(registry::Change& change, registry::Action action, const Item& item) {
  change.record(action, item.workspace, fmt::format("gateway-{}/{}", item.kind, item.id), {{"name", item.name}});
}

}  // namespace

std::string newId(const Kind& kind) { return fmt::format("{}{}", kind.prefix, randomHex(16)); }

void insertItem(registry::Change& change, Item& item) {
  std::string body = checkedBody(item);
  db::Rows count = change.transaction.query("SELECT count(*) FROM gateway_item WHERE workspace = $1 AND kind = $2",
                                            {item.workspace, item.kind});
  count.next();
  if (count.integer(0) >= limits::gatewayItems)
    throw error(Code::invalid, "the workspace has {} gateway {}s, which is the most; delete some first",
                limits::gatewayItems, item.kind);
  item.stamp.createdAt = item.stamp.updatedAt = change.now;
  item.row = change.transaction.insert(
      "INSERT INTO gateway_item (workspace, kind, item_id, name, body, sealed, created_by, updated_by, created_at, "
      "updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) RETURNING id",
      {item.workspace, item.kind, item.id, item.name, body, item.sealed, item.stamp.createdBy, item.stamp.updatedBy,
       item.stamp.createdAt, item.stamp.updatedAt});
  record(change, registry::Action::connectionSet, item);
}

void updateItem(registry::Change& change, Item& item) {
  std::string body = checkedBody(item);
  item.stamp.updatedAt = change.now;
  change.transaction.run(
      "UPDATE gateway_item SET name = $2, body = $3, sealed = $4, updated_by = $5, updated_at = $6 WHERE id = $1",
      {item.row, item.name, body, item.sealed, item.stamp.updatedBy, item.stamp.updatedAt});
  record(change, registry::Action::connectionSet, item);
}

void removeItem(registry::Change& change, const Item& item) {
  change.transaction.run("DELETE FROM gateway_item WHERE id = $1", {item.row});
  record(change, registry::Action::connectionDeleted, item);
}

std::optional<Item> findItem(db::Transaction& transaction, std::string_view workspace, const Kind& kind,
                             std::string_view id) {
  return findBy(transaction, "item_id", workspace, kind, id);
}

std::optional<Item> findNamed(db::Transaction& transaction, std::string_view workspace, const Kind& kind,
                              std::string_view name) {
  return findBy(transaction, "name", workspace, kind, name);
}

Item getItem(db::Transaction& transaction, std::string_view workspace, const Kind& kind, std::string_view id) {
  return orMissing(findItem(transaction, workspace, kind, id), kind, kind.idField, id);
}

Item getNamed(db::Transaction& transaction, std::string_view workspace, const Kind& kind, std::string_view name) {
  std::string_view field = kind.name == secrets.name ? "secret_name" : "name";
  return orMissing(findNamed(transaction, workspace, kind, name), kind, field, name);
}

std::vector<Item> listItems(db::Transaction& transaction, std::string_view workspace, const Kind& kind) {
  db::Rows rows = transaction.query(
      fmt::format("SELECT {} FROM gateway_item WHERE workspace = $1 AND kind = $2 ORDER BY id", columns),
      {workspace, kind.name});
  std::vector<Item> items;
  while (rows.next()) items.push_back(readItem(rows));
  return items;
}

}  // namespace regesta::gateway
