#pragma once
#include <memory>
#include <string>

#include "api/endpoint.h"
#include "api/signed_address.h"
#include "api/wandb/run_record.h"
#include "http/caller.h"

namespace regesta::api::wandb {

/// An address that takes one file of a run, without credentials, for an hour: W&B's client sends none with files.
std::string runUploadUrl(const Call& call, const RunRecord& record, const std::string& path);

/// Addresses of a run's files for an hour, without credentials.
class RunFileUrls {
 public:
  RunFileUrls(const Call& call, const RunRecord& record);
  std::string of(std::string_view path) const;

 private:
  SignedAddresses addresses_;
  std::string start_;
};

/// Where a run's files are in the artifact tree; empty: not in the tree.
std::string folderOf(const RunRecord& record);

/// Streams of the front: history and console, files.
std::span<const StreamRoute> runStreams();

}  // namespace regesta::api::wandb
