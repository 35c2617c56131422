#pragma once
#include <map>

#include "api/xet/usable.h"
#include "base/memory_share.h"
#include "blob/assembly.h"
#include "blob/xet_shard.h"

namespace regesta::api::xet {

/// Makes the files of a shard blobs of the workspace. Each step is one piece of work of about a second at most, so that
/// a shard of a terabyte holds no thread. Nothing is visible before the last step, which names all files in one
/// transaction; whatever a step throws, the shard can be sent again.
class ShardCommit {
 public:
  ShardCommit(Call call, std::vector<blob::xet::ShardFile> files, MemoryShare memory);

  /// Compares the files' terms with the chunks of the xorbs: ranges, lengths, verification hashes, file hashes. False
  /// when that is done. Throws Error{invalid} or Error{notFound} that names the file and the term.
  bool check();
  /// Reads the contents, compares their SHA-256 with the shard's, and stores the files. False when that is done.
  bool store();
  /// Names the files. Returns whether any of them is new in the workspace.
  bool finish();

  std::uint64_t bytes() const { return bytes_; }
  std::uint64_t verified() const { return verified_ + (reading_ ? reading_->bytesRead() : 0); }

 private:
  using File = blob::xet::ShardFile;
  using Term = blob::xet::Term;
  struct Used {
    UsableXorb xorb;
    std::vector<bool> chunks;  ///< that files of this shard use
    std::uint64_t bytes = 0;   ///< of them
  };
  Used& xorbOf(const Term& term);
  void addTerm(blob::Assembly& assembly, const Term& term, bool first);
  /// `first`: whether it is looked at for the first time.
  std::unique_ptr<blob::Assembly> assemble(const File& file, bool first);
  void begin(const File& file);
  void end(const File& file);
  void renew();

  Call call_;
  std::vector<File> files_;
  MemoryShare memory_;
  const std::int64_t startedAt_;
  std::map<blob::xet::Hash, Used> xorbs_;
  std::vector<blob::Stored> stored_;
  std::unique_ptr<blob::Assembly> reading_;  ///< of the file after those that are stored
  std::size_t checked_ = 0;
  std::uint64_t bytes_ = 0, chunks_ = 0, verified_ = 0;
};

}  // namespace regesta::api::xet
