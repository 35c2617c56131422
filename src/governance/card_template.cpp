#include "governance/card_template.h"

#include <algorithm>

namespace regesta::governance {
namespace {

// Headings are those of the published forms, so that their readers find their way.
constexpr CardSection huggingFaceModel[] = {
    {"Model Details", "Who developed the model, of what type it is, in which language, under which licence.",
     "version"},
    {"Uses", "Intended uses and users, direct and downstream; uses that are out of scope."},
    {"Bias, Risks, and Limitations", "Known technical and sociotechnical limits, and recommendations."},
    {"Training Details", "Training data and procedure: preprocessing, hyperparameters, time.", "training"},
    {"Evaluation", "Test data, factors, metrics and results.", "metrics"},
    {"Fairness", "Results for groups of people.", "fairness", false},
    {"Environmental Impact", "Hardware, hours and carbon emitted.", {}, false},
    {"Technical Specifications", "Architecture, objective, compute, software.", "files", false},
    {"Model Card Contact", "Who answers questions."},
};
constexpr CardSection huggingFaceDataset[] = {
    {"Dataset Details", "What the data is, who curated it, its licence and sources.", "version"},
    {"Uses", "Suitable uses; uses that are out of scope."},
    {"Dataset Structure", "Fields, splits and how they were made.", "files"},
    {"Dataset Creation", "Why it was made, how data was collected, processed and annotated, personal information.",
     "training"},
    {"Bias, Risks, and Limitations", "Known limits, and recommendations."},
    {"Dataset Card Contact", "Who answers questions."},
};
constexpr CardSection toolkit[] = {
    {"Model Details", "Overview, owners, version, licence, references, citations.", "version"},
    {"Model Parameters", "Architecture, data, formats of input and output.", "training"},
    {"Quantitative Analysis", "Performance metrics with slices and confidence intervals.", "metrics"},
    {"Considerations", "Users, use cases, limitations, tradeoffs, ethical considerations with mitigations."},
};
constexpr CardSection annexFour[] = {
    {"General description",
     "Intended purpose, provider, version and relation to earlier ones, interaction with hardware or "
     "software, forms in which it is placed on the market, instructions for use (Annex IV, 1).",
     "version"},
    {"Elements and development process",
     "Methods and steps, design choices and assumptions, architecture, data requirements and "
     "provenance, human oversight, predetermined changes, validation and testing, cybersecurity (Annex IV, 2).",
     "training"},
    {"Monitoring, functioning and control",
     "Capabilities and limits, accuracy for persons or groups, foreseeable unintended "
     "outcomes, oversight measures, input data (Annex IV, 3).",
     "fairness"},
    {"Appropriateness of the performance metrics", "Why these metrics suit the system (Annex IV, 4).", "metrics"},
    {"Risk management system",
     "Identified risks, measures, residual risk, in accordance with Article 9 (Annex IV, 5)."},
    {"Changes through the lifecycle", "Relevant changes made by the provider (Annex IV, 6).", "history"},
    {"Harmonised standards", "Standards applied in full or in part, or the solutions adopted instead (Annex IV, 7)."},
    {"EU declaration of conformity", "A copy of the declaration of Article 47 (Annex IV, 8)."},
    {"Post-market monitoring", "The plan of Article 72 (Annex IV, 9)."},
};
constexpr CardSection modelRisk[] = {
    {"Purpose and use", "Business purpose, products and decisions, users, materiality and tier with rationale.",
     "version"},
    {"Theory and design", "Theory, alternatives considered, assumptions and their justification."},
    {"Data", "Sources, quality, representativeness, proxies, adjustments.", "training"},
    {"Testing and outcomes analysis", "Accuracy, stability, sensitivity, benchmarks, back-testing.", "metrics"},
    {"Fair lending", "Results for protected groups, thresholds and their legal basis.", "fairness", false},
    {"Limitations and compensating controls", "Known weaknesses, and what limits their effect."},
    {"Implementation", "How it runs: code, files, environment, controls of change.", "files"},
    {"Independent validation", "Scope, findings with severity, due dates and closure; who validated.", "reviews"},
    {"Ongoing monitoring", "Measures, thresholds, triggers of review."},
    {"Ownership", "Owner, developer, validator, approvers."},
};
constexpr CardSection promptForm[] = {
    {"Purpose", "What the prompt is for, and who uses it.", "version"},
    {"Inputs and outputs", "Variables, formats, models that it was written for."},
    {"Tests", "How it is tested, and the results.", "metrics"},
    {"Risks and limitations", "Failures that are known, and content that it must not produce."},
    {"Owner", "Who answers questions."},
};

constexpr CardTemplate templates[] = {
    {"huggingface-model", "Hugging Face model card", huggingFaceModel},
    {"huggingface-dataset", "Hugging Face dataset card", huggingFaceDataset},
    {"model-card-toolkit", "Model Card Toolkit", toolkit},
    {"ai-act-annex-iv", "EU AI Act, technical documentation of Annex IV", annexFour},
    {"model-risk", "Model risk management, SR 26-2 (formerly SR 11-7)", modelRisk},
    {"prompt", "Prompt card", promptForm},
};

std::string shown(const json::value& value) {
  std::string text = value.is_string() ? std::string(std::string_view(value.get_string())) : json::serialize(value);
  for (char& c : text)
    if (c == '\n' || c == '\r' || c == '|') c = ' ';
  return text;
}

bool hasValue(const json::value* value) {
  if (!value || value->is_null()) return false;
  if (value->is_string()) return !value->get_string().empty();
  if (value->is_object()) return !value->get_object().empty();
  if (value->is_array()) return !value->get_array().empty();
  return !value->is_bool() || value->get_bool();
}

void addLine(std::string& text, std::string_view label, const json::object& from, std::string_view name) {
  if (const json::value* value = from.if_contains(name); hasValue(value))
    text += fmt::format("- {}: {}\n", label, shown(*value));
}

void addTable(std::string& text, std::string_view first, std::string_view second, const json::object& rows) {
  if (rows.empty()) return;
  text += fmt::format("\n| {} | {} |\n| --- | --- |\n", first, second);
  for (const auto& [name, value] : rows) text += fmt::format("| {} | {} |\n", shown(json::value(name)), shown(value));
}

const json::object* objectAt(const json::object& from, std::string_view name) {
  const json::value* value = from.if_contains(name);
  return value && value->is_object() ? &value->get_object() : nullptr;
}

std::string trainingFacts(const json::object& version) {
  std::string text;
  if (const json::object* run = objectAt(version, "run")) {
    addLine(text, "Run", *run, "id");
    addLine(text, "Run name", *run, "name");
    if (const json::object* params = objectAt(*run, "params")) addTable(text, "Parameter", "Value", *params);
  }
  const json::value* lineage = version.if_contains("lineage");
  if (lineage && lineage->is_object()) {
    for (const auto& [relation, ends] : lineage->get_object())
      if (hasValue(&ends)) text += fmt::format("- {}: {}\n", std::string_view(relation), shown(ends));
  } else if (hasValue(lineage)) {
    text += fmt::format("- Lineage: {}\n", shown(*lineage));
  }
  return text;
}

std::string metricFacts(const json::object& version) {
  std::string text;
  const json::object* metrics = objectAt(version, "metrics");
  const json::object* verified = metrics ? objectAt(*metrics, "verified") : nullptr;
  const json::object* claimed = metrics ? objectAt(*metrics, "claimed") : nullptr;
  if (verified) addTable(text, "Metric, computed by the registry", "Value", *verified);
  if (claimed) addTable(text, "Metric, reported by the author", "Value", *claimed);
  return text;
}

std::string fileFacts(const json::object& about) {
  std::string text;
  const json::value* files = about.if_contains("files");
  if (!files || !files->is_array() || files->get_array().empty()) return text;
  text += "\n| File | Bytes | SHA-256 |\n| --- | --- | --- |\n";
  for (const json::value& file : files->get_array()) {
    const json::object& row = file.as_object();
    text += fmt::format("| {} | {} | {} |\n", shown(row.at("path")), shown(row.at("size")), shown(row.at("digest")));
  }
  return text;
}

std::string reviewFacts(const json::object& version) {
  std::string text;
  const json::value* evidence = version.if_contains("evidence");
  if (!evidence || !evidence->is_array()) return text;
  for (const json::value& item : evidence->get_array()) {
    const json::object& row = item.as_object();
    text += fmt::format("- {} {} by {} at {}\n", row.at("verified").as_bool() ? "verified" : "claimed",
                        shown(row.at("type")), shown(row.at("by")), shown(row.at("at")));
  }
  return text;
}

std::string factsFor(std::string_view which, const json::object& about, const json::object& version) {
  std::string text;
  if (which == "version") {
    addLine(text, "Name", about, "name");
    addLine(text, "Version", version, "version");
    addLine(text, "SemVer", version, "semver");
    addLine(text, "SHA-256", version, "digest");
    addLine(text, "Registered by", version, "author");
    addLine(text, "Registered at", version, "created_at");
    addLine(text, "Description", version, "description");
    addLine(text, "Source", version, "source");
    if (const json::object* tags = objectAt(version, "tags")) addTable(text, "Tag", "Value", *tags);
  }
  if (which == "training") text = trainingFacts(version);
  if (which == "metrics") text = metricFacts(version);
  if (which == "files") text = fileFacts(about);
  if (which == "reviews") text = reviewFacts(version);
  if (which == "fairness")
    if (const json::object* fairness = objectAt(version, "fairness")) addTable(text, "Measure", "Value", *fairness);
  return text;
}

}  // namespace

std::span<const CardTemplate> cardTemplates() { return templates; }

const CardTemplate* findCardTemplate(std::string_view name) {
  auto found = std::ranges::find(templates, name, &CardTemplate::name);
  return found == std::end(templates) ? nullptr : found;
}

std::vector<std::string> cardTemplateNames() {
  std::vector<std::string> names;
  for (const CardTemplate& form : templates) names.emplace_back(form.name);
  return names;
}

std::string draftCard(const CardTemplate& form, const json::object& about, const json::object& version) {
  std::string text = fmt::format("# {}\n", shown(about.at("name")));
  for (const CardSection& section : form.sections) {
    std::string facts = section.facts.empty() ? "" : factsFor(section.facts, about, version);
    text += fmt::format("\n## {}\n\n<!-- {}{} -->\n", section.heading, section.guidance,
                        section.required ? "" : " Optional.");
    if (!facts.empty()) text += (facts.starts_with('\n') ? "" : "\n") + facts;
  }
  return text;
}

}  // namespace regesta::governance
