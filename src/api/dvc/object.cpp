#include "api/dvc/object.h"

#include "base/encoding.h"
#include "base/error.h"
#include "registry/blob_alias.h"

namespace regesta::api::dvc {
namespace {

constexpr std::size_t lookUpAtOnce = 1000;
constexpr std::string_view folderSuffix = ".dir";

}  // namespace

std::string ObjectName::alias() const { return fmt::format("md5:{}{}", md5, folder ? folderSuffix : ""); }

ObjectName objectName(const http::Request& request) {
  std::string_view head = request.variable("head"), tail = request.variable("tail");
  ObjectName name;
  if (tail.ends_with(folderSuffix)) {
    name.folder = true;
    tail.remove_suffix(folderSuffix.size());
  }
  if (!isLowerHex(head, 2) || !isLowerHex(tail, 30))
    throw Error(Code::invalid, "an object's path must be files/md5/<2>/<30 lower-case hexadecimal digits>[.dir]");
  name.md5 = std::string(head) + std::string(tail);
  return name;
}

ObjectWriter::ObjectWriter(registry::Store& store, std::string workspace, ObjectName name,
                           std::unique_ptr<blob::Writer> inner)
    : store_(store), workspace_(std::move(workspace)), name_(std::move(name)), inner_(std::move(inner)) {
  if (name_.folder)
    list_.emplace([this](const FolderEntry& entry) {
      pending_.push_back(ObjectName{entry.md5}.alias());
      if (pending_.size() == lookUpAtOnce) lookUp();
    });
}

void ObjectWriter::write(std::string_view bytes) {
  md5_.update(bytes);
  if (list_) list_->write(bytes);
  inner_->write(bytes);
}

blob::Stored ObjectWriter::commit() {
  if (std::string found = md5_.finish(); found != name_.md5)
    throw error(Code::invalid, "the content has the MD5 {}, not {} as its path says; nothing was stored", found,
                name_.md5);
  if (list_) {
    list_->finish();
    lookUp();
    if (missing_ > 0)
      throw error(
          Code::conflict,
          "{} files of this folder are not in workspace '{}' (the first is {}); push the files before their list",
          missing_, workspace_, firstMissing_);
  }
  return inner_->commit();
}

void ObjectWriter::lookUp() {
  std::vector<std::string> missing = store_.read(
      [&](db::Transaction& transaction) { return registry::missingBlobAliases(transaction, workspace_, pending_); });
  if (missing_ == 0 && !missing.empty()) firstMissing_ = missing.front();
  missing_ += missing.size();
  pending_.clear();
}

}  // namespace regesta::api::dvc
