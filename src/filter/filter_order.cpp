#include "base/text.h"
#include "filter/filter.h"
#include "filter/filter_identifier.h"
#include "filter/query_error.h"

namespace regesta::filter {
namespace {

constexpr std::size_t orderCount = 50;

[[noreturn]] void refuseOrderText(std::string_view text) {
  refuseOrder(QueryRule::order, "must be a field, then ASC or DESC", text);
}

bool isPlain(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '.' ||
         static_cast<unsigned char>(c) >= 0x80;
}

/// Words parted by blanks; blanks inside of quotes belong to the word.
std::vector<std::string> words(std::string_view text) {
  std::vector<std::string> found;
  std::string word;
  char quote = 0;
  for (char c : trim(text)) {
    bool blank = c == ' ' || c == '\t' || c == '\n' || c == '\r';
    if (quote != 0) {
      word += c;
      if (c == quote) quote = 0;
    } else if (blank) {
      if (!word.empty()) found.push_back(std::exchange(word, {}));
    } else {
      if (c == '`' || c == '"')
        quote = c;
      else if (!isPlain(c))
        refuseOrderText(text);
      word += c;
    }
  }
  if (quote != 0) refuseOrderText(text);
  if (!word.empty()) found.push_back(std::move(word));
  return found;
}

}  // namespace

void checkOrderCount(std::size_t count) {
  if (count > orderCount) throw Invalid("order_by", fmt::format("must have at most {} fields", orderCount));
}

OrderBy parseOrderBy(std::string_view text, const Grammar& grammar) {
  std::vector<std::string> parts = words(text);
  if (parts.empty() || parts.size() > 2) refuseOrderText(text);
  OrderBy order;
  if (parts.size() == 2) {
    bool descending = equalsIgnoreCase(parts[1], "desc");
    if (!descending && !equalsIgnoreCase(parts[1], "asc"))
      refuseOrder(QueryRule::orderDirection, "must end in ASC or DESC", text);
    order.ascending = !descending;
  }
  if (grammar.noun == "registered model" && findAttribute(parts[0], grammar) == nullptr)
    refuseOrder(QueryRule::orderKey, "must name a field to order by: name, timestamp", parts[0], {"name", "timestamp"});
  Identifier identifier = parseIdentifier(parts[0], grammar);
  order.field = identifier.field;
  order.key = identifier.key;
  return order;
}

bool comesBefore(const Cell& a, const Cell& b, bool ascending) {
  auto rank = [](const Cell& cell) {
    if (std::holds_alternative<std::monostate>(cell)) return 2;
    const double* number = std::get_if<double>(&cell);
    return number && std::isnan(*number) ? 1 : 0;
  };
  if (rank(a) != rank(b)) return rank(a) < rank(b);
  if (rank(a) != 0) return false;
  if (a.index() != b.index()) return a.index() < b.index();
  return ascending ? a < b : b < a;
}

bool sameOrder(const Cell& a, const Cell& b) { return !comesBefore(a, b, true) && !comesBefore(b, a, true); }

}  // namespace regesta::filter
