#pragma once
#include <algorithm>
#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/endpoint.h"
#include "base/limits.h"
#include "registry/version.h"

/// Shared by the resources of the native API: paths, pages, times.
namespace regesta::api::native {

/// A list response. No token: last page.
template <class Item>
struct Page {
  std::vector<Item> items;
  std::optional<std::string> nextPageToken;
  static constexpr Field fields[] = {field<&Page::items>("items"), field<&Page::nextPageToken>("next_page_token")};
};

inline constexpr Rule pageRule =
    atLeast(0) | atMost(static_cast<std::int64_t>(limits::pageSize)) | about("rows in one answer; 0 or absent: 100");
constexpr std::size_t rowsOf(std::int64_t pageSize) { return pageSize > 0 ? static_cast<std::size_t>(pageSize) : 100; }

/// Page tokens are opaque to clients: base64url of the position. Empty text: from the start. Throws Invalid.
std::string makeToken(std::string_view place);
std::string readToken(std::string_view token);
std::int64_t readNumberToken(std::string_view token);

struct PageQuery {
  std::string pageToken;
  std::int64_t pageSize = 0;
  static constexpr Field fields[] = {field<&PageQuery::pageToken>("page_token"),
                                     field<&PageQuery::pageSize>("page_size", pageRule)};
};

/// A page of a complete list in the order of `keyOf`: each row's name or number, which the token refers to.
template <class Row, class KeyOf, class AnswerOf>
auto pageOf(const std::vector<Row>& rows, const std::string& token, std::int64_t size, KeyOf keyOf, AnswerOf answerOf) {
  using Key = std::remove_cvref_t<std::invoke_result_t<KeyOf, const Row&>>;
  Page<std::invoke_result_t<AnswerOf, const Row&>> page;
  auto row = rows.begin();
  if constexpr (std::integral<Key>)
    row = std::ranges::upper_bound(rows, readNumberToken(token), {}, keyOf);
  else if (!token.empty())
    row = std::ranges::upper_bound(rows, Key(readToken(token)), {}, keyOf);
  for (; row != rows.end() && page.items.size() < rowsOf(size); ++row) page.items.push_back(answerOf(*row));
  if (row != rows.end() && row != rows.begin()) page.nextPageToken = makeToken(fmt::format("{}", keyOf(*(row - 1))));
  return page;
}

/// A page of what the caller may see, by descending id, below `before` (0: from the newest). `list` takes such a limit
/// and a number of rows, `sees` and `answerOf` a row.
template <class List, class Sees, class AnswerOf>
auto visiblePage(std::int64_t before, std::int64_t size, List list, Sees sees, AnswerOf answerOf) {
  using Row = std::ranges::range_value_t<std::invoke_result_t<List, std::int64_t, std::size_t>>;
  Page<std::invoke_result_t<AnswerOf, const Row&>> page;
  std::size_t rows = rowsOf(size);
  while (true) {
    auto found = list(before, rows + 1);
    for (const Row& row : found) {
      if (page.items.size() == rows) {
        page.nextPageToken = makeToken(std::to_string(before));
        return page;
      }
      before = row.id;
      if (sees(row)) page.items.push_back(answerOf(row));
    }
    if (found.size() <= rows) return page;
  }
}

/// What was found, if the caller may see it (maySee() of its namespace). Throws Error{notFound}, the same for what does
/// not exist and for what is hidden. `what`: "waiver".
template <class Found>
Found visible(const Call& call, std::optional<Found> found, std::string_view what, std::int64_t id) {
  if (!found || !maySee(*call.identity, *found))
    throw error(Code::notFound, "workspace '{}' has no {} {}", call.workspace, what, id);
  return *std::move(found);
}

/// Throws Invalid{field "kind"}.
registry::Kind kindOf(std::string_view kind);
/// The asset's key in the call's workspace, with the right to read it. Throws Error{denied}.
registry::AssetKey readable(const Call& call, std::string_view kind, std::string_view name);
/// For objects found by number or digest: throws Error{notFound} if the object belongs to an asset that the caller may
/// not read, or to another workspace. `what` continues "there is no".
void requireReadable(const Call& call, const std::optional<registry::AssetKey>& about, std::string_view what);
/// The same with the right to change it: writing, or administering for a policy.
registry::AssetKey changeable(const Call& call, std::string_view kind, std::string_view name);

/// "7", 7, "^1.2", "production": a version selector as JSON. Throws Invalid{field}.
std::string selectorOf(const RawJson& json, std::string_view field);

/// RFC 3339, or empty optional for 0.
std::optional<std::string> timeText(std::int64_t millis);
/// A time in a request, in milliseconds; none for empty text. Throws Invalid{field}.
std::optional<std::int64_t> momentOf(std::string_view text, std::string_view field);
std::optional<std::string> optionalText(std::string_view text);

struct Named {
  std::string kind, name;
  static constexpr Field fields[] = {field<&Named::kind>("kind", required), field<&Named::name>("name", required)};
};
struct NameOnly {
  std::string name;
  static constexpr Field fields[] = {field<&NameOnly::name>("name", required)};
};
struct NumberOnly {
  std::int64_t id = 0;
  static constexpr Field fields[] = {field<&NumberOnly::id>("id", present | atLeast(1))};
};

}  // namespace regesta::api::native
