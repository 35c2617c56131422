#include "policy/schema.h"

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
    "approvals.[].user",
    "approvals.[].roles.[]",
    "approvals.[].at",
    "approvals.[].comment",
    "approvals.[].decision",
    "change_request.id",  // change_request is null while there is none
    "change_request.requested_by",
    "change_request.opened_at",
    "change_request.reason",
    "held_before.[]",  // versions that the pointer pointed to before, newest first
    // Present if the move starts a rollout in steps; each arm is a separate candidate.
    "rollout.arms.[].name",
    "rollout.arms.[].version",
    "rollout.arms.[].weight",
    "rollout.steps.[].weight",  // percent
    "rollout.steps.[].bake_seconds",
    "rollout.holdback",
    "rollout.action",       // start, advance, resume
    "rollout.share",        // percent of callers that get an arm once this is done
    "rollout.held",         // why a guard holds it; absent unless one does
    "rollout.early",        // the step is to end before its bake time, or before its guards let it
    "rollout.final_share",  // the most that it reaches without another decision
    "rollout.id",           // of the rollout that is to be widened
    "rollout.step",
    "widening.id",      // of the rollout that ends with everybody on the candidate; rollout is absent then
    "widening.action",  // kill, complete
    "widening.early",
    "widening.share",
    "renamed_from",      // the asset's name before, when it gets a name that a policy guards
    "archive_existing",  // true when the others in the stage are archived
    // The version that the pointer would move to; null when it is removed.
    "candidate.version",
    "candidate.semver",
    "candidate.digest",
    "candidate.author",
    "candidate.created_at",
    "candidate.description",
    "candidate.source",
    "candidate.tags.*",
    "candidate.stage",
    "candidate.aliases.[]",
    "candidate.run.id",
    "candidate.run.name",
    "candidate.run.experiment_id",
    "candidate.run.status",
    "candidate.run.user",
    "candidate.run.params.*",
    "candidate.run.metrics.*",
    "candidate.run.tags.*",
    "candidate.run.changed_after_registration",
    "candidate.model.id",
    "candidate.model.name",
    "candidate.model.changed_after_registration",
    "candidate.content.state",  // stored, elsewhere or missing
    "candidate.content.stored",
    "candidate.metrics.claimed.*",  // sent by a client
    // Computed by the server from stored predictions.
    "candidate.metrics.verified.accuracy",
    "candidate.metrics.verified.precision",
    "candidate.metrics.verified.recall",
    "candidate.metrics.verified.f1",
    "candidate.metrics.verified.auc",
    "candidate.metrics.verified.n",
    // By group column.
    "candidate.fairness.*.demographic_parity_ratio",
    "candidate.fairness.*.demographic_parity_difference",
    "candidate.fairness.*.equalized_odds_difference",
    "candidate.fairness.*.equal_opportunity_difference",
    "candidate.fairness.*.smallest_group",
    "candidate.fairness.*.groups.*.n",
    "candidate.fairness.*.groups.*.selected",
    "candidate.fairness.*.groups.*.selection_rate",
    "candidate.fairness.*.groups.*.accuracy",
    "candidate.fairness.*.groups.*.tpr",
    "candidate.fairness.*.groups.*.fpr",
    "candidate.fairness.*.groups.*.ci.[]",
    // What the newest verified evaluation ran on.
    "candidate.evaluation.id",
    "candidate.evaluation.by",
    "candidate.evaluation.by_author",
    "candidate.evaluation.at",
    "candidate.evaluation.dataset.name",
    "candidate.evaluation.dataset.version",
    "candidate.evaluation.dataset.digest",
    "candidate.evaluation.predictions.digest",
    "candidate.evaluation.predictions.path",
    "candidate.evaluation.predictions.run_id",
    "candidate.evaluation.label",
    "candidate.evaluation.positive",
    "candidate.evidence.[].id",
    "candidate.evidence.[].type",  // evaluation, card, scan, …
    "candidate.evidence.[].verified",
    "candidate.evidence.[].origin",  // client, server, runner
    "candidate.evidence.[].job",     // of a runner's report; null otherwise
    "candidate.evidence.[].by_author",
    "candidate.evidence.[].digest",
    "candidate.evidence.[].by",
    "candidate.evidence.[].at",
    "candidate.evidence.[].summary.**",
    // The newest card; null without one.
    "candidate.card.id",
    "candidate.card.digest",
    "candidate.card.by",
    "candidate.card.at",
    "candidate.card.verified",
    "candidate.card.title",
    "candidate.card.length",
    "candidate.card.sections.**",
    "candidate.tests.digest",  // tests is false while the prompt has none
    "candidate.tests.number",
    "candidate.tests.cases",
    "candidate.tests.by",
    "candidate.tests.by_author",
    "candidate.tests.removed_by_author",
    "candidate.tests.counts",    // false when the version's author replaced them
    "candidate.prompt_test.id",  // the newest result of tests on it; false without one
    "candidate.prompt_test.by",
    "candidate.prompt_test.at",
    "candidate.prompt_test.current",  // of the tests that the prompt has now
    "candidate.prompt_test.suite",
    "candidate.prompt_test.suite_number",
    "candidate.prompt_test.model",
    "candidate.prompt_test.total",
    "candidate.prompt_test.passed",
    "candidate.prompt_test.failed",
    "candidate.prompt_test.errors",
    "candidate.prompt_test.pass_rate",
    "candidate.prompt_test.score",
    "candidate.prompt_test.metrics.*",
    "candidate.lineage.datasets.[].node",
    "candidate.lineage.datasets.[].name",
    "candidate.lineage.datasets.[].digest",
    "candidate.lineage.upstream.[]",
    // The version that it points to; null when there is none.
    "current.version",
    "current.semver",
    "current.digest",
    "current.author",
    "current.created_at",
    "current.description",
    "current.source",
    "current.tags.*",
    "current.stage",
    "current.aliases.[]",
    "current.run.id",
    "current.run.name",
    "current.run.experiment_id",
    "current.run.status",
    "current.run.user",
    "current.run.params.*",
    "current.run.metrics.*",
    "current.run.tags.*",
    "current.run.changed_after_registration",
    "current.model.id",
    "current.model.name",
    "current.model.changed_after_registration",
    "current.content.state",  // stored, elsewhere or missing
    "current.content.stored",
    "current.metrics.claimed.*",  // sent by a client
    // Computed by the server from stored predictions.
    "current.metrics.verified.accuracy",
    "current.metrics.verified.precision",
    "current.metrics.verified.recall",
    "current.metrics.verified.f1",
    "current.metrics.verified.auc",
    "current.metrics.verified.n",
    // By group column.
    "current.fairness.*.demographic_parity_ratio",
    "current.fairness.*.demographic_parity_difference",
    "current.fairness.*.equalized_odds_difference",
    "current.fairness.*.equal_opportunity_difference",
    "current.fairness.*.smallest_group",
    "current.fairness.*.groups.*.n",
    "current.fairness.*.groups.*.selected",
    "current.fairness.*.groups.*.selection_rate",
    "current.fairness.*.groups.*.accuracy",
    "current.fairness.*.groups.*.tpr",
    "current.fairness.*.groups.*.fpr",
    "current.fairness.*.groups.*.ci.[]",
    // What the newest verified evaluation ran on.
    "current.evaluation.id",
    "current.evaluation.by",
    "current.evaluation.by_author",
    "current.evaluation.at",
    "current.evaluation.dataset.name",
    "current.evaluation.dataset.version",
    "current.evaluation.dataset.digest",
    "current.evaluation.predictions.digest",
    "current.evaluation.predictions.path",
    "current.evaluation.predictions.run_id",
    "current.evaluation.label",
    "current.evaluation.positive",
    "current.evidence.[].id",
    "current.evidence.[].type",  // evaluation, card, scan, …
    "current.evidence.[].verified",
    "current.evidence.[].origin",  // client, server, runner
    "current.evidence.[].job",     // of a runner's report; null otherwise
    "current.evidence.[].by_author",
    "current.evidence.[].digest",
    "current.evidence.[].by",
    "current.evidence.[].at",
    "current.evidence.[].summary.**",
    // The newest card; null without one.
    "current.card.id",
    "current.card.digest",
    "current.card.by",
    "current.card.at",
    "current.card.verified",
    "current.card.title",
    "current.card.length",
    "current.card.sections.**",
    "current.tests.digest",
    "current.tests.number",
    "current.tests.cases",
    "current.tests.by",
    "current.tests.by_author",
    "current.tests.removed_by_author",
    "current.tests.counts",  // false when the version's author replaced them
    "current.prompt_test.id",
    "current.prompt_test.by",
    "current.prompt_test.at",
    "current.prompt_test.current",
    "current.prompt_test.suite",
    "current.prompt_test.suite_number",
    "current.prompt_test.model",
    "current.prompt_test.total",
    "current.prompt_test.passed",
    "current.prompt_test.failed",
    "current.prompt_test.errors",
    "current.prompt_test.pass_rate",
    "current.prompt_test.score",
    "current.prompt_test.metrics.*",
    "current.lineage.datasets.[].node",
    "current.lineage.datasets.[].name",
    "current.lineage.datasets.[].digest",
    "current.lineage.upstream.[]",
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

std::span<const std::string_view> inputPaths() { return paths; }
std::span<const std::string_view> opaOnlyFunctions() { return functions; }

}  // namespace regesta::policy
