#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"

namespace regesta::proof {

/// Writes HTML; escapes every text.
class Page {
 public:
  explicit Page(std::string_view title);
  void heading(std::string_view text);
  void subheading(std::string_view text);
  void paragraph(std::string_view text);
  void code(std::string_view text);
  /// Below a line that opens it.
  void foldedCode(std::string_view line, std::string_view text);
  using Cells = std::vector<std::string>;
  void table(const Cells& headers, const std::vector<Cells>& rows);
  /// Name and value per line; lines with an empty value are left out.
  void fields(const std::vector<std::pair<std::string, std::string>>& fields);
  std::string finish();

 private:
  void element(std::string_view tag, std::string_view text);
  std::string out_;
};

/// A member as text for people: texts as they are, other values as JSON, null as nothing.
std::string shown(const json::object& object, std::string_view name);

}  // namespace regesta::proof
