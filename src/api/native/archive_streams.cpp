#include <algorithm>

#include "api/native/archive_streams.h"
#include "api/native/common.h"
#include "api/native/front.h"
#include "api/streaming.h"
#include "base/encoding.h"
#include "registry/version.h"

namespace regesta::api::native {
namespace {

using http::Exchange;
using Format = ArchiveWriter::Format;

struct Wanted {
  std::vector<registry::VersionFile> files;
  Format format = Format::tar;
  std::string filename, etag;
  std::int64_t seconds = 0;
};

struct Query {
  Format format = Format::tar;
  std::string folder;
};

Query queryOf(const http::Request& request) {
  Query query;
  for (auto& [name, value] : http::parseQuery(request.query)) {
    if (name == "path") {
      query.folder = std::move(value);
    } else if (name == "format") {
      if (value != "tar" && value != "zip") throw Invalid("format", "must be 'tar' or 'zip'");
      query.format = value == "zip" ? Format::zip : Format::tar;
    } else if (name != "workspace") {
      throw Invalid(name, "is not a parameter of this request: those are 'format' and 'path'");
    }
  }
  return query;
}

bool isBelow(std::string_view path, std::string_view folder) {
  return folder.empty() || path == folder || (path.starts_with(folder) && path.substr(folder.size()).starts_with('/'));
}

/// The files of a version, or those of a folder in it, in the order of their paths.
Wanted wantedBy(const Call& call) {
  const http::Request& request = call.http;
  auto [format, folder] = queryOf(request);
  Wanted wanted{.format = format};
  registry::AssetKey key = readable(call, request.variable("kind"), request.variable("name"));
  std::string selector(request.variable("selector"));
  registry::Version version = call.core.store.read([&](db::Transaction& transaction) {
    registry::Version found = registry::resolveVersion(transaction, key, selector);
    wanted.files = registry::versionFiles(transaction, found);
    return found;
  });
  std::erase_if(wanted.files, [&](const registry::VersionFile& file) { return !isBelow(file.path, folder); });
  if (wanted.files.empty())
    throw error(Code::notFound, "{} has no {}", version.subject(),
                folder.empty() ? "files" : fmt::format("file or folder '{}'", folder));
  std::ranges::sort(wanted.files, {}, &registry::VersionFile::path);
  std::string extension = wanted.format == Format::zip ? "zip" : "tar";
  std::string name = key.name.substr(key.name.rfind('/') + 1);
  wanted.filename = percentEncode(fmt::format("{}-{}.{}", name, version.number, extension));
  wanted.etag = fmt::format("\"{}.{}\"", registry::digestOfFiles(wanted.files), extension);
  wanted.seconds = version.createdAt / 1000;
  return wanted;
}

/// Streams the files of a version as one archive. Its size is not known before, so it cannot be resumed.
class GetArchive final : public http::StreamHandler {
 public:
  explicit GetArchive(Core& core) : core_(core) {}

  Task handle(Exchange& exchange) override {
    std::optional<Call> call;
    co_await enter(exchange, core_, reads("versions"), dialect(), call);
    Wanted wanted = co_await exchange.waiting([&] { return wantedBy(*call); });
    co_await exchange.begin(headOf(wanted), std::nullopt);
    ArchiveWriter archive(wanted.format, wanted.seconds);
    for (const registry::VersionFile& file : wanted.files)
      co_await addBlob(exchange, core_, archive, file.path, file.digest);
    archive.finish();
    co_await exchange.write(archive.take());
    co_await exchange.finish();
  }

 private:
  static http::Response headOf(const Wanted& wanted) {
    http::Response head;
    head.contentType = wanted.format == Format::zip ? "application/zip" : "application/x-tar";
    head.headers.set("X-Content-Type-Options", "nosniff");
    head.headers.set("ETag", wanted.etag);
    head.headers.set("Content-Disposition", "attachment; filename*=UTF-8''" + wanted.filename);
    return head;
  }

  Core& core_;
};

const StreamRoute routes[] = {
    {"GET", "/api/v1/assets/{kind}/{name}/versions/{selector}/download",
     "Download the files of a version as an archive", reads("versions of this name"), makeStream<GetArchive>},
};

}  // namespace

Task addBlob(Exchange& exchange, Core& core, ArchiveWriter& archive, std::string path, std::string digest) {
  std::unique_ptr<blob::Reader> reader = co_await exchange.waiting([&] { return core.blobs.open(digest); });
  if (!reader) throw error(Code::corrupt, "the bytes of the file '{}' are missing", path);
  archive.file(path, reader->size());
  std::vector<char> piece(pieceSize);
  for (std::uint64_t at = 0; at < reader->size();) {
    std::size_t count = co_await exchange.reading([&] { return reader->read(at, piece); });
    if (count == 0) throw error(Code::corrupt, "the file '{}' is shorter than it was when it was stored", path);
    archive.write({piece.data(), count});
    at += count;
    co_await exchange.write(archive.take());
  }
}

std::span<const StreamRoute> archiveStreams() { return routes; }

}  // namespace regesta::api::native
