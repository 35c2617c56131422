#include "policy/schema.h"

namespace regesta::policy {
namespace {

constexpr std::string_view paths[] = {
    "action",                        // "move", "remove" or "rollback"
    "time",                          // RFC 3339; time.now_ns() is the same moment
    "reason",                        // what the actor gave
    "workspace",
    "actor.name",
    "actor.kind",                    // "user", "token", "local"
    "actor.roles.[]",
    "pointer.kind",                  // "alias" or "stage"
    "pointer.name",
    "asset.name",
    "asset.kind",
    "asset.description",
    "asset.owner",
    "asset.tags.*",
    "candidate.**",
    "current.**",
    "diff.**",
    "evidence.**",
    "approvals.[].actor",
    "approvals.[].roles.[]",
    "approvals.[].comment",
    "approvals.[].time",
    "authors.[]",
    "waivers.[].**",
    "parameters.**",
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
