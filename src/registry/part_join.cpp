#include "registry/part_join.h"

#include <algorithm>

#include "base/encoding.h"
#include "base/error.h"
#include "base/text.h"
#include "base/time.h"
#include "crypto/md5.h"

namespace regesta::registry {

namespace {
constexpr std::size_t joinPieceSize = 1024 * 1024;
}

std::string etagOfParts(const std::vector<std::string>& etags) {
  crypto::Md5 md5;
  for (const std::string& etag : etags) md5.update(hexDecode(etag).value_or(etag));
  return fmt::format("{}-{}", md5.finish(), etags.size());
}

std::string unquotedEtag(std::string_view etag) {
  etag = trim(etag);
  if (etag.size() >= 2 && etag.starts_with('"') && etag.ends_with('"')) etag = etag.substr(1, etag.size() - 2);
  return std::string(etag);
}

const UploadPart* findPart(const std::vector<UploadPart>& stored, std::int64_t number, std::string_view etag) {
  auto found = std::ranges::lower_bound(stored, number, {}, &UploadPart::number);
  return found != stored.end() && found->number == number && found->etag == etag ? &*found : nullptr;
}

PartJoin::PartJoin(blob::BlobStore& blobs, std::vector<UploadPart> parts, std::function<void(std::string_view)> observe)
    : blobs_(blobs),
      parts_(std::move(parts)),
      observe_(std::move(observe)),
      writer_(blobs.create()),
      piece_(joinPieceSize) {}

bool PartJoin::step(std::int64_t until) {
  for (; next_ < parts_.size(); ++next_, reader_.reset(), at_ = 0) {
    if (!reader_) reader_ = blobs_.open(parts_[next_].content.digest);
    if (!reader_) throw error(Code::corrupt, "the content of part {} is missing", parts_[next_].number);
    while (at_ < reader_->size()) {
      if (nowMillis() > until) return false;
      std::size_t count = reader_->read(at_, piece_);
      if (count == 0) throw Error(Code::corrupt, "a stored part is shorter than it was when it was stored");
      std::string_view content(piece_.data(), count);
      writer_->write(content);
      if (observe_) observe_(content);
      at_ += count;
    }
  }
  return true;
}

blob::Stored PartJoin::finish() { return parts_.size() == 1 ? parts_.front().content : writer_->commit(); }

}  // namespace regesta::registry
