// regesta bom.
#include "base/encoding.h"
#include "cli/commands.h"
#include "cli/session.h"

namespace regesta::cli {
namespace {

int writeBom(Session& session) {
  Reference ref = session.version();
  std::string text = session.api().text(route({"assets", ref.kind, ref.name, "versions", ref.selector, "bom"}) +
                                        "?format=" + percentEncode(session.args.text("format")));
  return session.deliver(text, "bom", {{"format", session.args.text("format")}});
}

}  // namespace

Commands bomCommands() {
  return {
      {.path = "bom",
       .summary = "export the bill of materials of a version: CycloneDX ML-BOM or SPDX 3",
       .operands = {{"VERSION", "KIND/NAME@VERSION; without a kind, a model"}},
       .options = {{"format", "FORMAT", "cyclonedx (1.6) or spdx (3.0.1)", 0, true},
                   {"output", "FILE", "write to this file instead of printing", 'o'}},
       .examples = {"regesta bom loan-risk@3 --format cyclonedx --output loan-risk.cdx.json"},
       .run = writeBom,
       .more = "It has the files with their hashes, datasets and base models from the lineage, verified metrics, "
               "fairness, and licenses and considerations from the newest card, as far as you may read them."},
  };
}

}  // namespace regesta::cli
