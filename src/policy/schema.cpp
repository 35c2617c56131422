#include "policy/schema.h"

namespace regesta::policy {
namespace {

constexpr std::string_view paths[] = {
    "action",                // move, rollback, remove
    "time",                  // RFC 3339; time.now_ns() is the same moment
    "reason",                // what the actor gave
    "actor.name",
    "actor.roles.[]",        // on this asset
    "pointer.workspace",
    "pointer.kind",          // of the asset: model, prompt, …
    "pointer.name",          // of the asset
    "pointer.pointer",       // "production", "stage:Production"
    "pointer.alias",         // null for a stage
    "pointer.stage",         // null for an alias
    "approvals.[].user",
    "approvals.[].roles.[]",
    "approvals.[].at",
    "approvals.[].comment",
    "approvals.[].decision",
    "change_request.id",     // change_request is null while there is none
    "change_request.requested_by",
    "change_request.opened_at",
    "change_request.reason",
    "held_before.[]",        // versions that the pointer stood on, newest first
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
    "candidate.metrics.claimed.*",   // sent by a client
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
    "candidate.evidence.[].type",    // evaluation, card, scan, …
    "candidate.evidence.[].verified",
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
    "candidate.lineage.datasets.[].node",
    "candidate.lineage.datasets.[].name",
    "candidate.lineage.datasets.[].digest",
    "candidate.lineage.upstream.[]",
    // The version that it stands on; null when there is none.
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
    "current.metrics.claimed.*",   // sent by a client
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
    "current.evidence.[].type",    // evaluation, card, scan, …
    "current.evidence.[].verified",
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
    "current.lineage.datasets.[].node",
    "current.lineage.datasets.[].name",
    "current.lineage.datasets.[].digest",
    "current.lineage.upstream.[]",
};

constexpr std::string_view functions[] = {
    "all", "any", "cast_array", "cast_boolean", "cast_null", "cast_object", "cast_set", "cast_string",
    "crypto.parse_private_keys", "crypto.sha512", "crypto.x509.parse_and_verify_certificates",
    "crypto.x509.parse_and_verify_certificates_with_options", "crypto.x509.parse_certificate_request",
    "crypto.x509.parse_certificates", "crypto.x509.parse_keypair", "crypto.x509.parse_rsa_private_key",
    "graphql.is_valid", "graphql.parse", "graphql.parse_and_verify", "graphql.parse_query", "graphql.parse_schema",
    "graphql.schema_is_valid", "io.jwt.decode_verify", "io.jwt.encode_sign", "io.jwt.encode_sign_raw",
    "io.jwt.verify_eddsa", "io.jwt.verify_es256", "io.jwt.verify_es384", "io.jwt.verify_es512", "io.jwt.verify_hs256",
    "io.jwt.verify_hs384", "io.jwt.verify_hs512", "io.jwt.verify_ps256", "io.jwt.verify_ps384", "io.jwt.verify_ps512",
    "io.jwt.verify_rs256", "io.jwt.verify_rs384", "io.jwt.verify_rs512", "json.match_schema", "json.verify_schema",
    "net.cidr_contains_matches", "net.cidr_intersects", "net.cidr_merge", "net.cidr_overlap",
    "providers.aws.sign_req", "re_match", "regex.globs_match", "rego.metadata.chain", "rego.metadata.rule",
    "rego.parse_module", "set_diff", "strings.render_template", "uri.is_valid", "uri.parse",
};

}  // namespace

std::span<const std::string_view> inputPaths() { return paths; }
std::span<const std::string_view> opaOnlyFunctions() { return functions; }

}  // namespace regesta::policy
