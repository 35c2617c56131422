#pragma once
#include <string>

#include "api/hf/call.h"
#include "registry/version.h"

namespace regesta::api::hf {

/// Writes {"type":"file","path","size","oid","lfs":{"oid","size","pointerSize"}} and what else is given. Every file is
/// described as Git LFS has it, because its SHA-256 is what is known of it.
void writeFile(JsonWriter& writer, const Core& core, const registry::VersionFile& file,
               const registry::Commit* lastCommit);
/// The id of a Git blob: of the LFS pointer to the file.
std::string pointerId(const registry::VersionFile& file);
std::size_t pointerSize(const registry::VersionFile& file);

/// The first line of a commit's message, and the rest.
std::string titleOf(const registry::Commit& commit);
std::string messageOf(const registry::Commit& commit);
/// {"id","title","date"}
void writeLastCommit(JsonWriter& writer, const registry::Commit& commit);

}  // namespace regesta::api::hf
