#include "api/native/front.h"

#include "api/native/access_log.h"
#include "api/native/aliases.h"
#include "api/native/assets.h"
#include "api/native/attestations.h"
#include "api/native/blobs.h"
#include "api/native/boms.h"
#include "api/native/cards.h"
#include "api/native/change_requests.h"
#include "api/native/comments.h"
#include "api/native/connections.h"
#include "api/native/decisions.h"
#include "api/native/delegates.h"
#include "api/native/delivery.h"
#include "api/native/evidence.h"
#include "api/native/experiments.h"
#include "api/native/golden.h"
#include "api/native/guards.h"
#include "api/native/holds.h"
#include "api/native/import_registry.h"
#include "api/native/import_traces.h"
#include "api/native/imports.h"
#include "api/native/incidents.h"
#include "api/native/jobs.h"
#include "api/native/ledger.h"
#include "api/native/lineage.h"
#include "api/native/moves.h"
#include "api/native/oidc.h"
#include "api/native/opa_bundles.h"
#include "api/native/opa_logs.h"
#include "api/native/openlineage.h"
#include "api/native/policies.h"
#include "api/native/prompt_tests.h"
#include "api/native/prompt_tools.h"
#include "api/native/prompts.h"
#include "api/native/records.h"
#include "api/native/reports.h"
#include "api/native/retention.h"
#include "api/native/rollouts.h"
#include "api/native/runs.h"
#include "api/native/session.h"
#include "api/native/standing_guards.h"
#include "api/native/subscriptions.h"
#include "api/native/tokens.h"
#include "api/native/triggers.h"
#include "api/native/usage.h"
#include "api/native/users.h"
#include "api/native/version_diff.h"
#include "api/native/versions.h"
#include "api/native/waivers.h"
#include "api/native/webhooks.h"
#include "api/native/workspaces.h"

namespace regesta::api::native {

namespace {

http::Response renderError(const http::Request& /*request*/, const Error& error) {
  http::Response response = errorHead(error, httpStatus(error.code));
  JsonWriter writer(response.body);
  writer.object().key("error").object().key("code").text(codeName(error.code)).key("message").text(error.message);
  if (!error.detail.empty()) writer.key("detail").raw(error.detail);
  writer.end().end();
  return response;
}

// Handlers check the asset's name, too: the rule here is what the workspace must allow at least.
const Route routes[] = {
    get("/api/v1/workspaces", "List workspaces", scanning(signedIn()), listWorkspaces),
    post("/api/v1/workspaces", "Create a workspace", administers("workspaces"), createWorkspace),
    get("/api/v1/workspaces/{name}", "Get a workspace", signedIn(), getWorkspace),
    patch("/api/v1/workspaces/{name}", "Update a workspace", administers("workspaces"), describeWorkspace),
    del("/api/v1/workspaces/{name}", "Delete a workspace", administers("workspaces"), deleteWorkspace),

    post("/api/v1/blobs/collect", "Collect unused blobs", administers("blobs"), collectBlobs),
    post("/api/v1/blobs/scrub", "Compare stored packs with their hashes", administers("blobs"), scrubBlobs),
    post("/api/v1/blobs/repack", "Move whole files into packs and merge packs", administers("blobs"), repackBlobs),
    post("/api/v1/blobs/reindex", "Rebuild the index of blobs from the packs", administers("blobs"), reindexBlobs),

    get("/api/v1/assets", "List assets", scanning(reads("assets")), listAssets),
    post("/api/v1/assets", "Create an asset", writes("assets"), createAsset),
    get("/api/v1/assets/{kind}/{name}", "Get an asset", reads("assets"), getAsset),
    patch("/api/v1/assets/{kind}/{name}", "Update an asset", writes("assets"), changeAsset),
    del("/api/v1/assets/{kind}/{name}", "Delete an asset", writes("assets"), deleteAsset),
    put("/api/v1/assets/{kind}/{name}/tags/{key}", "Set an asset tag", writes("assets"), setAssetTag),
    del("/api/v1/assets/{kind}/{name}/tags/{key}", "Delete an asset tag", writes("assets"), deleteAssetTag),

    get("/api/v1/assets/{kind}/{name}/versions", "List versions of an asset", scanning(reads("versions")),
        listVersions),
    post("/api/v1/assets/{kind}/{name}/versions", "Create a version of an asset", writes("versions"), createVersion),
    get("/api/v1/assets/{kind}/{name}/versions/{selector}", "Get a version", reads("versions"), getVersion),
    patch("/api/v1/assets/{kind}/{name}/versions/{selector}", "Update the description of a version", writes("versions"),
          describeVersion),
    del("/api/v1/assets/{kind}/{name}/versions/{selector}", "Delete a version", writes("versions"), deleteVersion),
    post("/api/v1/assets/{kind}/{name}/versions/{selector}/archive", "Archive a version", writes("versions"),
         archiveVersion),
    post("/api/v1/assets/{kind}/{name}/versions/{selector}/restore", "Restore an archived version", writes("versions"),
         restoreVersion),
    put("/api/v1/assets/{kind}/{name}/versions/{selector}/expiry", "Set when a version is deleted", writes("versions"),
        setVersionExpiry),
    del("/api/v1/assets/{kind}/{name}/versions/{selector}/expiry", "Remove the expiry of a version", writes("versions"),
        removeVersionExpiry),
    put("/api/v1/assets/{kind}/{name}/versions/{selector}/tags/{key}", "Set a version tag", writes("versions"),
        setVersionTag),
    del("/api/v1/assets/{kind}/{name}/versions/{selector}/tags/{key}", "Delete a version tag", writes("versions"),
        deleteVersionTag),
    get("/api/v1/assets/{kind}/{name}/versions/{selector}/files", "List files of a version",
        scanning(reads("versions")), listFiles),
    get("/api/v1/assets/{kind}/{name}/versions/{selector}/provenance", "Get the signed provenance of a version",
        scanning(reads("versions")), getProvenance),
    get("/api/v1/assets/{kind}/{name}/versions/{selector}/bom", "Get the bill of materials of a version",
        scanning(reads("versions")), getBom),
    get("/api/v1/assets/{kind}/{name}/versions/{selector}/croissant", "Get the Croissant metadata of a dataset version",
        scanning(reads("versions")), getCroissant),
    get("/api/v1/assets/{kind}/{name}/versions/{selector}/card", "Get a draft of a version's card",
        scanning(reads("versions")), draftCard),
    get("/api/v1/assets/{kind}/{name}/versions/{selector}/diff", "Compare the files of two versions",
        scanning(reads("versions")), compareVersions),

    get("/api/v1/assets/{kind}/{name}/aliases", "List aliases of an asset", scanning(reads("aliases")), listAliases),
    get("/api/v1/assets/{kind}/{name}/aliases/{alias}", "Get an alias", scanning(reads("aliases")), aliasAt),
    put("/api/v1/assets/{kind}/{name}/aliases/{alias}", "Move an alias to a version", writes("aliases"), moveAlias),
    del("/api/v1/assets/{kind}/{name}/aliases/{alias}", "Delete an alias", writes("aliases"), removeAlias),
    post("/api/v1/assets/{kind}/{name}/aliases/{alias}/rollback", "Roll back an alias", writes("aliases"), rollback),
    get("/api/v1/assets/{kind}/{name}/aliases/{alias}/history", "List the moves of an alias",
        scanning(reads("aliases")), aliasHistory),
    post("/api/v1/assets/{kind}/{name}/stages", "Move a version to a stage", writes("aliases"), moveStage),
    post("/api/v1/moves", "Move aliases and stages together", writes("aliases"), moveTogether),

    get("/api/v1/assets/{kind}/{name}/standing-guards", "List standing guards of an asset",
        searching(reads("standing-guards")), listStandingGuards),
    put("/api/v1/assets/{kind}/{name}/standing-guards/{alias}/{guard}", "Set a standing guard",
        writes("standing-guards"), setStandingGuard),
    del("/api/v1/assets/{kind}/{name}/standing-guards/{alias}/{guard}", "Delete a standing guard",
        writes("standing-guards"), deleteStandingGuard),

    get("/api/v1/holds", "List legal holds", scanning(reads("holds")), listHolds),
    post("/api/v1/holds", "Place a legal hold", administers("holds"), placeHold),
    get("/api/v1/holds/{id}", "Get a legal hold", reads("holds"), getHold),
    post("/api/v1/holds/{id}/lift", "Lift a legal hold", administers("holds"), liftHold),

    get("/api/v1/retention/rules", "List retention rules", scanning(administers("retention")), listRetentionRules),
    put("/api/v1/retention/rules/{name}", "Set a retention rule", administers("retention"), setRetentionRule),
    del("/api/v1/retention/rules/{name}", "Delete a retention rule", administers("retention"), deleteRetentionRule),
    get("/api/v1/retention/plan", "Get what the retention rules would archive and delete",
        searching(administers("retention")), planRetention),
    post("/api/v1/retention/apply", "Apply a retention plan", administers("retention"), applyRetention),

    get("/api/v1/usage", "Get the storage use of a workspace", searching(reads("usage")), getUsage),
    get("/api/v1/usage/workspaces", "List the storage use of all workspaces", searching(signedIn()),
        listWorkspaceUsage),

    get("/api/v1/prompts", "List prompts", scanning(reads("prompts")), listPrompts),
    post("/api/v1/prompts/{name}/versions", "Create a prompt version", writes("prompts"), createPromptVersion),
    get("/api/v1/prompts/{name}/versions/{selector}", "Get a prompt version", reads("prompts"), getPromptVersion,
        sendPromptVersion),
    get("/api/v1/prompts/{name}/resolve", "Resolve a prompt", reads("prompts"), resolvePrompt, sendResolvedPrompt),
    get("/api/v1/prompts/{name}/snapshot", "Get everything an agent needs to resolve a prompt",
        scanning(reads("prompts")), promptSnapshot),
    get("/api/v1/rollouts", "List active rollouts", scanning(reads("rollouts")), listActiveRollouts),
    get("/api/v1/prompts/{name}/rollouts", "List rollouts of a prompt", scanning(reads("rollouts")), listRollouts),
    post("/api/v1/prompts/{name}/rollouts", "Start a rollout", writes("rollouts"), startRollout),
    get("/api/v1/prompts/{name}/rollouts/{id}", "Get a rollout", reads("rollouts"), getRollout),
    post("/api/v1/prompts/{name}/rollouts/{id}/pause", "Pause a rollout", writes("rollouts"), pauseRollout),
    post("/api/v1/prompts/{name}/rollouts/{id}/resume", "Resume a rollout", writes("rollouts"), resumeRollout),
    post("/api/v1/prompts/{name}/rollouts/{id}/advance", "Advance a rollout to the next step", writes("rollouts"),
         advanceRollout),
    post("/api/v1/prompts/{name}/rollouts/{id}/stop", "Stop a rollout", writes("rollouts"), stopRollout),
    post("/api/v1/prompts/{name}/rollouts/{id}/rollback", "Roll back a rollout", writes("rollouts"), rollbackRollout),
    post("/api/v1/prompts/{name}/rollouts/{id}/kill", "Disable the arms of a rollout", writes("rollouts"), killRollout),
    post("/api/v1/prompts/{name}/rollouts/{id}/complete", "Complete a rollout", writes("rollouts"), completeRollout),
    get("/api/v1/prompts/{name}/rollouts/{id}/guards", "Get the guards of a rollout", scanning(reads("rollouts")),
        rolloutGuards),
    post("/api/v1/prompts/{name}/reports", "Add quality reports", writes("reports"), addReports),
    get("/api/v1/prompts/{name}/quality", "Get the quality of a prompt per version", searching(reads("reports")),
        promptQuality),
    post("/api/v1/prompts/{name}/render", "Render a prompt version", trial(reads("prompts")), renderPrompt),
    post("/api/v1/prompts/{name}/plan", "Preview a prompt version without creating it", trial(reads("prompts")),
         planPromptVersion),
    get("/api/v1/prompts/{name}/diff", "Compare two prompt versions", trial(reads("prompts")), diffPromptVersions),
    post("/api/v1/prompts/lint", "Lint a prompt", trial(reads("prompts")), lintPrompt),

    get("/api/v1/prompts/{name}/tests", "Get the tests of a prompt", scanning(reads("prompts")), getPromptTests),
    put("/api/v1/prompts/{name}/tests", "Set the tests of a prompt", writes("prompts"), setPromptTests),
    post("/api/v1/prompts/{name}/versions/{selector}/tests", "Test a prompt version", writes("prompts"),
         runPromptTests),

    get("/api/v1/jobs", "List jobs", scanning(reads("jobs")), listJobs),
    get("/api/v1/jobs/{id}", "Get a job", reads("jobs"), getJob),
    post("/api/v1/jobs/{id}/heartbeat", "Extend the lease of a job", runs("jobs"), heartbeat),
    post("/api/v1/jobs/{id}/complete", "Complete a job", runs("jobs"), completeJob),
    post("/api/v1/jobs/{id}/fail", "Report a failed job", runs("jobs"), failJob),

    get("/api/v1/experiments", "List experiments", scanning(reads("experiments")), listExperiments),
    get("/api/v1/runs", "List runs", scanning(reads("runs")), listRuns),
    get("/api/v1/runs/keys", "List metric, param and tag keys of runs", scanning(reads("runs")), listRunKeys),
    get("/api/v1/runs/curves", "Get metric curves of runs", scanning(reads("runs")), getCurves),
    get("/api/v1/runs/{id}", "Get a run", reads("runs"), getRun),

    get("/api/v1/evidence", "List evidence", scanning(reads("evidence")), listEvidence),
    post("/api/v1/evidence", "Attach evidence to a version", writes("evidence"), addEvidence),
    get("/api/v1/evidence/{id}", "Get evidence", reads("evidence"), getEvidence),
    post("/api/v1/evidence/evaluate", "Compute evidence from predictions", writes("evidence"), evaluateEvidence),
    post("/api/v1/evidence/scan", "Scan the files of a version", writes("evidence"), scanEvidence),
    post("/api/v1/assets/{kind}/{name}/versions/{selector}/release", "Release a version from quarantine",
         approves("versions"), releaseVersion),

    get("/api/v1/card-templates", "List card templates", reads("card-rules"), listCardTemplates),
    get("/api/v1/card-rules", "List card rules", reads("card-rules"), listCardRules),
    put("/api/v1/card-rules", "Set a card rule", administers("card-rules"), setCardRule),
    del("/api/v1/card-rules/{id}", "Delete a card rule", administers("card-rules"), deleteCardRule),
    get("/api/v1/golden-rules", "List golden rules", scanning(reads("golden-rules")), listGoldenRules),
    post("/api/v1/golden-rules", "Create a golden rule", administers("golden-rules"), createGoldenRule),
    get("/api/v1/golden-rules/{name}", "Get a golden rule with its results", scanning(reads("golden-rules")),
        getGoldenRule),
    del("/api/v1/golden-rules/{name}", "Delete a golden rule", administers("golden-rules"), deleteGoldenRule),
    post("/api/v1/golden-rules/{name}/run", "Run a golden rule on a version", writes("golden-rules"), runGoldenRule),

    get("/api/v1/opa/bundles/{name}", "Get a policy as a bundle for OPA", scanning(reads("policies")), getBundle),
    rawBody(post("/api/v1/opa/logs", "Add a decision log of OPA as decision records",
                 waiting(writes("the policies that decided")), takeDecisionLog)),
    get("/api/v1/waivers", "List waivers", scanning(reads("waivers")), listWaivers),
    post("/api/v1/waivers", "Request a waiver", writes("waivers"), requestWaiver),
    get("/api/v1/waivers/{id}", "Get a waiver", reads("waivers"), getWaiver),
    post("/api/v1/waivers/{id}/approve", "Approve a waiver", approves("waivers"), approveWaiver),
    post("/api/v1/waivers/{id}/revoke", "Revoke a waiver", waiting(reads("waivers")), revokeWaiver),
    get("/api/v1/delegates", "List delegates", scanning(reads("delegates")), listDelegates),
    post("/api/v1/delegates", "Add a delegate", approves("delegates"), addDelegate),
    get("/api/v1/delegates/{id}", "Get a delegate", reads("delegates"), getDelegate),
    post("/api/v1/delegates/{id}/remove", "Remove a delegate", waiting(reads("delegates")), removeDelegate),
    get("/api/v1/break-glass", "List reviews of moves against the policies", scanning(reads("break-glass")),
        listBreakGlass),
    get("/api/v1/break-glass/{id}", "Get the review of a move against the policies", reads("break-glass"),
        getBreakGlass),
    post("/api/v1/break-glass/{id}/review", "Review a move against the policies", approves("break-glass"),
         reviewBreakGlass),

    get("/api/v1/incidents", "List incidents", scanning(reads("incidents")), listIncidents),
    post("/api/v1/incidents", "Open an incident", waiting(reads("incidents")), openIncident),
    get("/api/v1/incidents/{id}", "Get an incident", searching(reads("incidents")), getIncident),
    post("/api/v1/incidents/{id}/notes", "Add a note to an incident", waiting(reads("incidents")), addIncidentNote),
    post("/api/v1/incidents/{id}/mitigation", "Set the mitigation of an incident", waiting(reads("incidents")),
         setMitigation),
    post("/api/v1/incidents/{id}/rollback", "Roll back what points to the version of an incident",
         waiting(reads("incidents")), rollBackIncident),
    post("/api/v1/incidents/{id}/close", "Close an incident", waiting(reads("incidents")), closeIncident),
    get("/api/v1/incidents/{id}/report", "Get the report of an incident", searching(reads("incidents")),
        incidentReport),

    get("/api/v1/policies", "List policies", scanning(reads("policies")), listPolicies),
    post("/api/v1/policies/{name}", "Create a policy version", administers("policies"), createPolicy),
    post("/api/v1/policies/check", "Check policy modules", trial(reads("policies")), checkPolicy),
    post("/api/v1/policies/test", "Run the tests of a policy", trial(reads("policies")), testPolicy),
    post("/api/v1/policies/eval", "Evaluate a policy", trial(reads("policies")), evaluatePolicy),
    get("/api/v1/policies/bindings", "List policy bindings", scanning(reads("policies")), listBindings),
    post("/api/v1/policies/bindings", "Bind a policy", administers("policies"), createBinding),
    del("/api/v1/policies/bindings/{id}", "Delete a policy binding", administers("policies"), deleteBinding),

    get("/api/v1/change-requests", "List change requests", scanning(reads("change-requests")), listChangeRequests),
    post("/api/v1/change-requests", "Create a change request", writes("change-requests"), createChangeRequest),
    get("/api/v1/change-requests/{id}", "Get a change request", scanning(reads("change-requests")), getChangeRequest),
    post("/api/v1/change-requests/{id}/approve", "Approve a change request", waiting(reads("change-requests")),
         approveChangeRequest),
    post("/api/v1/change-requests/{id}/reject", "Reject a change request", waiting(reads("change-requests")),
         rejectChangeRequest),
    post("/api/v1/change-requests/{id}/withdraw", "Withdraw a change request", waiting(reads("change-requests")),
         withdrawChangeRequest),
    post("/api/v1/change-requests/{id}/retry", "Re-evaluate a change request", waiting(reads("change-requests")),
         retryChangeRequest),
    get("/api/v1/change-requests/{id}/comments", "List comments of a change request",
        scanning(reads("change-requests")), listComments),
    post("/api/v1/change-requests/{id}/comments", "Comment on a change request", waiting(reads("change-requests")),
         addComment),
    get("/api/v1/approvals", "List change requests that wait for approval", scanning(reads("approvals")),
        listApprovals),

    get("/api/v1/decisions", "List decisions", scanning(reads("decisions")), listDecisions),
    get("/api/v1/decisions/{digest}", "Get a decision", reads("decisions"), getDecision),
    get("/api/v1/decisions/{digest}/attestation", "Get the signed summary of a decision", reads("decisions"),
        getDecisionAttestation),
    post("/api/v1/decisions/{digest}/replay", "Replay a decision", trial(reads("decisions")), replayDecision),

    get("/api/v1/records", "List decision records", searching(reads("records")), listRecords),
    get("/api/v1/records/{id}", "Get a decision record", waiting(reads("records")), getRecord),
    post("/api/v1/records/erase", "Delete the key to the records of a subject", administers("records"), eraseSubject),
    post("/api/v1/records/expire", "Delete old decision records", administers("records"), expireRecords),
    get("/api/v1/record-batches", "List batches of decision records", scanning(reads("records")), listRecordBatches),
    post("/api/v1/record-batches/{id}/verify", "Verify a batch of decision records", searching(reads("records")),
         verifyRecordBatch),

    get("/api/v1/lineage/graph", "Get the lineage of a node", scanning(reads("lineage")), lineageGraph),

    post("/api/v1/lineage", "Add an event of OpenLineage", writes("lineage"), addLineage),
    get("/api/v1/lineage/impact", "List what a node affects", searching(reads("lineage")), lineageImpact),
    get("/api/v1/lineage/export", "Export the lineage of a node", searching(reads("lineage")), exportLineage),

    get("/api/v1/access-log", "List reads and downloads", searching(reads("access-log")), listAccess),
    get("/api/v1/access-log/rule", "Get how much of the reads is kept", reads("access-log"), getAccessLog),
    put("/api/v1/access-log/rule", "Set how much of the reads is kept", administers("access-log"), setAccessLog),

    get("/api/v1/ledger", "Get the state of the ledger", reads("ledger"), ledgerState),
    get("/api/v1/ledger/entries", "List ledger entries", scanning(reads("ledger")), listEntries),
    get("/api/v1/ledger/entries/{index}", "Get a ledger entry", reads("ledger"), getEntry),
    get("/api/v1/ledger/entries/{index}/receipt", "Get the receipt of a ledger entry", reads("ledger"), getReceipt),
    post("/api/v1/ledger/verify", "Verify the ledger", administers("ledger"), verifyLedger),
    get("/ledger/checkpoint", "Get the latest checkpoint", open(), publicCheckpoint),
    get("/ledger/checkpoint/latest", "Get the latest checkpoint without cosignatures", open(), latestCheckpoint),
    get("/ledger/attestation-key", "Get the key that signs attestations", open(), attestationKey),
    get("/ledger/timestamp", "Get the latest timestamp of a checkpoint", open(), publicTimestamp),
    get("/ledger/timestamp/checkpoint", "Get the checkpoint that has the latest timestamp", open(),
        timestampedCheckpoint),
    get("/ledger/key", "Get the verifier key", open(), publicKey),
    get("/ledger/tile/{path...}", "Get a tile of the ledger", open(), publicTile),

    post("/api/v1/session", "Sign in with a name and password", waiting(open()), openSession),
    del("/api/v1/session", "Sign out", waiting(open()), closeSession),
    get("/api/v1/session/ways", "List the ways to sign in", open(), listSignInMethods),
    get("/api/v1/session/oidc/start", "Start signing in through an identity provider", waiting(open()), beginSignIn),
    rawBody(get("/api/v1/session/oidc/callback", "Finish signing in through an identity provider", waiting(open()),
                finishSignIn)),
    get("/api/v1/session/oidc/sign-out", "Sign out at the identity provider", waiting(open()), signOutAtProvider),
    get("/api/v1/sessions", "List your sessions", scanning(signedIn()), listSessions),
    del("/api/v1/sessions", "End all of your sessions", waiting(signedIn()), closeSessions),
    del("/api/v1/sessions/{id}", "End one of your sessions", waiting(signedIn()), endSession),
    get("/api/v1/users", "List users", administers("users"), listUsers),
    post("/api/v1/users", "Create a user", administers("users"), createUser),
    get("/api/v1/users/me", "Get the current user", signedIn(), whoAmI),
    put("/api/v1/users/{name}/password", "Set the password of a user", waiting(signedIn()), setPassword),
    put("/api/v1/users/{name}/grants", "Set the grants of a user", administers("users"), setGrants),
    del("/api/v1/users/{name}/sessions", "End all sessions of a user", administers("users"), endSessionsOf),
    del("/api/v1/users/{name}", "Delete a user", administers("users"), deleteUser),
    put("/api/v1/users/{name}/link", "Link a user to the identity provider", administers("users"), linkUser),
    del("/api/v1/users/{name}/link", "Unlink a user from the identity provider", administers("users"), unlinkUser),

    get("/api/v1/connections", "List connections", administers("connections"), listConnections),
    get("/api/v1/connections/{name}", "Get a connection", administers("connections"), getConnection),
    put("/api/v1/connections/{name}", "Set a connection", administers("connections"), setConnection),
    del("/api/v1/connections/{name}", "Delete a connection", administers("connections"), deleteConnection),
    post("/api/v1/connections/{name}/test", "Test a connection", administers("connections"), testConnection),
    rawBody(post("/api/v1/connections/{name}/events", "Report an event in a connected program", waiting(open()),
                 takeConnectionEvent)),
    get("/api/v1/subscriptions", "List your subscriptions", scanning(reads("subscriptions")), listSubscriptions),
    put("/api/v1/subscriptions/{name}", "Set a subscription", waiting(reads("subscriptions")), setSubscription),
    post("/api/v1/subscriptions/{name}/confirm", "Confirm the address of a subscription",
         waiting(reads("subscriptions")), confirmSubscription),
    del("/api/v1/subscriptions/{name}", "Delete a subscription", waiting(reads("subscriptions")), deleteSubscription),
    get("/api/v1/triggers", "List triggers", scanning(reads("triggers")), listTriggers),
    put("/api/v1/triggers/{name}", "Set a trigger", administers("triggers"), setTrigger),
    get("/api/v1/triggers/{name}", "Get a trigger with what it did", scanning(reads("triggers")), getTrigger),
    del("/api/v1/triggers/{name}", "Delete a trigger", administers("triggers"), deleteTrigger),
    get("/api/v1/imports", "List sources of imports", administers("imports"), listImports),
    get("/api/v1/imports/{source}/items", "List imported items", administers("imports"), listImportItems),
    post("/api/v1/imports/{source}/experiments", "Import experiments", administers("imports"), importExperiments),
    post("/api/v1/imports/{source}/runs", "Import runs", administers("imports"), importRuns),
    post("/api/v1/imports/{source}/logged-models", "Import logged models", administers("imports"), importLoggedModels),
    post("/api/v1/imports/{source}/assets", "Import models and prompts", administers("imports"), importAssets),
    post("/api/v1/imports/{source}/versions", "Import versions", administers("imports"), importVersions),
    post("/api/v1/imports/{source}/pointers", "Import aliases and stages", administers("imports"), importPointers),
    post("/api/v1/imports/{source}/traces", "Import traces", administers("imports"), importTraces),
    post("/api/v1/imports/{source}/files", "Import files of a run or logged model", administers("imports"),
         importFiles),
    post("/api/v1/imports/{source}/finish", "Finish an import", administers("imports"), finishImport),

    get("/api/v1/webhooks", "List webhooks", administers("webhooks"), listWebhooks),
    post("/api/v1/webhooks", "Create a webhook", administers("webhooks"), createWebhook),
    get("/api/v1/webhooks/{id}", "Get a webhook", administers("webhooks"), getWebhook),
    patch("/api/v1/webhooks/{id}", "Update a webhook", administers("webhooks"), changeWebhook),
    del("/api/v1/webhooks/{id}", "Delete a webhook", administers("webhooks"), deleteWebhook),
    post("/api/v1/webhooks/{id}/test", "Send a test event to a webhook", administers("webhooks"), testWebhook),
    get("/api/v1/webhooks/{id}/deliveries", "List deliveries of a webhook", administers("webhooks"), listDeliveries),

    get("/api/v1/tokens", "List tokens", administers("tokens"), listTokens),
    post("/api/v1/tokens", "Create a token", administers("tokens"), createToken),
    rawBody(post("/api/v1/tokens/exchange", "Exchange an ID token for a token", waiting(open()), exchangeToken)),
    del("/api/v1/tokens/{name}", "Revoke a token", administers("tokens"), revokeToken),
};

}  // namespace

const Dialect& dialect() {
  static const Dialect native{
      .name = "native",
      .manner = {.forbidUnknown = true},
      .wantsJsonType = true,  // and with it no page of another origin can make a browser on this machine write here
      .sessions = true,
      .renderError = renderError,
  };
  return native;
}

Front front() {
  static constexpr std::string_view below[] = {"/api/", "/ledger/"};
  return {.dialect = dialect(), .routes = routes, .prefixes = below, .streams = streams()};
}

}  // namespace regesta::api::native
