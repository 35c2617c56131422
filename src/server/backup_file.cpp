#include "server/backup_file.h"

#include <unistd.h>

#include <cerrno>
#include <filesystem>

#include "base/error.h"
#include "base/file.h"
#include "crypto/hash.h"
#include "crypto/sealed_stream.h"

namespace regesta::server {
namespace {

namespace fs = std::filesystem;

/// Up to `size` bytes; fewer only at the end of the file.
std::string readPiece(const file::Handle& handle, const std::string& path, std::size_t size) {
  std::string piece(size, '\0');
  std::size_t filled = 0;
  while (filled < size) {
    ssize_t got = ::read(handle.get(), piece.data() + filled, size - filled);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) file::fail("read", path);
    if (got == 0) break;
    filled += static_cast<std::size_t>(got);
  }
  piece.resize(filled);
  return piece;
}

file::Handle openToRead(const std::string& path) {
  file::Handle input = file::openFile(path);
  if (!input) throw error(Code::notFound, "{} was removed while it was read", path);
  return input;
}

file::Handle createPrivate(const std::string& path) {
  fs::path folder = fs::path(path).parent_path();
  file::makeFolders(folder.string());
  file::Handle output = file::createFile(path);
  fs::permissions(path, fs::perms::owner_read | fs::perms::owner_write);  // before a secret is in it
  fs::permissions(folder, fs::perms::owner_all);
  return output;
}

/// Hands over what the file held before it was encrypted.
void openSealed(const std::string& from, const std::string& name, const std::string& key,
                const std::function<void(std::string_view)>& visit) {
  file::Handle input = openToRead(from);
  crypto::Opener opener(key, name, readPiece(input, from, crypto::sealedHeader));
  while (!opener.complete()) {
    std::string sealed = readPiece(input, from, crypto::sealedPiece + crypto::sealedExtra);
    if (sealed.empty()) throw error(Code::corrupt, "{} in the backup is truncated", name);
    visit(opener.open(sealed));
  }
  if (!readPiece(input, from, 1).empty()) throw error(Code::corrupt, "{} in the backup has bytes after its end", name);
}

}  // namespace

BackupItem describeFile(const std::string& path, const std::string& name,
                        const std::function<void(std::string_view)>& visit) {
  file::Handle input = openToRead(path);
  crypto::Sha256 hash;
  BackupItem item{name, 0, {}};
  for (std::string bytes = readPiece(input, path, crypto::sealedPiece); !bytes.empty();
       bytes = readPiece(input, path, crypto::sealedPiece)) {
    hash.update(bytes);
    item.size += bytes.size();
    visit(bytes);
  }
  item.sha256 = crypto::hex(hash.finish());
  return item;
}

BackupItem copyIntoBackup(const std::string& from, const std::string& to, const std::string& name,
                          const std::string& key, const Moved& moved) {
  file::Handle output = createPrivate(to);
  std::optional<crypto::Sealer> sealer;
  if (!key.empty()) {
    sealer.emplace(key, name);
    file::writeAll(output, to, sealer->header());
  }
  std::string kept;  // the last piece is sealed as such, so one waits for the next
  bool any = false;
  BackupItem item = describeFile(from, name, [&](std::string_view bytes) {
    if (!sealer) {
      file::writeAll(output, to, bytes);
    } else {
      if (any) file::writeAll(output, to, sealer->seal(kept, false));
      kept = bytes;
      any = true;
    }
    moved(bytes.size());
  });
  if (sealer) file::writeAll(output, to, sealer->seal(kept, true));
  file::syncFile(output, to);
  return item;
}

BackupItem copyOutOfBackup(const std::string& from, const std::string& to, const std::string& name,
                           const std::string& key, const Moved& moved) {
  if (key.empty()) return copyIntoBackup(from, to, name, key, moved);
  file::Handle output = createPrivate(to);
  crypto::Sha256 hash;
  BackupItem item{name, 0, {}};
  openSealed(from, name, key, [&](std::string_view bytes) {
    hash.update(bytes);
    item.size += bytes.size();
    file::writeAll(output, to, bytes);
    moved(bytes.size());
  });
  file::syncFile(output, to);
  item.sha256 = crypto::hex(hash.finish());
  return item;
}

std::string readOutOfBackup(const std::string& from, const std::string& name, const std::string& key) {
  std::string text;
  auto append = [&](std::string_view bytes) { text += bytes; };
  if (key.empty())
    describeFile(from, name, append);
  else
    openSealed(from, name, key, append);
  return text;
}

}  // namespace regesta::server
