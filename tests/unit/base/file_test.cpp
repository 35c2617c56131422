#include "base/file.h"

#include <sys/stat.h>

#include <array>
#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>

#include "base/error.h"
#include "base/id.h"

namespace regesta {
namespace {

namespace fs = std::filesystem;

class FileTest : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = (fs::temp_directory_path() / ("regesta-file-" + randomHex(6))).string();
    fs::create_directories(folder_);
  }
  void TearDown() override {
    file::failAt(0, 0);
    fs::remove_all(folder_);
  }
  std::string failure(const std::function<void()>& fn) {
    try {
      fn();
    } catch (const Error& thrown) {
      EXPECT_EQ(thrown.code, Code::unavailable);
      return thrown.message;
    }
    return "";
  }
  std::size_t filesLeft() {
    return static_cast<std::size_t>(
        std::distance(fs::recursive_directory_iterator(folder_), fs::recursive_directory_iterator()));
  }
  std::string folder_;
};

TEST_F(FileTest, ReplaceWritesSeveralFilesAndMakesTheirFolders) {
  file::replaceFiles(
      {{folder_ + "/a/b/one", "1"}, {folder_ + "/a/two", std::string(300'000, '2')}, {folder_ + "/three", ""}});
  file::replaceFiles({{folder_ + "/three", "3"}});
  EXPECT_EQ(file::readFile(folder_ + "/a/b/one"), "1");
  EXPECT_EQ(file::readFile(folder_ + "/a/two")->size(), 300'000u);
  EXPECT_EQ(file::readFile(folder_ + "/three"), "3");
  EXPECT_EQ(filesLeft(), 5u) << "no temporary file is left";
  EXPECT_EQ(file::readFile(folder_ + "/none"), std::nullopt);
  EXPECT_EQ(file::readFile(folder_ + "/three/none"), std::nullopt);
}

TEST_F(FileTest, EveryFailureLeavesOldOrNewAndNothingBeside) {
  std::vector<file::FileContent> before = {{folder_ + "/x/one", "old one"}, {folder_ + "/two", "old two"}};
  std::vector<file::FileContent> after = {{folder_ + "/x/one", "new one"}, {folder_ + "/two", "new two"}};
  std::int64_t nth = 1;
  for (;; ++nth) {
    file::replaceFiles(before);
    file::failAt(nth, ENOSPC);
    std::string why = failure([&] { file::replaceFiles(after); });
    file::failAt(0, 0);
    for (std::size_t i = 0; i < 2; ++i) {
      auto bytes = file::readFile(before[i].path);
      EXPECT_TRUE(bytes == before[i].bytes || bytes == after[i].bytes) << *bytes;
    }
    EXPECT_EQ(filesLeft(), 3u);
    if (why.empty()) break;
    EXPECT_TRUE(why.ends_with(": the disk is full")) << why;
  }
  EXPECT_EQ(nth, 9) << "two writes, two syncs, two renames, two folders";
}

TEST_F(FileTest, WordsForWhatTheSystemSays) {
  std::ofstream(folder_ + "/plain") << "x";
  EXPECT_EQ(failure([&] { file::makeFolders(folder_ + "/plain/sub"); }),
            fmt::format("cannot make the folder {}/plain: Not a directory", folder_));
  EXPECT_EQ(failure([&] { file::createFile(folder_ + "/plain"); }),
            fmt::format("cannot create {}/plain: File exists", folder_));
  struct {
    int number;
    const char* words;
  } reasons[] = {{EROFS, "the file system is read-only"},
                 {EIO, "the disk reports an input/output error"},
                 {EDQUOT, "the disk quota is used up"},
                 {EACCES, "the user of this process lacks the permission"}};
  for (const auto& [number, words] : reasons) {
    file::failAt(1, number);
    EXPECT_EQ(failure([&] { file::syncFolder(folder_); }), fmt::format("cannot sync {}: {}", folder_, words));
  }
  EXPECT_THROW(file::readFile(folder_ + "/plain", 0), Error);
}

TEST_F(FileTest, ReadAtEndsWithTheFile) {
  std::ofstream(folder_ + "/plain") << "0123456789";
  file::Handle handle = file::openFile(folder_ + "/plain");
  std::array<char, 4> bytes{};
  EXPECT_EQ(file::readAt(handle, "it", 2, bytes), 4u);
  EXPECT_EQ(std::string_view(bytes.data(), 4), "2345");
  EXPECT_EQ(file::readAt(handle, "it", 8, bytes), 2u);
  EXPECT_EQ(file::readAt(handle, "it", 10, bytes), 0u);
  EXPECT_EQ(failure([&] { file::readAt(file::Handle(), "the content abc", 0, bytes); }),
            "cannot read the content abc: Bad file descriptor");
}

TEST_F(FileTest, RemoveTellsWhetherThereWasOne) {
  std::ofstream(folder_ + "/plain") << "x";
  EXPECT_TRUE(file::removeFile(folder_ + "/plain"));
  EXPECT_FALSE(file::removeFile(folder_ + "/plain"));
}

}  // namespace
}  // namespace regesta
