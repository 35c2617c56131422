#pragma once
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "api/dvc_folder.h"
#include "blob/store.h"
#include "crypto/md5.h"
#include "http/message.h"
#include "registry/change.h"

namespace regesta::api::dvc {

/// What a path below files/md5 names: a file, or the list of a folder's files (".dir").
struct ObjectName {
  std::string md5;
  bool folder = false;
  std::string alias() const;  ///< in registry/blob_alias.h: "md5:<hex>", "md5:<hex>.dir"
};
/// Throws Error{invalid} for anything but 32 lower-case hexadecimal digits.
ObjectName objectName(const http::Request& request);

/// Takes an upload and compares it with its name. A folder list is read as it arrives; every file that it names must be
/// in the workspace already, because DVC takes a list that is there as a proof that its files are.
class ObjectWriter final : public blob::Writer {
 public:
  ObjectWriter(registry::Store& store, std::string workspace, ObjectName name, std::unique_ptr<blob::Writer> inner);
  void write(std::string_view bytes) override;
  /// Throws Error{invalid} for content of another digest, Error{conflict} for a folder list with missing files.
  const blob::Digest& finish() override { return inner_->finish(); }
  blob::Stored commit() override;

 private:
  void lookUp();

  registry::Store& store_;
  std::string workspace_;
  ObjectName name_;
  std::unique_ptr<blob::Writer> inner_;
  crypto::Md5 md5_;
  std::optional<FolderListReader> list_;
  std::vector<std::string> pending_;  ///< aliases that are yet to be looked up
  std::size_t missing_ = 0;
  std::string firstMissing_;
};

}  // namespace regesta::api::dvc
