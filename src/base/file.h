#pragma once
#include <cerrno>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// Files as a power cut sees them. Every function that fails throws Error{unavailable} naming the path and the reason
/// ("the disk is full"); nothing here is retried, because an fsync that failed may have dropped the bytes already.
namespace regesta::file {

/// What an errno of a call on a file says, in words: "the disk is full".
std::string reason(int number);
/// Throws Error{unavailable} "cannot {verb} {object}: {reason}".
[[noreturn]] void fail(std::string_view verb, std::string_view object, int number = errno);

/// An open file descriptor, closed at the end of its life.
class Handle {
 public:
  Handle() = default;
  explicit Handle(int descriptor) : descriptor_(descriptor) {}
  Handle(Handle&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
  Handle& operator=(Handle&& other) noexcept;
  ~Handle() { close(); }
  explicit operator bool() const { return descriptor_ >= 0; }
  int get() const { return descriptor_; }
  void close();

 private:
  int descriptor_ = -1;
};

/// A new file that must not exist yet.
Handle createFile(const std::string& path);
/// An invalid Handle when there is no such file.
Handle openFile(const std::string& path);
void writeAll(const Handle& handle, const std::string& path, std::string_view bytes);
void syncFile(const Handle& handle, const std::string& path);
void renameFile(const std::string& from, const std::string& to);
void syncFolder(const std::string& path);
/// Makes the folder and the missing ones above it. It and those above it are durable entries of their parents then,
/// also when they were there before: the process that made them may have been killed before. Folders that this user may
/// not open, and those on a disk that is read-only, are left to their owner.
void makeFolders(const std::string& path);
/// Makes an entry durable, or the loss of one: for those whose maker may have been killed before it could.
void settle(const std::string& path);
/// Empty optional when there is no such file. Error{tooLarge} above `limit`.
std::optional<std::string> readFile(const std::string& path, std::uint64_t limit = UINT64_MAX);
/// The number of bytes read, which is less than asked for only at the end of the file. `object` is what errors name.
std::size_t readAt(const Handle& handle, std::string_view object, std::uint64_t offset, std::span<char> into);
/// False when there was nothing to remove.
bool removeFile(const std::string& path);

/// Writes or replaces several files, each whole or not at all: temporary files next to the targets, all synced, all
/// renamed, each folder synced once. When it throws, the temporary files are gone and some of the targets may be in
/// place.
struct FileContent {
  std::string path;
  std::string bytes;
};
void replaceFiles(const std::vector<FileContent>& files);
/// True for the name of a temporary file that replaceFiles may have left behind when the power went.
bool isTemporary(std::string_view name);

/// The test seam: the N-th write, fsync or rename of this process from now on fails with `errorNumber` (a failing write
/// leaves half of its bytes behind); with `onwards` so do all later ones. Zero switches it off. Only tests call it.
void failAt(std::int64_t nth, int errorNumber, bool onwards = false);
/// How many writes, fsyncs and renames there were since the last failAt.
std::int64_t operations();

}  // namespace regesta::file
