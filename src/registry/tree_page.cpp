#include "registry/tree_page.h"

#include "base/cancel.h"

namespace regesta::registry {
namespace {

constexpr std::size_t batch = 512;
constexpr std::string_view highest = "\xF4\x8F\xBF\xBF";  // U+10FFFF: after every path with the text before it

class Lister {
 public:
  Lister(const TreeQuery& query, const TreeFilter& filter) : query_(query), filter_(filter) {}

  TreePage run(db::Transaction& transaction, std::string_view workspace) {
    std::string end = query_.prefix + std::string(highest);
    cursor_ = std::max(query_.after, std::string());
    if (!query_.delimiter.empty() && query_.after.size() > query_.prefix.size() &&
        query_.after.ends_with(query_.delimiter) && query_.after.starts_with(query_.prefix))
      cursor_ = query_.after + std::string(highest);
    for (std::size_t count = batch; count == batch;) {
      checkCancelled();
      db::Rows rows = transaction.query(
          "SELECT path, digest, size, modified_at, etag FROM tree_file WHERE workspace = $1 AND path >= $2 AND path > "
          "$3 AND path < $4 ORDER BY path LIMIT $5",
          {workspace, query_.prefix, cursor_, end, batch});
      for (count = 0; rows.next(); ++count)
        if (!take(rows)) return std::move(page_);
    }
    page_.last.clear();
    return std::move(page_);
  }

 private:
  /// False when the page is full.
  bool take(const db::Rows& rows) {
    std::string path = rows.text(0);
    if (path <= cursor_) return true;  // inside what was jumped over
    std::string jump;
    if (!filter_(path, jump)) {
      cursor_ = jump.empty() ? path : jump + '/' + std::string(highest);
      return true;
    }
    std::size_t cut = query_.delimiter.empty() ? std::string::npos : path.find(query_.delimiter, query_.prefix.size());
    if (page_.files.size() + page_.prefixes.size() == query_.limit) return false;
    if (cut != std::string::npos) {
      std::string prefix = path.substr(0, cut + query_.delimiter.size());
      cursor_ = prefix + std::string(highest);
      page_.last = prefix;
      page_.prefixes.push_back(std::move(prefix));
      return true;
    }
    cursor_ = page_.last = path;
    page_.files.push_back({std::move(path), rows.text(1), rows.integer(2), rows.integer(3), {rows.text(4), {}}});
    return true;
  }

  const TreeQuery& query_;
  const TreeFilter& filter_;
  std::string cursor_;
  TreePage page_;
};

}  // namespace

TreePage listTree(db::Transaction& transaction, std::string_view workspace, const TreeQuery& query,
                  const TreeFilter& filter) {
  if (query.limit == 0) return {};
  return Lister(query, filter).run(transaction, workspace);
}

}  // namespace regesta::registry
