#pragma once
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace regesta::api {

struct FolderEntry {
  std::string md5;
  std::string path;  ///< below the folder
};

/// Reads DVC's list of a folder, [{"md5": "…", "relpath": "…"}, …], piece by piece: it may name a million files.
/// Throws Error{invalid} for anything else, for a path that leaves the folder, and for a digest that is none.
class FolderListReader {
 public:
  explicit FolderListReader(std::function<void(const FolderEntry&)> visit);
  ~FolderListReader();
  FolderListReader(FolderListReader&&) noexcept;
  void write(std::string_view bytes);
  /// The text ends here.
  void finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace regesta::api
