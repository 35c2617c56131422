#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace regesta::api::s3 {

inline constexpr std::string_view xmlDeclaration = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";

/// Writes an XML document, with its declaration. Characters that XML cannot hold become U+FFFD.
class XmlWriter {
 public:
  explicit XmlWriter(std::string& out);
  XmlWriter& open(std::string_view name);
  /// An answer's outermost element, in S3's namespace.
  XmlWriter& root(std::string_view name);
  XmlWriter& close();
  XmlWriter& text(std::string_view name, std::string_view value);
  XmlWriter& number(std::string_view name, std::int64_t value);
  XmlWriter& flag(std::string_view name, bool value) { return text(name, value ? "true" : "false"); }

 private:
  std::string& out_;
  std::vector<std::string_view> open_;
};

/// One element of a document that a client sent. Attributes, comments and the declaration are skipped.
struct XmlElement {
  std::string name;  ///< without its prefix
  std::string text;  ///< of this element alone, with its blanks
  std::vector<XmlElement> children;

  const XmlElement* child(std::string_view wanted) const;  ///< the first one; null: none
  std::string childText(std::string_view wanted) const;    ///< empty: none
};

/// Reads the small documents of S3's requests. Throws Fault{MalformedXML} for anything that is not well formed, for
/// document types, processing instructions and CDATA, for elements deeper than 8 and more than 50,000 of them.
XmlElement parseXml(std::string_view document);

}  // namespace regesta::api::s3
