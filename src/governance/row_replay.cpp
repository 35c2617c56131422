#include "governance/row_replay.h"

#include <algorithm>

#include "base/error.h"
#include "crypto/hash.h"
#include "governance/row_label.h"
#include "record/record.h"
#include "registry/action.h"
#include "registry/column_class.h"
#include "registry/row_note.h"

namespace regesta::governance {

namespace {

using registry::ColumnClass;
using registry::TableClass;

constexpr std::int64_t window = 5000;  // rows that PostgreSQL returns at once

std::string subjectDigest(std::string_view workspace, std::string_view subject) {
  crypto::Hash hash = crypto::sha256(fmt::format("{}\n{}", workspace, subject));
  return std::string(crypto::view(hash).substr(0, 12));
}

/// One of the entries before "state.adopted" that carry what did not fit into it.
bool adoptsMore(const json::object& entry) {
  const json::value* data = entry.if_contains("data");
  return memberText(entry, "action") == registry::nameOf(registry::Action::stateRecorded) && data &&
         data->is_object() &&
         memberText(data->as_object(), "about") == registry::nameOf(registry::Action::stateAdopted);
}

/// The row's digest after the change that noted it; null: it was deleted.
const json::value& leftIn(const json::value& row) {
  const json::array* both = row.if_array();
  return both && both->size() == 2 ? both->at(1) : row;
}

/// The rows that migrations put into an empty database.
constexpr std::pair<std::string_view, std::string_view> firstRows[] = {
    {"workspace", "default"}, {"experiment", "0"}, {"access_state", "1"}};

}  // namespace

RowReplay::RowReplay() {
  // The first entry that a server writes has their digests; until then they are unknown.
  for (const auto& [table, key] : firstRows) tables_[std::string(table)][std::string(key)].any = true;
}

void RowReplay::drop(const std::string& table, const std::string& key) {
  if (auto noted = tables_[table].extract(key)) gone_[table].insert(std::move(noted));
  // Deleting a row deletes what belongs to it (ON DELETE CASCADE): its rows' keys begin with the last part of this one.
  std::string prefix = key.substr(key.rfind('|') + 1);
  for (const TableClass& child : registry::tableClasses()) {
    if (child.parent != table || child.columnClass != ColumnClass::governed) continue;
    Notes& notes = tables_[std::string(child.table)];
    std::vector<std::string> gone;
    for (auto note = notes.lower_bound(prefix); note != notes.end() && note->first.starts_with(prefix); ++note)
      if (note->first.size() == prefix.size() || note->first[prefix.size()] == '|') gone.push_back(note->first);
    for (const std::string& below : gone) drop(std::string(child.table), below);
  }
}

void RowReplay::take(std::int64_t id, std::int64_t index, const json::object& entry) {
  subjects_[id] = subjectDigest(memberText(entry, "workspace"), memberText(entry, "subject"));
  const json::value* rows = entry.if_contains("rows");
  if (!began_) complete_ = rows != nullptr;
  began_ = true;
  bool last = memberText(entry, "action") == registry::nameOf(registry::Action::stateAdopted),
       adopts = last || adoptsMore(entry);
  if (adopts && (told_ || adopted_)) {
    strayAdoptions_.push_back(index);
    return;
  }
  if (last) adopted_ = complete_ = true;
  if (!rows || !rows->is_object()) return;
  noted_ = true;
  told_ = told_ || !adopts;
  Noted by{.id = id, .index = index};
  // Deletions come last: they take along what the same change wrote below the row.
  for (bool deletions : {false, true})
    for (const auto& table : rows->as_object()) {
      if (!table.value().is_object()) continue;
      for (const auto& row : table.value().as_object())
        if (leftIn(row.value()).is_null() == deletions)
          takeRow(std::string(table.key()), std::string(row.key()), row.value(), by);
    }
  if (memberText(entry, "action") != registry::nameOf(registry::Action::stateRecorded)) gone_.clear();
}

void RowReplay::takeRow(const std::string& table, const std::string& key, const json::value& row, const Noted& by) {
  const json::value& left = leftIn(row);
  if (const json::array* both = row.if_array(); both && both->size() == 2 && both->at(0).is_string())
    expect(table, key, both->at(0).as_string(), by);
  if (left.is_null()) drop(table, key);
  if (left.is_string()) put(table, key, left.as_string(), by);
}

void RowReplay::put(const std::string& table, const std::string& key, std::string_view digest, const Noted& by) {
  Noted& noted = tables_[table][key];
  noted = by;
  std::ranges::copy(digest.substr(0, noted.digest.size()), noted.digest.begin());
}

void RowReplay::expect(const std::string& table, const std::string& key, std::string_view before, const Noted& by) {
  const TableClass* known = registry::findTableClass(table);
  if (!known) return;
  const Notes* list = &tables_[table];
  // The change deleted it together with the row that it belongs to.
  if (auto gone = gone_.find(table); !list->contains(key) && gone != gone_.end()) list = &gone->second;
  const Notes& notes = *list;
  auto noted = notes.find(key);
  if (noted == notes.end()) {
    if (complete_ && !known->sparse) altered_.push_back({table, key, by});
  } else if (!noted->second.any &&
             before != std::string_view(noted->second.digest.data(), noted->second.digest.size())) {
    altered_.push_back({table, key, by});
  }
}

/// Compares one database with the notes.
class RowComparing {
 public:
  RowComparing(const RowReplay& replay, db::Transaction& transaction, Comparison& found, std::size_t limit, bool macs)
      : replay_(replay), transaction_(transaction), found_(found), limit_(limit), macs_(macs) {}

  void macs(const TableClass& table) {
    if (macs_) each(table, [&](const db::Rows& rows) { checkMac(table, registry::rowText(table, rows), rows); });
  }

  void table(const TableClass& table) {
    static const RowReplay::Notes none;
    auto notes = replay_.tables_.find(table.table);
    notes_ = notes == replay_.tables_.end() ? &none : &notes->second;
    seen_.clear();
    seen_.reserve(notes_->size());
    if (table.group)
      groups(table);
    else
      each(table, [&](const db::Rows& rows) { row(table, registry::rowText(table, rows), rows); });
    std::ranges::sort(seen_);
    for (const auto& [key, noted] : *notes_)
      if (!std::ranges::binary_search(seen_, std::string_view(key))) missing(table, key, noted);
  }

  /// Rows that others altered before the server changed them: their present content does not show it.
  void altered() {
    for (const auto& [table, key, by] : replay_.altered_) {
      std::string label = labelOf(transaction_, *registry::findTableClass(table), key);
      if (label.empty()) label = subjectOf(by.id);
      add(by.index, label,
          fmt::format("{}: row {} of {} had been altered outside the server when {} changed it", label, key, table,
                      entryWords(by.index)));
    }
  }

  /// The rows of a database are adopted once, while the ledger has none.
  void adoptions() {
    for (std::int64_t entry : replay_.strayAdoptions_)
      add(entry, fmt::format("state.adopted {}", entry),
          fmt::format("{} adopts rows although the ledger already had rows: it proves nothing", entryWords(entry)));
  }

  void records() {
    found_.compared += record::checkRecords(
        transaction_, [&](const std::string& subject, std::string what) { add(-1, subject, std::move(what)); });
  }

  void index() {
    auto left = replay_.subjects_;
    auto rows = transaction_.query("SELECT workspace, subject, entry FROM subject_entry");
    while (rows.next()) {
      auto entry = left.find(rows.integer(2));
      if (entry != left.end() && entry->second == subjectDigest(rows.view(0), rows.view(1)))
        left.erase(entry);
      else
        add(-1, rows.text(1),
            fmt::format("the index of entries (subject_entry) has {} for entry row {}, whose subject differs",
                        rows.view(1), rows.integer(2)));
    }
    for (const auto& [id, digest] : left)
      add(-1, "subject_entry", fmt::format("the index of entries (subject_entry) lacks entry row {}", id));
  }

 private:
  template <class Fn>
  void each(const TableClass& table, Fn fn) {
    std::string list = table.list + (table.mac ? ", mac" : "");
    std::string_view first = table.key.front();
    bool number = std::ranges::find(table.columns, first, &registry::Column::name)->number;
    if (!number) {
      auto rows = transaction_.query(fmt::format("SELECT {} FROM {}", list, table.table));
      while (rows.next()) fn(rows);
      return;
    }
    std::string next = fmt::format("SELECT MIN({0}) FROM {1} WHERE {0} >= $1", first, table.table);
    std::string page =
        fmt::format("SELECT {0} FROM {1} WHERE {2} >= $1 AND {2} <= $2 ORDER BY {2}", list, table.table, first);
    for (std::int64_t from = INT64_MIN;;) {
      auto begin = transaction_.query(next, {from});
      if (!begin.next() || begin.isNull(0)) return;
      // Text comes after every number: checkStorage() names such rows.
      if (begin.integer(0) < from) return;
      from = begin.integer(0);
      std::int64_t last = from > INT64_MAX - window ? INT64_MAX : from + window;
      auto rows = transaction_.query(page, {from, last});
      while (rows.next()) fn(rows);
      if (last == INT64_MAX) return;
      from = last + 1;
    }
  }

  void groups(const TableClass& table) {
    std::string key;
    std::vector<std::string> digests;
    auto finish = [&] {
      if (digests.empty()) return;
      registry::RowText group{.key = key, .content = {}, .digest = registry::groupDigest(std::move(digests))};
      digests.clear();
      check(table, group, [&] { return labelOf(transaction_, table, group.key); });
    };
    each(table, [&](const db::Rows& rows) {
      registry::RowText text = registry::rowText(table, rows);
      if (text.key != key) finish();
      key = text.key;
      digests.push_back(std::move(text.digest));
    });
    finish();
  }

  void checkMac(const TableClass& table, const registry::RowText& text, const db::Rows& rows) {
    ++found_.compared;
    if (registry::isGenuine(text, rows.view(static_cast<int>(table.columns.size())))) return;
    std::string label = labelOf(transaction_, table, rows);
    add(-1, label,
        fmt::format("{}: row {} of {} was written by something other than the server: its MAC does not match", label,
                    text.key, table.table));
  }

  void row(const TableClass& table, const registry::RowText& text, const db::Rows& rows) {
    if (table.mac && macs_) checkMac(table, text, rows);
    if (table.sparse && !notes_->contains(text.key)) {
      for (int i = 0; i < static_cast<int>(table.columns.size()); ++i) {
        const registry::Column& column = table.columns[static_cast<std::size_t>(i)];
        bool key = std::ranges::find(table.key, column.name) != table.key.end();
        if (!key && !rows.view(i).empty() && !(column.number && rows.view(i) == "0"))
          return unknown(table, text, labelOf(transaction_, table, rows));
      }
      return;
    }
    check(table, text, [&] { return labelOf(transaction_, table, rows); });
  }

  template <class Label>
  void check(const TableClass& table, const registry::RowText& text, Label label) {
    ++found_.compared;
    auto noted = notes_->find(text.key);
    if (noted == notes_->end()) return unknown(table, text, label());
    seen_.push_back(noted->first);
    std::string_view digest(noted->second.digest.data(), noted->second.digest.size());
    if (noted->second.any || text.digest == digest) return;
    add(noted->second.index, label(),
        fmt::format("{}: row {} of {} is not what the ledger says ({})", label(), text.key, table.table,
                    entryWords(noted->second.index)));
  }

  void unknown(const TableClass& table, const registry::RowText& text, const std::string& label) {
    if (replay_.complete_)
      add(-1, label,
          fmt::format("{}: row {} of {} is in the database, but no ledger entry made it", label, text.key,
                      table.table));
  }

  void missing(const TableClass& table, const std::string& key, const RowReplay::Noted& noted) {
    ++found_.compared;
    std::string label = labelOf(transaction_, table, key);
    if (label.empty()) label = subjectOf(noted.id);
    if (label.empty()) label = fmt::format("{} {}", table.table, key);
    add(noted.index, label,
        fmt::format("{}: row {} of {} is missing, the ledger has it ({})", label, key, table.table,
                    entryWords(noted.index)));
  }

  std::string subjectOf(std::int64_t id) {
    auto rows = transaction_.query("SELECT body FROM ledger_entry WHERE id = $1", {id});
    if (!rows.next()) return {};
    boost::system::error_code failed;
    json::value body = json::parse(rows.view(0), failed);
    return !failed && body.is_object() ? memberText(body.as_object(), "subject") : "";
  }

  void add(std::int64_t entry, const std::string& subject, std::string what) {
    for (const Difference& known : found_.differences)
      if (known.subject == subject || known.subject.starts_with(subject + " ")) return;
    found_.add({entry, subject, std::move(what)}, limit_);
  }

  const RowReplay& replay_;
  db::Transaction& transaction_;
  Comparison& found_;
  std::size_t limit_;
  bool macs_;
  const RowReplay::Notes* notes_ = nullptr;
  std::vector<std::string_view> seen_;
};

void RowReplay::compare(db::Transaction& transaction, Comparison& found, std::size_t limit, bool macs) const {
  RowComparing comparing(*this, transaction, found, limit, macs);
  // A database of an earlier version may lack columns that have a class today.
  if (began_ && !noted_) return;
  for (const TableClass& table : registry::tableClasses())
    if (table.columnClass == ColumnClass::governed)
      comparing.table(table);
    else if (table.columnClass == ColumnClass::authenticated)
      comparing.macs(table);
  comparing.altered();
  comparing.adoptions();
  comparing.index();
  comparing.records();
}

}  // namespace regesta::governance
