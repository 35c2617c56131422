#include "policy/schema.h"

#include <fmt/format.h>

#include <string>
#include <vector>

namespace regesta::policy {
namespace {

constexpr std::string_view paths[] = {
    "action",  // move, rollback, remove, rename
    "time",    // RFC 3339; time.now_ns() is the same moment
    "reason",  // what the actor gave
    "actor.name",
    "actor.roles.[]",  // on this asset
    "pointer.workspace",
    "pointer.kind",     // of the asset: model, prompt, …
    "pointer.name",     // of the asset
    "pointer.pointer",  // "production", "stage:Production"
    "pointer.alias",    // null for a stage
    "pointer.stage",    // null for an alias
    "approvals.[].user", "approvals.[].roles.[]", "approvals.[].at", "approvals.[].comment", "approvals.[].decision",
    "change_request.id",  // change_request is null while there is none
    "change_request.requested_by", "change_request.opened_at", "change_request.reason",
    "held_before.[]",  // versions that the pointer pointed to before, newest first
    // Present if the move starts a rollout in steps; each arm is a separate candidate.
    "rollout.arms.[].name", "rollout.arms.[].version", "rollout.arms.[].weight",
    "rollout.steps.[].weight",  // percent
    "rollout.steps.[].bake_seconds", "rollout.holdback",
    "rollout.action",       // start, advance, resume
    "rollout.share",        // percent of callers that get an arm once this is done
    "rollout.held",         // why a guard holds it; absent unless one does
    "rollout.early",        // the step is to end before its bake time, or before its guards let it
    "rollout.final_share",  // the most that it reaches without another decision
    "rollout.id",           // of the rollout that is to be widened
    "rollout.step",
    "widening.id",      // of the rollout that ends with everybody on the candidate; rollout is absent then
    "widening.action",  // kill, complete
    "widening.early", "widening.share",
    "renamed_from",      // the asset's name before, when it gets a name that a policy guards
    "archive_existing",  // true when the others in the stage are archived
};

/// Members of a version.
constexpr std::string_view versionPaths[] = {
    "version",
    "semver",
    "digest",
    "author",
    "created_at",
    "expires_at",  // absent if it does not expire
    "description",
    "source",
    "tags.*",
    "stage",
    "aliases.[]",
    "run.id",
    "run.name",
    "run.experiment_id",
    "run.status",
    "run.user",
    "run.params.*",
    "run.metrics.*",
    "run.tags.*",
    "run.changed_after_registration",
    "model.id",
    "model.name",
    "model.changed_after_registration",
    "content.state",  // stored, elsewhere or missing
    "content.stored",
    "metrics.claimed.*",  // sent by a client
    // Computed by the server from stored predictions.
    "metrics.verified.accuracy",
    "metrics.verified.precision",
    "metrics.verified.recall",
    "metrics.verified.f1",
    "metrics.verified.auc",
    "metrics.verified.n",
    // By group column.
    "fairness.*.demographic_parity_ratio",
    "fairness.*.demographic_parity_difference",
    "fairness.*.equalized_odds_difference",
    "fairness.*.equal_opportunity_difference",
    "fairness.*.smallest_group",
    "fairness.*.groups.*.n",
    "fairness.*.groups.*.selected",
    "fairness.*.groups.*.selection_rate",
    "fairness.*.groups.*.accuracy",
    "fairness.*.groups.*.tpr",
    "fairness.*.groups.*.fpr",
    "fairness.*.groups.*.ci.[]",
    // What the newest verified evaluation ran on.
    "evaluation.id",
    "evaluation.by",
    "evaluation.by_author",
    "evaluation.at",
    "evaluation.dataset.name",
    "evaluation.dataset.version",
    "evaluation.dataset.digest",
    "evaluation.predictions.digest",
    "evaluation.predictions.path",
    "evaluation.predictions.run_id",
    "evaluation.label",
    "evaluation.positive",
    "evidence.[].id",
    "evidence.[].type",  // evaluation, card, scan, …
    "evidence.[].verified",
    "evidence.[].origin",  // client, server, runner
    "evidence.[].job",     // of a runner's report; null otherwise
    "evidence.[].by_author",
    "evidence.[].digest",
    "evidence.[].by",
    "evidence.[].at",
    "evidence.[].summary.**",
    // The newest card; null without one.
    "card.id",
    "card.digest",
    "card.by",
    "card.at",
    "card.verified",
    "card.complete",  // all sections that card rules require have text
    "card.missing.[]",
    "card.empty.[]",
    "card.title",
    "card.length",
    "card.sections.**",
    "signed_by.[]",  // ids of the keys that signed all files
    "tests.digest",  // tests is false while the prompt has none
    "tests.number",
    "tests.cases",
    "tests.by",
    "tests.by_author",
    "tests.removed_by_author",
    "tests.counts",    // false when the version's author replaced them
    "prompt_test.id",  // the newest result of tests on it; false without one
    "prompt_test.by",
    "prompt_test.at",
    "prompt_test.current",  // of the tests that the prompt has now
    "prompt_test.suite",
    "prompt_test.suite_number",
    "prompt_test.model",
    "prompt_test.total",
    "prompt_test.passed",
    "prompt_test.failed",
    "prompt_test.errors",
    "prompt_test.pass_rate",
    "prompt_test.score",
    "prompt_test.metrics.*",
    "golden.passed",  // every golden rule for the asset has a result on the version, and the newest of each passed
    "golden.rules.[].rule",
    "golden.rules.[].passed",
    "golden.rules.[].evidence",
    "golden.rules.[].rows",
    "golden.rules.[].different",
    "golden.rules.[].errors",
    "golden.rules.[].deterministic",
    "golden.rules.[].golden_changed",
    "lineage.datasets.[].node",
    "lineage.datasets.[].name",
    "lineage.datasets.[].digest",
    "lineage.upstream.[]",
};

constexpr std::string_view functions[] = {
    "all",
    "any",
    "cast_array",
    "cast_boolean",
    "cast_null",
    "cast_object",
    "cast_set",
    "cast_string",
    "crypto.parse_private_keys",
    "crypto.sha512",
    "crypto.x509.parse_and_verify_certificates",
    "crypto.x509.parse_and_verify_certificates_with_options",
    "crypto.x509.parse_certificate_request",
    "crypto.x509.parse_certificates",
    "crypto.x509.parse_keypair",
    "crypto.x509.parse_rsa_private_key",
    "graphql.is_valid",
    "graphql.parse",
    "graphql.parse_and_verify",
    "graphql.parse_query",
    "graphql.parse_schema",
    "graphql.schema_is_valid",
    "io.jwt.decode_verify",
    "io.jwt.encode_sign",
    "io.jwt.encode_sign_raw",
    "io.jwt.verify_eddsa",
    "io.jwt.verify_es256",
    "io.jwt.verify_es384",
    "io.jwt.verify_es512",
    "io.jwt.verify_hs256",
    "io.jwt.verify_hs384",
    "io.jwt.verify_hs512",
    "io.jwt.verify_ps256",
    "io.jwt.verify_ps384",
    "io.jwt.verify_ps512",
    "io.jwt.verify_rs256",
    "io.jwt.verify_rs384",
    "io.jwt.verify_rs512",
    "json.match_schema",
    "json.verify_schema",
    "net.cidr_contains_matches",
    "net.cidr_intersects",
    "net.cidr_merge",
    "net.cidr_overlap",
    "providers.aws.sign_req",
    "re_match",
    "regex.globs_match",
    "rego.metadata.chain",
    "rego.metadata.rule",
    "rego.parse_module",
    "set_diff",
    "strings.render_template",
    "uri.is_valid",
    "uri.parse",
};

}  // namespace

std::span<const std::string_view> inputPaths() {
  static const std::vector<std::string> ofVersions = [] {
    std::vector<std::string> all;
    // The version that the pointer would move to, null when it is removed; the version that it points to, or null.
    for (std::string_view version : {"candidate", "current"})
      for (std::string_view path : versionPaths) all.push_back(fmt::format("{}.{}", version, path));
    return all;
  }();
  static const std::vector<std::string_view> all = [] {
    std::vector<std::string_view> made(std::begin(paths), std::end(paths));
    made.insert(made.end(), ofVersions.begin(), ofVersions.end());
    return made;
  }();
  return all;
}
std::span<const std::string_view> opaOnlyFunctions() { return functions; }

}  // namespace regesta::policy
