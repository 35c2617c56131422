#pragma once
#include <string>
#include <string_view>

#include "base/json.h"
#include "governance/decision.h"
#include "proof/model_signature.h"

/// In-toto statements that the server makes about what it knows; signStatement() signs them. Pure.
namespace regesta::proof {

/// The subject of statements about a version: its files, or without files the version itself by its digest.
json::array subjectOf(const registry::Version& version, const FileDigests& files);

/// SLSA provenance v1. `described` is governance::describeVersion() for the reader: run, lineage and metrics that they
/// may not read are not in it. `builder` is the URL of the server.
json::object provenanceOf(const registry::Version& version, const FileDigests& files, const json::object& described,
                          std::string_view builder);

/// SLSA verification summary (VSA) v1 of a gate decision. `version` is the one that was to become the alias's.
json::object summaryOf(const governance::Decision& decision, const registry::Version& version, const FileDigests& files,
                       std::string_view verifier);

}  // namespace regesta::proof
