#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "blob/store.h"

namespace regesta::api::hf {

/// One line of a commit about a path.
struct Operation {
  enum class Kind { add, addUploaded, deleteFile, deleteFolder };
  Kind kind = Kind::add;
  std::string path;    ///< safe, without '/' at its end
  std::string digest;  ///< add: of the content that came with the line; addUploaded: of what was uploaded before
  std::optional<std::uint64_t> size;
};

struct CommitBody {
  std::string summary, description;
  std::string parent;  ///< the commit that the client saw; empty: any
  std::vector<Operation> operations;
};

/// Reads the lines {"key","value"} of a commit as they arrive, and stores the content of small files, which is in them.
/// Throws Error{invalid} that names the line, Error{tooLarge} for a line or a commit beyond the limits.
class CommitReader {
 public:
  explicit CommitReader(blob::BlobStore& blobs) : blobs_(blobs) {}
  void write(std::string_view piece);
  CommitBody finish();

 private:
  void readLine(std::string_view line);
  void take(std::string_view key, const json::object& value);
  void addFile(const json::object& value);
  void addUploaded(const json::object& value);

  blob::BlobStore& blobs_;
  CommitBody body_;
  std::string rest_;  ///< a line that has not ended yet
  std::size_t lines_ = 0;
  bool headed_ = false;
};

/// The path of a file in a repository: exactly as registry::safePath() leaves it, and without characters that nobody
/// sees. Throws Invalid.
std::string repoPath(std::string_view path);

}  // namespace regesta::api::hf
