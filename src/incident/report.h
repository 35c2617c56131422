#pragma once
#include <string>

#include "governance/evidence.h"
#include "governance/incident.h"

namespace regesta::incident {

inline constexpr std::string_view reportType = "incident-report";

enum class ReportForm { html, markdown };
/// `described` is of describe(). HTML is one self-contained page without scripts.
std::string renderReport(const governance::Incident& incident, const json::object& described, ReportForm form);
/// The report in both forms, with the lineage nodes that it names: those who may not read all of them may not read it.
governance::NewEvidence reportEvidence(const governance::Incident& incident, const json::object& described);

}  // namespace regesta::incident
