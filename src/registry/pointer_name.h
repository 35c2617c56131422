#pragma once
#include <fmt/format.h>

#include <compare>
#include <string>
#include <string_view>
#include <utility>

namespace regesta::registry {

/// Names what moves between the versions of an asset: an alias or a stage. Stored, recorded and sent as its text:
/// "production", "stage:Production".
class Pointer {
 public:
  /// Reads the text of a pointer that was checked before. For what comes from outside use parsePointer() (pointer.h).
  static Pointer read(std::string text) { return Pointer(std::move(text)); }
  static Pointer alias(std::string_view name) { return Pointer(std::string(name)); }
  /// `name` as canonicalStage() writes it.
  static Pointer stage(std::string_view name) { return Pointer(std::string(prefix).append(name)); }
  Pointer() = default;

  bool isStage() const { return text_.starts_with(prefix); }
  /// Without the mark of a stage: "production", "Production".
  std::string_view name() const { return std::string_view(text_).substr(isStage() ? prefix.size() : 0); }
  const std::string& text() const { return text_; }
  /// By text: aliases and stages in byte order.
  auto operator<=>(const Pointer&) const = default;

  static constexpr std::string_view prefix = "stage:";

 private:
  explicit Pointer(std::string text) : text_(std::move(text)) {}
  std::string text_;
};

}  // namespace regesta::registry

template <>
struct fmt::formatter<regesta::registry::Pointer> : fmt::formatter<std::string_view> {
  template <class Context>
  auto format(const regesta::registry::Pointer& pointer, Context& context) const {
    return fmt::formatter<std::string_view>::format(pointer.text(), context);
  }
};
