// Garbage collection knows every column that may hold a blob's digest: one that it does not know of loses content.
#include <map>
#include <sstream>

#include "registry/content_collect.h"
#include "support/store_test.h"

namespace regesta::registry {
namespace {

/// Columns of text or bytes that keep no content; every other one stands in digestColumns(). A new column must be put
/// into one of the two.
struct Exemption {
  std::string_view table, columns, reason;
};
constexpr std::string_view labels = "names, people and prose: nothing is looked up by a digest in them";
constexpr std::string_view tracking = "tracking data of clients: its files lie in tree_file, a digest in it opens none";
constexpr std::string_view otherHash = "digests of other things than blobs";
constexpr std::string_view keys = "secrets, their hashes and MACs";
constexpr std::string_view index = "the index itself: what it has is what is collected";
constexpr std::string_view history = "what happened: it is kept, the content that it names need not be";

constexpr Exemption exemptions[] = {
    {"workspace", "name description", labels},
    {"asset", "workspace kind name description created_by skeleton", labels},
    {"asset_tag", "key value", labels},
    {"version", "semver description stage run_id run_link model_id created_by", labels},
    {"version", "digest", "of the list of its files or of its content, which lies in the row"},
    {"version_tag", "key value", labels},
    {"version_file", "path", labels},
    {"version_author", "actor", labels},
    {"version_expiry", "set_by", labels},
    {"version_cited_run", "digest", otherHash},
    {"wandb_registry", "workspace name description types created_by", labels},
    {"alias", "name moved_by", labels},
    {"binding", "workspace kind name_pattern pointer policy policy_selector opa_url opa_path created_by", labels},
    {"tree_file", "workspace path about written_by", labels},
    {"upload_part", "written_by", labels},
    {"tree_file", "etag", otherHash},
    {"part_upload", "workspace path about checksum created_by", labels},
    {"part_upload", "id mac", keys},
    {"part_upload", "completed", otherHash},
    {"upload_part", "upload mac", keys},
    {"upload_part", "etag checksum", otherHash},
    {"tree_file", "mac", keys},
    {"tree_seal", "workspace folder reason", labels},
    {"lineage_edge", "workspace origin target relation", "edges between versions, runs and data sets of other stores"},
    {"subject_entry", "workspace subject", labels},
    {"prompt_use", "name selector", labels},
    {"rollout", "alias plan status hold salt algorithm reason started_by ended_by end_reason", labels},
    {"rollout", "decision evidence", otherHash},
    {"test_suite", "digest", otherHash},
    {"test_suite", "created_by", labels},
    {"record_batch", "workspace key created_by", labels},
    {"record_batch", "digest", otherHash},
    {"record_subject", "workspace", labels},
    {"record_subject", "tag key", keys},
    {"decision_record", "commitment body", "what versions answered, in the row itself"},
    {"access_log_rule", "workspace set_by", labels},
    {"card_rule", "workspace kind name_pattern template sections set_by", labels},
    {"access_log", "workspace actor front action name path", labels},
    {"lineage_event", "workspace node body", "what other tools tell of their runs"},
    {"golden_rule", "workspace name kind name_pattern selector file method tolerance created_by", labels},
    {"golden_rule", "dataset_digest", otherHash},
    {"golden_run", "version_digest dataset_digest", otherHash},
    {"golden_run", "problem", labels},
    {"user_account", "name grants created_by", labels},
    {"user_account", "password mac", keys},
    {"user_link", "issuer subject", labels},
    {"service_token", "name grants created_by trust", labels},
    {"service_token", "hash access_key mac", keys},
    {"session", "actor via agent", labels},
    {"session", "hash mac", keys},
    {"finished_sign_in", "id", keys},
    {"known_address", "name tag", keys},
    {"evidence", "workspace kind name type created_by origin", labels},
    {"evidence", "version_digest digest", otherHash},
    {"evidence", "summary", "made of the body"},
    {"decision", "digest", otherHash},
    {"decision", "workspace kind name pointer result", labels},
    {"connection_event", "event ticket stamp signature body", "signed by another program"},
    {"subscription", "workspace person name address events patterns every", labels},
    {"subscription", "confirmation", otherHash},
    {"notification", "about text problem", labels},
    {"waiver",
     "workspace kind name_pattern pointer policy code role reason status requested_by approved_by revoked_by note",
     labels},
    {"delegate", "workspace delegator delegate role reason removed_by", labels},
    {"break_glass", "workspace kind name pointer reason used_by status reviewed_by conclusion", labels},
    {"break_glass", "decision", otherHash},
    {"trigger_rule", "workspace name body set_by", labels},
    {"trigger_firing", "subject outcome problem event", labels},
    {"standing_guard", "alias name body set_by outcome state why", labels},
    {"incident", "workspace kind name reason facts opened_by status closed_by conclusion", labels},
    {"incident", "version_digest", otherHash},
    {"incident_note", "kind text actor", labels},
    {"change_request", "workspace kind name pointer action reason status requested_by closed_by note plan change_set",
     labels},
    {"change_request", "from_digest to_digest decision", otherHash},
    {"change_request_comment", "actor body place", labels},
    {"approval", "actor roles comment on_behalf_of", labels},
    {"approval", "bound decision", otherHash},
    {"job", "workspace type name subject needs status lease leased_by reason created_by", labels},
    {"job", "mac", keys},
    {"server_lease", "name holder", labels},
    {"webhook", "workspace url description actions names name events problem created_by template kinds", labels},
    {"webhook", "secret headers", keys},
    {"webhook_delivery", "action problem", labels},
    {"connection", "workspace name type url settings users created_by state problem", labels},
    {"connection", "secret", keys},
    {"change_request_link", "ticket ticket_key url revision problem", labels},
    {"change_request_link", "shown_decision", otherHash},
    {"connection_mark", "connection mark note", labels},
    {"git_pack", "workspace", labels},
    {"git_ref", "workspace name target peeled moved_by", "identifiers of Git objects, which lie in packs"},
    {"git_file", "workspace name semver", labels},
    {"git_file", "digest", "a version's digest"},
    {"git_alias", "workspace name alias semver", labels},
    {"experiment", "workspace name artifact_location tags folder", tracking},
    {"run", "run_id workspace sealed_digest name user_id artifact_uri metrics params tags links", tracking},
    {"metric_log", "key digest body", tracking},
    {"wandb_run", "name config summary", tracking},
    {"wandb_line", "stream body", tracking},
    {"sweep", "name display_name description config state created_by", tracking},
    {"sweep_agent", "host", tracking},
    {"sweep_trial", "run settings", tracking},
    {"wandb_draft", "workspace asset_kind asset_name client_id distributed input manifests created_by",
     "MD5s, which are looked up in blob_alias"},
    {"wandb_version", "type digest", "MD5s and what a client wrote: its files lie in version_file"},
    {"version_reference", "path uri digest about", "what a client said of content that is kept elsewhere"},
    {"dataset", "name digest source_type source schema_text profile", tracking},
    {"dataset_context", "context", tracking},
    {"logged_model", "model_id workspace name model_type source_run artifact_uri params tags", tracking},
    {"logged_model", "mac", keys},
    {"model_metric", "key run_id dataset_name dataset_digest", tracking},
    {"trace", "workspace trace_id client_request_id request_preview response_preview tags metadata assessments links",
     tracking},
    {"awaited_trace", "workspace trace_id run_id", tracking},
    {"span", "span_id parent name type body", tracking},
    {"trace_link", "workspace trace span", tracking},
    {"trace_value", "workspace trace span metric unit key source actor", tracking},
    {"report", "metric unit key source", tracking},
    {"report_summary", "metric summary", tracking},
    {"guard_state", "guard arm state", tracking},
    {"guard_unit", "guard unit", tracking},
    {"score",
     "workspace score_id name type text trace observation session dataset_run comment metadata environment config "
     "source queue author",
     tracking},
    {"score_config", "workspace config_id body", tracking},
    {"evaluation_dataset", "workspace dataset_id name digest fields tags experiments created_by updated_by", tracking},
    {"evaluation_record", "record_id input_digest body", tracking},
    {"scorer", "workspace name scorer_id body", tracking},
    {"issue", "workspace issue_id name description status root_causes categories source_run created_by", tracking},
    {"gateway_item", "workspace kind item_id name body sealed created_by updated_by", tracking},
    {"label_schema", "workspace schema_id name type input instruction", tracking},
    {"review_queue", "workspace queue_id name name_key type owner users schemas", tracking},
    {"review_item", "trace_id status completed_by", tracking},
    {"import_item", "workspace source kind item target digest", otherHash},
    {"blob_upload", "workspace digest actor mac", "keeps content for the first days only: referencedContent() asks it"},
    {"xet_xorb", "workspace hash actor digest", "keeps content for some weeks only: referencedContent() asks it"},
    {"xet_xorb", "mac", keys},
    {"blob_alias", "workspace name created_by", labels},
    {"blob_alias", "mac", keys},
    {"oci_blob", "repository workspace pushed_by", labels},
    {"oci_blob", "digest", "the client's name of the content, which is in the column content"},
    {"oci_blob", "mac", keys},
    {"oci_upload", "id repository workspace actor", labels},
    {"oci_upload_piece", "upload", labels},
    {"path_lock", "workspace path owner", labels},
    {"legal_hold", "workspace kind name_pattern reason placed_by lifted_by lift_reason", labels},
    {"retention_rule", "workspace name body set_by", labels},
    {"retention_application", "workspace started_by outcome", labels},
    {"retention_application", "digest items", otherHash},
    {"blob_pack", "place name", index},
    {"blob_object", "place digest xet extents", index},
    {"ledger_entry", "body action salt mac", history},
    {"ledger_tile", "hashes", history},
    {"ledger_head", "note", history},
    {"ledger_checkpoint", "note", history},
    {"ledger_cosigned", "note", history},
    {"ledger_timestamp", "note response", history},
    {"schema_migration", "name digest", otherHash},
};

class DigestColumnTest : public StoreTest {
 protected:
  /// Columns of text and bytes, "table.column".
  std::set<std::string> live() {
    return read([&](db::Transaction& transaction) {
      std::set<std::string> found;
      db::Rows rows =
          transaction.query(GetParam() == db::Dialect::sqlite
                                ? "SELECT t.name, c.name FROM sqlite_schema t "
                                  "JOIN pragma_table_xinfo(t.name) c WHERE t.type = 'table' AND "
                                  "t.name NOT LIKE 'sqlite%' AND c.type NOT IN ('BIGINT', 'INTEGER', 'REAL', "
                                  "'DOUBLE PRECISION')"
                                : "SELECT table_name, column_name FROM information_schema.columns WHERE "
                                  "table_schema = 'public' AND data_type NOT IN ('bigint', 'integer', 'real', "
                                  "'double precision')");
      while (rows.next()) found.insert(fmt::format("{}.{}", rows.view(0), rows.view(1)));
      return found;
    });
  }
};
REGESTA_ON_BOTH(DigestColumnTest);

TEST_P(DigestColumnTest, EveryColumnIsCollectedFromOrExempt) {
  std::map<std::string, std::string> known;
  for (const DigestColumn& each : digestColumns())
    EXPECT_TRUE(known.emplace(fmt::format("{}.{}", each.table, each.column), "listed").second) << each.table;
  for (const Exemption& each : exemptions) {
    std::istringstream columns{std::string(each.columns)};
    for (std::string column; columns >> column;)
      EXPECT_TRUE(known.emplace(fmt::format("{}.{}", each.table, column), each.reason).second)
          << each.table << '.' << column << " is named twice";
  }
  std::set<std::string> columns = live();
  EXPECT_GT(columns.size(), 200U);
  for (const std::string& column : columns)
    EXPECT_TRUE(known.contains(column)) << column
                                        << " is neither in digestColumns() (src/registry/content_collect.cpp) nor "
                                           "exempt here: garbage collection would remove the content that it names";
  for (const auto& [column, reason] : known) EXPECT_TRUE(columns.contains(column)) << column << " does not exist";
}

}  // namespace
}  // namespace regesta::registry
