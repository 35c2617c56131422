#pragma once
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace regesta::incident {

/// Writes Markdown with the members of proof::Page; escapes every text.
class Markdown {
 public:
  explicit Markdown(std::string_view title);
  void heading(std::string_view text);
  void subheading(std::string_view text);
  void paragraph(std::string_view text);
  void table(const std::vector<std::string>& headers, const std::vector<std::vector<std::string>>& rows);
  /// A list of names and values; an empty value is left out.
  void fields(const std::vector<std::pair<std::string, std::string>>& fields);
  std::string finish() { return std::move(out_); }

 private:
  std::string out_;
};

}  // namespace regesta::incident
