#pragma once
#include "api/native/common.h"

namespace regesta::api::native {

struct BomQuery {
  std::string kind, name, selector, format;
  static constexpr std::string_view formats[] = {"cyclonedx", "spdx"};
  static constexpr std::string_view documentation =
      "CycloneDX 1.6 (ML-BOM) or SPDX 3.0.1 (AI and Dataset profiles): files with hashes, datasets and base models "
      "from "
      "lineage, verified metrics, fairness, licenses and considerations from the card. It has what the caller may read "
      "of run, lineage and evidence.";
  static constexpr Field fields[] = {field<&BomQuery::kind>("kind", required), field<&BomQuery::name>("name", required),
                                     field<&BomQuery::selector>("selector", required),
                                     field<&BomQuery::format>("format", oneOf(formats) | about("absent: cyclonedx"))};
};

/// Bill of materials of a version, in canonical JSON: equal facts give equal bytes.
Plain getBom(Call& call, const BomQuery& query);

struct CroissantQuery {
  std::string kind, name, selector;
  static constexpr std::string_view documentation =
      "Croissant 1.0 in JSON-LD: files with SHA-256 and the address of this server, and a record set per CSV file.";
  static constexpr Field fields[] = {field<&CroissantQuery::kind>("kind", required | about("dataset")),
                                     field<&CroissantQuery::name>("name", required),
                                     field<&CroissantQuery::selector>("selector", required)};
};

Plain getCroissant(Call& call, const CroissantQuery& query);

}  // namespace regesta::api::native
