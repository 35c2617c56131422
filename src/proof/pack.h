#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "access/access.h"
#include "base/json.h"
#include "ledger/log.h"
#include "ledger/timestamping.h"
#include "ledger/witnessing.h"
#include "registry/version.h"

/// The evidence pack of a version: what was decided about it, on what, by whom, with the ledger entries that prove it.
/// docs/evidence-pack.md describes its members.
namespace regesta::proof {

inline constexpr std::string_view format = "regesta-evidence-pack-1";
inline constexpr std::string_view manifestPath = "manifest.json";
inline constexpr std::string_view ledgerFolder = "ledger/";
inline constexpr std::string_view checkpointPath = "ledger/checkpoint";
inline constexpr std::string_view consistencyPath = "ledger/consistency";
inline constexpr std::string_view timestampPath = "ledger/checkpoint.tsr";
inline constexpr std::string_view keyPath = "ledger/key";
inline constexpr std::string_view filesFolder = "files/";
inline constexpr std::string_view packedAction = "version.packed";

struct Pack {
  registry::Version version;
  std::map<std::string, std::string> members;  ///< path to bytes; without the version's files
  std::vector<registry::VersionFile> files;    ///< to be added below filesFolder; empty unless requested
};

struct PackOrder {
  registry::AssetKey key;
  std::string selector;
  bool files = false;      ///< with the content of the version's files
  std::int64_t since = 0;  ///< size of an earlier checkpoint, which the pack is to extend provably; 0: none
  std::string program;     ///< version of this program
  std::string server;      ///< public URL, for the links of bills of materials
  ledger::Witnessing* witnessing = nullptr;      ///< null: the pack's checkpoint has no cosignatures
  ledger::Timestamping* timestamping = nullptr;  ///< null: the pack's checkpoint has no timestamp
};

/// Collects what the caller may read about the version, and records the pack as "version.packed" with the digests of
/// its documents. What the ledger entries that the caller may read do not prove is left out and counted. Waits for the
/// entries' indexes, and some seconds for cosignatures and a timestamp of its checkpoint; it has none if witnesses or
/// authority do not respond. Throws Error{notFound}, Error{unavailable}, Invalid{field "since"}.
Pack makePack(registry::Store& store, ledger::Log& log, const access::Identity& identity, const PackOrder& order);

/// The group that "version.packed" seals a member in: its path, or its first folder. Empty: not sealed, because it
/// proves itself (manifest, ledger).
std::string_view sealedGroup(std::string_view path);
/// The digest of each group: of a document its SHA-256; of a folder that of lines "DIGEST  PATH\n" in byte order of the
/// paths.
json::object sealedDigests(const std::map<std::string, std::string>& digests);

}  // namespace regesta::proof
