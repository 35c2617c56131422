#include "api/archive_writer.h"

#include <archive.h>
#include <archive_entry.h>

#include <locale.h>

#include "base/error.h"

namespace regesta::api {
namespace {

/// libarchive takes names in the encoding of the thread's locale, and ends the process for one that it cannot express.
class Utf8Names {
 public:
  Utf8Names() : before_(::uselocale(utf8())) {}
  ~Utf8Names() { ::uselocale(before_); }
  Utf8Names(const Utf8Names&) = delete;
  Utf8Names& operator=(const Utf8Names&) = delete;

 private:
  static locale_t utf8() {
    static const locale_t made = ::newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr);
    if (!made) throw Error(Code::internal, "the system has no locale C.UTF-8, which archives need for file names");
    return made;
  }
  locale_t before_;
};

}  // namespace

struct ArchiveWriter::State {
  archive* handle = nullptr;
  archive_entry* entry = nullptr;
  std::int64_t seconds = 0;
  std::string bytes;

  ~State() {
    archive_entry_free(entry);
    archive_write_free(handle);
  }
  void check(la_ssize_t result) const {
    if (result < ARCHIVE_WARN)
      throw error(Code::internal, "the archive cannot be written: {}", archive_error_string(handle));
  }
  static la_ssize_t append(archive*, void* state, const void* data, std::size_t size) {
    static_cast<State*>(state)->bytes.append(static_cast<const char*>(data), size);
    return static_cast<la_ssize_t>(size);
  }
};

ArchiveWriter::ArchiveWriter(Format format, std::int64_t seconds) : state_(std::make_unique<State>()) {
  Utf8Names names;
  State& s = *state_;
  s.handle = archive_write_new();
  s.entry = archive_entry_new();
  if (!s.handle || !s.entry) throw Error(Code::unavailable, "there is not enough memory for an archive");
  s.seconds = seconds;
  if (format != Format::zip) {
    s.check(archive_write_set_format_pax_restricted(s.handle));
    if (format == Format::tarGzip) {
      s.check(archive_write_add_filter_gzip(s.handle));
      s.check(archive_write_set_filter_option(s.handle, "gzip", "timestamp", nullptr));  // equal content, equal bytes
    }
  } else {
    s.check(archive_write_set_format_zip(s.handle));
    s.check(archive_write_zip_set_compression_store(s.handle));
  }
  s.check(archive_write_set_options(s.handle, "hdrcharset=UTF-8"));
  s.check(archive_write_set_bytes_in_last_block(s.handle, 1));
  s.check(archive_write_open(s.handle, &s, nullptr, State::append, nullptr));
}

ArchiveWriter::~ArchiveWriter() = default;

void ArchiveWriter::file(const std::string& path, std::uint64_t size) {
  Utf8Names names;
  State& s = *state_;
  archive_entry_clear(s.entry);
  archive_entry_set_pathname(s.entry, path.c_str());
  archive_entry_set_size(s.entry, static_cast<la_int64_t>(size));
  archive_entry_set_filetype(s.entry, AE_IFREG);
  archive_entry_set_perm(s.entry, 0644);
  archive_entry_set_mtime(s.entry, s.seconds, 0);
  s.check(archive_write_header(s.handle, s.entry));
}

void ArchiveWriter::write(std::string_view bytes) {
  la_ssize_t written = archive_write_data(state_->handle, bytes.data(), bytes.size());
  state_->check(written);
  if (written != static_cast<la_ssize_t>(bytes.size()))
    throw Error(Code::internal, "an archive was given more bytes than its entry was announced with");
}

void ArchiveWriter::finish() {
  Utf8Names names;
  state_->check(archive_write_close(state_->handle));
}

std::string ArchiveWriter::take() { return std::exchange(state_->bytes, {}); }

}  // namespace regesta::api
