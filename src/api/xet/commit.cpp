#include "api/xet/commit.h"

#include "base/limits_content.h"
#include "base/time.h"
#include "registry/blob_alias.h"
#include "registry/storage_quota.h"

namespace regesta::api::xet {
namespace {

using blob::xet::text;

constexpr std::int64_t stepMillis = 500;
constexpr std::int64_t longMillis = 10 * 60'000;  // far below the shortest grace period of a collection
constexpr std::uint64_t stepBytes = 32 * 1024 * 1024;

template <class... Args>
Error fault(const blob::xet::ShardFile& file, fmt::format_string<Args...> why, Args&&... args) {
  return error(Code::invalid, "file {} of the shard {}", text(file.file),
               fmt::format(why, std::forward<Args>(args)...));
}

}  // namespace

ShardCommit::ShardCommit(Call call, std::vector<File> files, MemoryShare memory)
    : call_(std::move(call)), files_(std::move(files)), memory_(std::move(memory)), startedAt_(nowMillis()) {}

ShardCommit::Used& ShardCommit::xorbOf(const Term& term) {
  auto found = xorbs_.find(term.xorb);
  if (found != xorbs_.end()) return found->second;
  UsableXorb xorb = usableXorb(call_, text(term.xorb));
  std::vector<bool> chunks(static_cast<std::size_t>(xorb.entry.chunks));
  memory_.add(sizeof(Used) + chunks.size() / 8 + xorb.chunks.object().extents.size() * sizeof(blob::IndexedExtent));
  return xorbs_.emplace(term.xorb, Used{std::move(xorb), std::move(chunks)}).first->second;
}

void ShardCommit::addTerm(blob::Assembly& assembly, const Term& term, bool first) {
  Used& used = xorbOf(term);
  const registry::Xorb& entry = used.xorb.entry;
  if (term.after > entry.chunks)
    throw error(Code::invalid, "names chunk {} of the xorb {}, which has {}", term.after, entry.hash, entry.chunks);
  std::vector<blob::xet::Hash> hashes;
  std::uint64_t before = assembly.size();
  std::size_t at = term.first;
  used.xorb.chunks.visitChunks(entry.first + term.first, term.after - term.first, [&](const blob::ChunkRun& run) {
    assembly.add(run);
    for (const blob::ChunkEntry& chunk : run.chunks()) {
      hashes.push_back(chunk.hash);
      if (!used.chunks[at]) used.bytes += chunk.length;
      used.chunks[at++] = true;
    }
  });
  if (!first) return;
  if (assembly.size() - before != term.length)
    throw error(Code::invalid, "gives {} bytes to chunks {} to {} of the xorb {}, which have {}", term.length,
                term.first, term.after, entry.hash, assembly.size() - before);
  if (blob::xet::verificationHash(hashes) != term.verification)
    throw error(Code::invalid, "has a wrong verification hash of chunks {} to {} of the xorb {}", term.first,
                term.after, entry.hash);
  chunks_ += hashes.size();
  if (chunks_ > limits::xetShardChunks)
    throw error(Code::tooLarge, "the files of one shard may have {} chunks together", limits::xetShardChunks);
}

std::unique_ptr<blob::Assembly> ShardCommit::assemble(const File& file, bool first) {
  auto assembly = std::make_unique<blob::Assembly>(call_.packs(), call_.store().batch());
  for (const Term& term : file.terms) {
    try {
      addTerm(*assembly, term, first);
    } catch (const Error& failure) {
      if (failure.code == Code::invalid) throw fault(file, "{}", failure.message);
      throw;
    }
    if (assembly->extents() > limits::xetShardRuns)
      throw error(Code::tooLarge, "file {} of the shard is in more than {} pieces", text(file.file),
                  limits::xetShardRuns);
  }
  if (first && assembly->fileHash() != file.file)
    throw fault(file, "has chunks whose file hash is {}", text(assembly->fileHash()));
  return assembly;
}

bool ShardCommit::check() {
  for (std::int64_t until = nowMillis() + stepMillis; checked_ < files_.size() && nowMillis() < until; ++checked_) {
    bytes_ += assemble(files_[checked_], true)->size();
    if (bytes_ > limits::xetShardBytes)
      throw error(Code::tooLarge, "the files of one shard may have {} bytes together", limits::xetShardBytes);
  }
  return checked_ < files_.size();
}

/// Content that the caller can read already need not be read again.
void ShardCommit::begin(const File& file) {
  reading_ = assemble(file, false);
  if (!file.sha256) return;
  auto object = call_.packs().index().find(*file.sha256);
  if (!object || object->xet != text(file.file) || object->size != reading_->size()) return;
  bool readable =
      call_.core.store.read([&](db::Transaction& transaction) { return call_.mayRead(transaction, object->digest); });
  if (readable) reading_->useDigest(object->digest);
}

void ShardCommit::end(const File& file) {
  if (file.sha256 && *file.sha256 != reading_->digest())
    throw fault(file, "has content with the SHA-256 {}, not {} as its record says; nothing was stored",
                reading_->digest(), *file.sha256);
  stored_.push_back(reading_->commit());
  verified_ += reading_->size();
  reading_.reset();
}

bool ShardCommit::store() {
  for (std::int64_t until = nowMillis() + stepMillis; stored_.size() < files_.size() && nowMillis() < until;) {
    const File& file = files_[stored_.size()];
    if (!reading_) begin(file);
    if (reading_->digest().empty() && reading_->read(stepBytes)) continue;
    end(file);
  }
  return stored_.size() < files_.size();
}

/// What was stored first may have been condemned as unused in the meantime.
void ShardCommit::renew() {
  if (nowMillis() - startedAt_ < longMillis) return;
  for (const blob::Stored& stored : stored_)
    if (!call_.packs().index().touch(stored.digest))
      throw Error(Code::unavailable,
                  "a file of the shard was collected as unused in the meantime: send the shard again");
}

bool ShardCommit::finish() {
  renew();
  const std::string& workspace = call_.workspace();
  const std::string& actor = call_.scope().actor;
  return call_.core.store.write([&](db::Transaction& transaction) {
    // What the xorbs took of the quota is free for their files.
    for (const auto& [hash, used] : xorbs_) registry::useXorb(transaction, workspace, used.xorb.entry, used.bytes);
    bool isNew = false;
    for (const blob::Stored& stored : stored_) {
      std::string alias = "lfs:" + stored.digest;
      isNew = isNew || !registry::findBlobAlias(transaction, workspace, alias);
      registry::putBlobAlias(transaction, workspace, alias, stored, actor);
    }
    return isNew;
  });
}

}  // namespace regesta::api::xet
