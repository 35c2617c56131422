#pragma once
#include "api/native/common.h"

namespace regesta::api::native {

struct CollectRequest {
  std::int64_t graceHours = 24;
  bool dryRun = false;
  std::string pageToken;
  static constexpr Field fields[] = {
      field<&CollectRequest::graceHours>("grace_hours", atLeast(1) | about("how long unused content stays before it is "
                                                                           "marked, and again before it is removed")),
      field<&CollectRequest::dryRun>("dry_run", about("report what would be removed, and change nothing")),
      field<&CollectRequest::pageToken>("page_token")};
};
struct UnusedBlob {
  std::string digest;
  std::int64_t size = 0;
  static constexpr Field fields[] = {field<&UnusedBlob::digest>("digest"), field<&UnusedBlob::size>("size")};
};
struct CollectResponse {
  std::int64_t looked = 0, kept = 0;
  std::vector<UnusedBlob> condemned, removed;
  std::int64_t packsCondemned = 0, packsRemoved = 0, bytesFreed = 0, strayFiles = 0;
  std::string nextPageToken;
  static constexpr Field fields[] = {
      field<&CollectResponse::looked>("looked", about("blobs on this page")),
      field<&CollectResponse::kept>("kept",
                                    about("blobs that something refers to or that are newer than the grace period")),
      field<&CollectResponse::condemned>("condemned", about("unused since now; removed after the grace period")),
      field<&CollectResponse::removed>("removed", about("unused for the whole grace period")),
      field<&CollectResponse::packsCondemned>("packs_condemned"),
      field<&CollectResponse::packsRemoved>("packs_removed"),
      field<&CollectResponse::bytesFreed>("bytes_freed"),
      field<&CollectResponse::strayFiles>("stray_files", about("pack files of uploads that never ended")),
      field<&CollectResponse::nextPageToken>("next_page_token", about("empty: this was the last page"))};
};
struct ScrubRequest {
  std::int64_t bytesPerSecond = 100'000'000;
  std::string pageToken;
  static constexpr Field fields[] = {field<&ScrubRequest::bytesPerSecond>("bytes_per_second", atLeast(1'000'000)),
                                     field<&ScrubRequest::pageToken>("page_token")};
};
struct DamagedBlob {
  std::string digest;
  std::vector<std::string> versions;
  static constexpr Field fields[] = {
      field<&DamagedBlob::digest>("digest"),
      field<&DamagedBlob::versions>("versions", about("workspace: version path; at most 100"))};
};
struct DamagedPack {
  std::string pack, problem;
  std::vector<DamagedBlob> blobs;
  static constexpr Field fields[] = {field<&DamagedPack::pack>("pack"), field<&DamagedPack::problem>("problem"),
                                     field<&DamagedPack::blobs>("blobs")};
};
struct ScrubResponse {
  std::int64_t packs = 0, bytes = 0;
  std::vector<DamagedPack> damaged;
  std::string nextPageToken;
  static constexpr Field fields[] = {
      field<&ScrubResponse::packs>("packs"), field<&ScrubResponse::bytes>("bytes"),
      field<&ScrubResponse::damaged>("damaged"),
      field<&ScrubResponse::nextPageToken>("next_page_token", about("empty: this was the last page"))};
};
struct RepackResponse {
  std::int64_t files = 0, bytes = 0, packsReplaced = 0;
  std::vector<std::string> damaged;
  bool more = false;
  static constexpr Field fields[] = {
      field<&RepackResponse::files>("files", about("whole files that became part of packs")),
      field<&RepackResponse::bytes>("bytes"),
      field<&RepackResponse::packsReplaced>("packs_replaced", about("small or mostly unused packs that were merged")),
      field<&RepackResponse::damaged>("damaged", about("whole files whose content does not match their digest")),
      field<&RepackResponse::more>("more", about("call again"))};
};
struct ReindexResponse {
  std::int64_t packs = 0, newPacks = 0, newBlobs = 0, incomplete = 0;
  std::vector<std::string> damaged;
  static constexpr Field fields[] = {
      field<&ReindexResponse::packs>("packs"), field<&ReindexResponse::newPacks>("new_packs"),
      field<&ReindexResponse::newBlobs>("new_blobs"),
      field<&ReindexResponse::incomplete>("incomplete", about("blobs some of whose packs are missing")),
      field<&ReindexResponse::damaged>("damaged", about("packs that are missing or have no readable footer"))};
};

CollectResponse collectBlobs(Call& call, const CollectRequest& request);
ScrubResponse scrubBlobs(Call& call, const ScrubRequest& request);
RepackResponse repackBlobs(Call& call, const Empty& nothing);
ReindexResponse reindexBlobs(Call& call, const Empty& nothing);

}  // namespace regesta::api::native
