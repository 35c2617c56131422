#include "api/dvc_folder.h"

#include <boost/json/basic_parser_impl.hpp>

#include "base/encoding.h"
#include "base/error.h"
#include "registry/tree.h"

namespace regesta::api {
namespace {

namespace json = boost::json;
using Failure = json::error_code;

[[noreturn]] void refuse(std::string_view why) {
  throw error(Code::invalid, "the folder list must be a JSON list of {{\"md5\", \"relpath\"}}: {}", why);
}

/// What Boost.JSON calls for each piece of the text. Depth 1 is the list, depth 2 an entry; deeper there is nothing.
class Handler {
 public:
  static constexpr std::size_t max_object_size = 64, max_array_size = std::size_t(-1), max_key_size = 256,
                               max_string_size = 4096;
  explicit Handler(std::function<void(const FolderEntry&)> visit) : visit_(std::move(visit)) {}

  bool on_document_begin(Failure&) { return true; }
  bool on_document_end(Failure&) { return true; }
  bool on_array_begin(Failure&) {
    if (depth_++ != 0) refuse("it contains a nested list");
    return true;
  }
  bool on_array_end(std::size_t, Failure&) { return --depth_, true; }
  bool on_object_begin(Failure&) {
    if (depth_++ != 1) refuse("an object is in the wrong place");
    entry_ = {};
    return true;
  }
  bool on_object_end(std::size_t, Failure&) {
    --depth_;
    if (!isLowerHex(entry_.md5, 32)) refuse("'md5' must be 32 lower-case hexadecimal digits");
    if (registry::safePath(entry_.path) != entry_.path || entry_.path.empty())
      refuse("'relpath' must be a path below the folder");
    visit_(entry_);
    return true;
  }
  bool on_key_part(std::string_view part, std::size_t, Failure&) { return text_ += part, true; }
  bool on_key(std::string_view part, std::size_t, Failure&) {
    key_ = text_ += part;
    text_.clear();
    return true;
  }
  bool on_string_part(std::string_view part, std::size_t, Failure&) { return text_ += part, true; }
  bool on_string(std::string_view part, std::size_t, Failure&) {
    text_ += part;
    inEntry();
    if (key_ == "md5") entry_.md5 = text_;
    if (key_ == "relpath") entry_.path = text_;
    text_.clear();
    return true;
  }
  bool on_number_part(std::string_view, Failure&) { return true; }
  bool on_int64(std::int64_t, std::string_view, Failure&) { return inEntry(); }
  bool on_uint64(std::uint64_t, std::string_view, Failure&) { return inEntry(); }
  bool on_double(double, std::string_view, Failure&) { return inEntry(); }
  bool on_bool(bool, Failure&) { return inEntry(); }
  bool on_null(Failure&) { return inEntry(); }
  bool on_comment_part(std::string_view, Failure&) { return true; }
  bool on_comment(std::string_view, Failure&) { return true; }

 private:
  bool inEntry() const {
    if (depth_ != 2) refuse("a value stands outside of an entry");
    return true;
  }

  std::function<void(const FolderEntry&)> visit_;
  int depth_ = 0;
  std::string key_, text_;
  FolderEntry entry_;
};

}  // namespace

struct FolderListReader::State {
  json::basic_parser<Handler> parser;

  void take(bool more, std::string_view bytes) {
    Failure failure;
    std::size_t used = parser.write_some(more, bytes.data(), bytes.size(), failure);
    if (failure) refuse(failure.message());
    if (used != bytes.size()) refuse("something follows it");
  }
};

FolderListReader::FolderListReader(std::function<void(const FolderEntry&)> visit)
    : state_(new State{json::basic_parser<Handler>(json::parse_options(), std::move(visit))}) {}
FolderListReader::~FolderListReader() = default;
FolderListReader::FolderListReader(FolderListReader&&) noexcept = default;

void FolderListReader::write(std::string_view bytes) {
  if (!bytes.empty()) state_->take(true, bytes);
}

void FolderListReader::finish() {
  if (!state_->parser.done()) state_->take(false, {"", 0});
  if (!state_->parser.done()) refuse("it ends early");
}

}  // namespace regesta::api
