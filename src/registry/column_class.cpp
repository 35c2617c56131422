#include "registry/column_class.h"

#include <algorithm>
#include <unordered_map>

#include "base/error.h"
#include "base/text.h"

namespace regesta::registry {
namespace {

/// `columns`: '#' after a name marks an integer, '?' one that may be NULL.
struct Line {
  std::string_view table;
  ColumnClass columnClass;
  std::string_view key, columns, free, reason;
  std::string_view parent = {};
  bool sparse = false, group = false, mac = false;
};

using enum ColumnClass;

constexpr std::string_view telemetry =
    "bulk tracking data: what a version, evidence or a guard rests on is cited by digest in a ledger entry";

constexpr std::string_view review =
    "progress of reviews, which no gate reads: entries of the queue say who set what, and what reviewers answer are "
    "assessments of the traces";

constexpr std::string_view contentIndex =
    "where the bytes of a digest are stored: they are compared with the digest when they are read, and the index can "
    "be "
    "rebuilt from the packs";

constexpr Line lines[] = {
    // registry
    {"workspace", governed, "name", "id# name description created_at#", "", ""},
    {"asset", governed, "id", "id# workspace kind name description created_at# updated_at# created_by last_number#",
     "skeleton",
     "what the name looks like, computed from it; an altered one lets an asset be created that looks like another, "
     "which "
     "the ledger shows"},
    {"asset_tag", governed, "asset key", "asset# key value", "", "", "asset"},
    {"version", governed, "asset id",
     "id# asset# number# semver? digest content description stage source storage run_id run_link model_id created_at# "
     "updated_at# created_by deleted# archived_at#",
     "", "", "asset"},
    {"version_tag", governed, "version key", "version# key value", "", "", "version"},
    {"version_file", governed, "version", "version# path digest size#", "", "", "version", false, true},
    {"version_reference", governed, "version", "version# path uri digest size# about", "", "", "version", false, true},
    {"version_author", governed, "version actor", "version# actor", "", "", "version"},
    {"version_expiry", governed, "version", "version# expires_at# set_at# set_by", "", "", "version"},
    {"version_cited_run", governed, "version", "version# digest", "", "", "version"},
    {"blob_upload", authenticated, "workspace digest actor", "workspace digest actor", "at size",
     "written in bulk: who may name a stored blob, until when (free) and counted by what size (free); what is made of "
     "it is a version, which is governed. An earlier row of the server's own that is put back is not found",
     "", false, false, true},
    {"blob_pack", free, "id", "", "id place name size chunks created_at condemned_at damaged_at checked_at",
     contentIndex},
    {"blob_object", free, "id", "", "id place digest xet size extents touched_at condemned_at", contentIndex},
    {"blob_use", free, "pack object", "", "pack object", contentIndex},
    {"blob_hook", free, "hash pack", "", "hash pack", contentIndex},
    {"alias", governed, "asset name", "asset# name number# moved_at# moved_by", "", "", "asset"},
    {"binding", governed, "id",
     "id# workspace kind name_pattern pointer policy policy_selector opa_url opa_path created_at# created_by", "", ""},
    {"legal_hold", governed, "id",
     "id# workspace kind name_pattern asset# number# reason placed_at# placed_by lifted_at# lifted_by lift_reason", "",
     ""},
    {"incident", governed, "id",
     "id# workspace kind name asset# version# number# version_digest reason facts opened_at# opened_by mitigation# "
     "status closed_at# closed_by conclusion report#",
     "", ""},
    {"incident_note", governed, "incident id", "id# incident# kind text at# actor", "", "", "incident"},
    {"waiver", governed, "id",
     "id# workspace kind name_pattern version# pointer policy code role reason expires_at# status requested_at# "
     "requested_by approved_at# approved_by revoked_at# revoked_by note",
     "", ""},
    {"break_glass", governed, "id",
     "id# workspace kind name asset# pointer from_number# to_number# decision reason used_at# used_by status "
     "reviewed_at# reviewed_by conclusion",
     "", ""},
    {"standing_guard", governed, "asset id",
     "id# asset# alias name body set_at# set_by acted_number# acted_at# outcome", "state why checked_at",
     "what the newest look found, for display", "asset"},
    {"trigger_rule", governed, "workspace name id", "id# workspace name body after_index# set_at# set_by", "", ""},
    {"trigger_firing", governed, "rule id", "id# rule# cause# subject parent# depth# job# outcome fired_at#",
     "problem attempts next_at event",
     "how often a webhook was called, and why that failed; the event of a run, which the entry has too",
     "trigger_rule"},
    {"trigger_cursor", free, "id", "", "id position",
     "up to where triggers have looked at the ledger: an event that is looked at again fires nothing again"},
    {"retention_rule", governed, "workspace name revision", "workspace name revision# body set_at# set_by", "", ""},
    {"retention_application", governed, "id", "id# workspace digest items started_at# started_by finished_at# outcome",
     "", ""},
    {"tree_file", authenticated, "workspace path", "workspace path digest size# modified_at# etag about written_by", "",
     "written in bulk. A row that is gone is found once a version has the file (version_file); an earlier row of the "
     "server's own that is put back is not",
     "", false, false, true},
    {"blob_alias", authenticated, "workspace name", "workspace name digest size# created_at# created_by", "",
     "written in bulk. A row that is gone is found once a version has the file (version_file); an earlier row of the "
     "server's own that is put back is not",
     "", false, false, true},
    {"oci_blob", authenticated, "repository digest", "repository digest workspace content size# pushed_at# pushed_by",
     "",
     "written in bulk: opens content to readers of its repository until a manifest comes; what a manifest brings is a "
     "version, which is governed. An earlier row of the server's own that is put back is not found",
     "", false, false, true},
    {"oci_upload", free, "id", "", "id repository workspace actor size pieces touched_at",
     "an upload that is under way: what has arrived is compared with its digest at the end"},
    {"oci_upload_piece", free, "upload start", "", "upload start digest size",
     "an upload that is under way: what has arrived is compared with its digest at the end"},
    {"xet_xorb", authenticated, "id", "id# workspace hash actor digest first# chunks# bytes# uploaded#",
     "open_bytes used_at",
     "how much of an upload counts as storage, and how long it is kept. A row that is gone makes a client upload again",
     "", false, false, true},
    {"part_upload", authenticated, "id", "id workspace path about checksum created_at# created_by completed", "",
     "uploads under way: a row that is gone, or an earlier one that is put back, ends or repeats an upload of the "
     "caller's "
     "own",
     "", false, false, true},
    {"upload_part", authenticated, "upload number", "upload number# digest size# etag checksum modified_at# written_by",
     "", "parts of such uploads; the client names each by its ETag when it completes the upload", "", false, false,
     true},
    {"path_lock", free, "id", "", "id workspace path owner locked_at",
     "advisory: it tells cooperating Git LFS clients who works on a file, and protects nothing"},
    {"tree_seal", governed, "workspace folder", "workspace folder reason", "", ""},
    {"lineage_edge", governed, "workspace origin target relation", "workspace origin target relation at#", "", ""},
    {"subject_entry", derived, "workspace subject entry", "workspace subject entry#", "",
     "an index over ledger_entry: one row per entry, compared with the entries"},
    {"prompt_use", governed, "version name selector", "version# name selector asset# number#", "", "", "version"},
    {"rollout", governed, "asset id",
     "id# asset# alias stable# plan status step# step_since# baked# hold forced# salt algorithm decision reason "
     "revision# started_at# started_by ended_at# ended_by end_reason evidence",
     "", "", "asset"},
    {"test_suite", governed, "asset id", "id# asset# number# digest cases# content created_at# created_by", "", "",
     "asset"},

    // decision records
    {"record_batch", governed, "id",
     "id# workspace key? digest records# first_at# last_at# created_at# created_by expired_at#", "", ""},
    {"record_subject", governed, "id", "id# erased_at#", "workspace tag key",
     "a wrong key opens no record of the subject and a wrong tag is not that of the subject that they name: `record "
     "verify` finds both",
     "", true},
    {"decision_record", derived, "batch position",
     "batch# position# asset# number# prompt# prompt_number# at# subject# commitment", "body",
     "written in bulk: the leaves of a tree whose root is the digest of the batch, which is governed. The body is "
     "compared with its commitment by `record verify` and whenever it is read"},

    {"card_rule", governed, "id", "id# workspace kind name_pattern template sections set_at# set_by", "", ""},
    {"access_log_rule", governed, "workspace", "workspace percent# keep_days# set_at# set_by", "", ""},
    {"access_log", free, "id", "", "id workspace at actor front action asset number name path bytes",
     "bulk data: what an evidence pack shows of it is digested in the entry that seals the pack"},
    {"lineage_event", free, "id", "", "id workspace at node body",
     "events of clients as they came: the edges made of them are governed, and their entry has the event's digest"},
    {"golden_rule", governed, "id",
     "id# workspace name kind name_pattern dataset# selector dataset_digest file method tolerance repeats# "
     "after_version# created_at# created_by",
     "", ""},
    {"golden_run", governed, "rule id", "id# rule# version# version_digest dataset_digest job# problem created_at#", "",
     "", "golden_rule"},

    // governance
    {"user_account", governed, "id", "id# name password grants disabled# created_at# created_by", "", "", "", false,
     false, true},
    {"user_link", governed, "user_account", "user_account# issuer subject", "", ""},
    {"service_token", governed, "id",
     "id# name hash grants expires_at# revoked# created_at# created_by access_key "
     "trust",
     "", "", "", false, false, true},
    {"evidence", governed, "id",
     "id# workspace kind name number# version# version_digest type verified# digest body summary created_at# "
     "created_by origin job#",
     "", ""},
    {"decision", governed, "digest", "digest workspace kind name pointer result facts body created_at#", "", ""},
    {"change_request", governed, "id",
     "id# workspace kind name pointer action from_number# from_digest to_number# to_digest archive_others# reason "
     "status requested_by opened_at# closed_at# closed_by note decision plan asset# not_before# change_set",
     "", ""},
    {"approval", governed, "change_request actor",
     "change_request# actor roles comment bound decision created_at# on_behalf_of", "", ""},
    {"delegate", governed, "id",
     "id# workspace delegator delegate role starts_at# ends_at# reason added_at# removed_at# removed_by", "", ""},
    {"change_request_comment", governed, "id", "id# change_request# actor body created_at# place", "", ""},
    {"session", governed, "hash", "hash actor created_at# expires_at# via agent", "used_at",
     "when it was last used, noted every few minutes", "", false, false, true},
    {"finished_sign_in", free, "id", "", "id expires_at",
     "identifiers of sign-ins that are over, kept for minutes; a missing one allows a replay only to a person who also "
     "holds the signed cookie and the provider's unused code"},
    {"known_address", free, "name tag", "", "name tag used_at",
     "keyed hashes of addresses that a name signed in from: a row more or less only moves an address between the "
     "limits "
     "of guesses for known and for unknown ones"},
    {"access_state", governed, "one", "one# number#", "", ""},

    // webhooks and jobs
    {"webhook", governed, "id",
     "id# workspace url description actions names secret active# created_at# created_by "
     "name events updated_at# headers template kinds",
     "cursor attempts next_at problem", "the progress of deliveries, which changes with every event"},
    {"webhook_delivery", free, "id", "", "id webhook idx action attempt status problem millis at",
     "a log of attempts for people who look for a fault; pruned all the time"},

    // connections
    {"connection", governed, "id",
     "id# workspace name type url settings users secret active# created_at# created_by updated_at#",
     "state problem attempts blocked_until connected_at",
     "how the newest exchange with the other program went, which changes all the time"},
    {"change_request_link", governed, "connection change_request",
     "id# connection# change_request# ticket ticket_key url linked_at# shown_decision shown_at#",
     "revision looked_at next_at attempts problem finished",
     "the progress of the exchange: what is read again is compared with what was done"},
    {"connection_event", free, "connection event", "", "id connection event ticket stamp signature body received_at",
     "what another program signed; the signature is verified again when it is used"},
    {"subscription", governed, "workspace person name",
     "id# workspace person name address events patterns every confirmation set_at#", "", ""},
    {"notification", free, "id", "", "id subscription entry about text due_at attempts problem sent_at",
     "what is sent to a subscriber, who may read the entries themselves"},
    {"notification_cursor", free, "id", "", "id position",
     "up to where subscriptions have been served: an entry that is looked at again is not sent again"},
    {"connection_mark", free, "change_request connection mark", "", "change_request connection mark note at",
     "what has been exchanged: without a mark, the same review is judged again, and the gate counts each user once for "
     "what the ticket has shown since shown_at, which is governed; the entry of a review names its event"},

    {"job", governed, "id",
     "id# workspace type name subject needs payload status attempts# not_before# lease leased_by reason result "
     "created_at# created_by finished_at#",
     "leased_until", "how long a lease holds, which every heartbeat of its runner extends", "", false, false, true},
    {"import_item", free, "workspace source kind item", "", "workspace source kind item target digest imported_at",
     "what an import need not send again; the entries of an import name each item with its digest"},
    {"server_lease", free, "name", "", "name holder until", "which server runs a task, for seconds"},

    // Git
    {"git_pack", governed, "workspace digest", "workspace digest size# objects# added_at#", "", "", "workspace"},
    {"git_ref", governed, "workspace name", "workspace name target peeled moved_at# moved_by", "", "", "workspace"},
    {"git_file", governed, "workspace name semver", "workspace name semver digest", "", "", "workspace"},
    {"git_alias", governed, "workspace name alias", "workspace name alias semver", "", "", "workspace"},

    // tracking
    {"experiment", governed, "id", "id# workspace name artifact_location stage# created_at# updated_at#", "tags folder",
     "tags are labels that any contributor sets at will, no gate reads them; folder follows from artifact_location"},
    {"run", governed, "id", "id# stage# deleted_at#? sealed_revision# sealed_digest",
     "run_id workspace experiment status start_time end_time revision name user_id artifact_uri "
     "metrics params tags links",
     "the content of a sealed run is compared with the digest of its seal; other runs are bulk tracking data", "",
     true},
    {"metric_log", free, "run key digest", "", "run key digest body", telemetry},
    {"wandb_draft", free, "id", "",
     "id workspace asset_kind asset_name client_id distributed input manifests version created_at created_by",
     "an artifact that is being made: what becomes of it is a version, which is governed"},
    {"wandb_version", free, "version", "", "version type digest step source",
     "what W&B's clients call a version; what they load is in version_file, version_reference and version_tag"},
    {"wandb_registry", governed, "workspace name",
     "workspace name description types created_at# updated_at# created_by", "", ""},
    {"wandb_run", free, "run", "", "run experiment name config summary created_at heartbeat_at history events logs",
     telemetry},
    {"sweep", free, "id", "",
     "id experiment name display_name description config state seed created_at updated_at created_by", telemetry},
    {"sweep_agent", free, "id", "", "id sweep host created_at heartbeat_at", telemetry},
    {"sweep_trial", free, "sweep position", "", "sweep position agent run settings given_at", telemetry},
    {"wandb_line", free, "run stream first", "", "run stream first lines body", telemetry},
    {"dataset", free, "id", "", "id experiment name digest source_type source schema_text profile", telemetry},
    {"dataset_context", free, "dataset context", "", "dataset context", telemetry},
    {"logged_model", authenticated, "id",
     "id# model_id workspace experiment# stage# status# created_at# updated_at# name model_type source_run "
     "artifact_uri "
     "params tags",
     "",
     "written in bulk; its entry when it is finalized has the digest of its files. An earlier row of the server's "
     "own that is put back is not found; a row that is gone is, once a version is made of it",
     "", false, false, true},
    {"model_metric", free, "model key timestamp step run_id", "",
     "model key timestamp step run_id value dataset_name dataset_digest",
     "bulk tracking data: what clients claim of a logged model. Changes through the server are recorded with both "
     "digests once a version is made of it, and a decision stores what it saw"},
    {"trace", free, "id", "",
     "id workspace trace_id experiment request_time duration state finalized client_request_id request_preview "
     "response_preview tags metadata assessments links",
     telemetry},
    {"awaited_trace", free, "id", "", "id workspace trace_id experiment run_id", telemetry},
    {"span", free, "trace span_id", "", "trace span_id parent name type status start_ns end_ns body", telemetry},
    {"trace_link", free, "id", "", "id workspace trace span asset number", telemetry},
    {"trace_value", free, "id", "", "id workspace trace span metric value unit key at source actor", telemetry},
    {"report", free, "id", "", "id asset number metric value unit key at source", telemetry},
    {"report_summary", free, "asset number metric hour", "", "asset number metric hour summary", telemetry},
    {"score", free, "id", "",
     "id workspace score_id name type value text trace observation session dataset_run comment metadata environment "
     "config source queue author at created_at updated_at experiment",
     telemetry},
    {"guard_state", free, "rollout guard arm", "", "rollout guard arm state",
     "running sums over reports; what a guard acted on is in the evidence that its entry cites"},
    {"guard_unit", free, "rollout guard unit", "", "rollout guard unit first_at at",
     "running sums over reports; what a guard acted on is in the evidence that its entry cites"},
    {"evaluation_dataset", governed, "id",
     "id# workspace dataset_id name digest fields records# created_at# created_by updated_by",
     "tags experiments updated_at", "labels and links that any contributor sets at will; no gate reads them"},
    {"evaluation_record", governed, "dataset id", "id# dataset# record_id input_digest body created_at# updated_at#",
     "", "", "evaluation_dataset"},
    {"scorer", governed, "id", "id# workspace experiment# name scorer_id version# body created_at#", "", ""},
    {"issue", governed, "id",
     "id# workspace issue_id experiment# name description status severity# root_causes categories source_run "
     "created_by created_at# updated_at#",
     "", ""},
    {"label_schema", governed, "id",
     "id# workspace schema_id experiment# name type input instruction enable_comment# created_at# updated_at#", "", ""},
    {"review_queue", governed, "id",
     "id# workspace queue_id experiment# name name_key type owner users schemas created_at# updated_at#", "", ""},
    {"review_item", free, "id", "", "id queue trace trace_id status completed_by completed_at created_at updated_at",
     review},
    {"gateway_item", governed, "id",
     "id# workspace kind item_id name body sealed created_by updated_by created_at# updated_at#", "", ""},
    {"score_config", governed, "id", "id# workspace config_id body created_at# updated_at#", "", ""},

    // the ledger itself, and the migrations
    {"ledger_entry", ledger, "id", "id# idx#? time# body action? salt? mac refused#?", "",
     "the entry's leaf is in the signed tree; an entry without an index yet carries a MAC"},
    {"ledger_tile", ledger, "level number", "level# number# bundle#? hashes", "",
     "hashes are compared with the entries"},
    {"ledger_head", ledger, "id", "id# size# time# note", "", "signed"},
    {"ledger_checkpoint", ledger, "size", "size# note", "time",
     "when it was signed, for people: nothing reads it. The rest is signed; an empty table is found, a single row that "
     "is gone is not: the head and the kept checkpoint bind the "
     "tree"},
    {"ledger_cosigned", ledger, "size", "size# time# quorum# note", "",
     "signed by the log and by witnesses; a row counts only if its note satisfies the witness policy of its reader"},
    {"ledger_timestamp", ledger, "size", "size# time# note response", "",
     "signed by the log and by the time-stamping authority"},
    {"schema_migration", free, "name", "", "name digest applied_at",
     "which migrations ran; the program compares their digests when it starts"},
};

TableClass compile(const Line& line) {
  TableClass table{.table = line.table,
                   .columnClass = line.columnClass,
                   .key = split(line.key, ' '),
                   .reason = line.reason,
                   .parent = line.parent,
                   .sparse = line.sparse,
                   .group = line.group,
                   .mac = line.mac};
  if (!line.free.empty()) table.free = split(line.free, ' ');
  if (line.columns.empty()) return table;
  for (std::string_view column : split(line.columns, ' ')) {
    bool nullable = column.ends_with('?');
    if (nullable) column.remove_suffix(1);
    bool number = column.ends_with('#');
    if (number) column.remove_suffix(1);
    table.columns.push_back({column, number, nullable});
  }
  std::ranges::sort(table.columns, {}, &Column::name);
  for (const Column& column : table.columns) {
    if (!table.list.empty()) table.list += ", ";
    table.list += column.name;
  }
  return table;
}

}  // namespace

std::span<const TableClass> tableClasses() {
  static const std::vector<TableClass> all = [] {
    std::vector<TableClass> compiled;
    for (const Line& line : lines) compiled.push_back(compile(line));
    return compiled;
  }();
  return all;
}

const TableClass* findTableClass(std::string_view table) {
  static const auto byName = [] {
    std::unordered_map<std::string_view, const TableClass*> map;
    for (const TableClass& one : tableClasses()) map.emplace(one.table, &one);
    return map;
  }();
  auto found = byName.find(table);
  return found == byName.end() ? nullptr : found->second;
}

}  // namespace regesta::registry
