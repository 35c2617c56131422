#include "api/native/front.h"

#include "api/native/aliases.h"
#include "api/native/assets.h"
#include "api/native/change_requests.h"
#include "api/native/comments.h"
#include "api/native/decisions.h"
#include "api/native/delivery.h"
#include "api/native/evidence.h"
#include "api/native/experiments.h"
#include "api/native/guards.h"
#include "api/native/jobs.h"
#include "api/native/ledger.h"
#include "api/native/lineage.h"
#include "api/native/oidc.h"
#include "api/native/policies.h"
#include "api/native/prompt_tests.h"
#include "api/native/prompt_tools.h"
#include "api/native/prompts.h"
#include "api/native/reports.h"
#include "api/native/rollouts.h"
#include "api/native/runs.h"
#include "api/native/session.h"
#include "api/native/tokens.h"
#include "api/native/users.h"
#include "api/native/versions.h"
#include "api/native/webhooks.h"
#include "api/native/workspaces.h"

namespace regesta::api::native {

namespace {

http::Response renderError(const Error& error) {
  http::Response response = errorHead(error, httpStatus(error.code));
  JsonWriter writer(response.body);
  writer.object().key("error").object().key("code").text(codeName(error.code)).key("message").text(error.message);
  if (!error.detail.empty()) writer.key("detail").raw(error.detail);
  writer.end().end();
  return response;
}

// Handlers check the asset's name, too: the rule here is what the workspace must allow at least.
const Route routes[] = {
    get("/api/v1/workspaces", signedIn(), listWorkspaces),
    post("/api/v1/workspaces", administers("workspaces"), createWorkspace),
    get("/api/v1/workspaces/{name}", signedIn(), getWorkspace),
    patch("/api/v1/workspaces/{name}", administers("workspaces"), describeWorkspace),
    del("/api/v1/workspaces/{name}", administers("workspaces"), deleteWorkspace),

    get("/api/v1/assets", scanning(reads("assets")), listAssets),
    post("/api/v1/assets", writes("assets"), createAsset),
    get("/api/v1/assets/{kind}/{name}", reads("assets"), getAsset),
    patch("/api/v1/assets/{kind}/{name}", writes("assets"), changeAsset),
    del("/api/v1/assets/{kind}/{name}", writes("assets"), deleteAsset),
    put("/api/v1/assets/{kind}/{name}/tags/{key}", writes("assets"), setAssetTag),
    del("/api/v1/assets/{kind}/{name}/tags/{key}", writes("assets"), deleteAssetTag),

    get("/api/v1/assets/{kind}/{name}/versions", scanning(reads("versions")), listVersions),
    post("/api/v1/assets/{kind}/{name}/versions", writes("versions"), createVersion),
    get("/api/v1/assets/{kind}/{name}/versions/{selector}", reads("versions"), getVersion),
    patch("/api/v1/assets/{kind}/{name}/versions/{selector}", writes("versions"), describeVersion),
    del("/api/v1/assets/{kind}/{name}/versions/{selector}", writes("versions"), deleteVersion),
    put("/api/v1/assets/{kind}/{name}/versions/{selector}/tags/{key}", writes("versions"), setVersionTag),
    del("/api/v1/assets/{kind}/{name}/versions/{selector}/tags/{key}", writes("versions"), deleteVersionTag),
    get("/api/v1/assets/{kind}/{name}/versions/{selector}/files", scanning(reads("versions")), listFiles),

    get("/api/v1/assets/{kind}/{name}/aliases", reads("aliases"), listAliases),
    get("/api/v1/assets/{kind}/{name}/aliases/{alias}", scanning(reads("aliases")), aliasAt),
    put("/api/v1/assets/{kind}/{name}/aliases/{alias}", writes("aliases"), moveAlias),
    del("/api/v1/assets/{kind}/{name}/aliases/{alias}", writes("aliases"), removeAlias),
    post("/api/v1/assets/{kind}/{name}/aliases/{alias}/rollback", writes("aliases"), rollback),
    get("/api/v1/assets/{kind}/{name}/aliases/{alias}/history", scanning(reads("aliases")), aliasHistory),
    post("/api/v1/assets/{kind}/{name}/stages", writes("aliases"), moveStage),

    get("/api/v1/prompts", scanning(reads("prompts")), listPrompts),
    post("/api/v1/prompts/{name}/versions", writes("prompts"), createPromptVersion),
    get("/api/v1/prompts/{name}/versions/{selector}", reads("prompts"), getPromptVersion, sendPromptVersion),
    get("/api/v1/prompts/{name}/resolve", reads("prompts"), resolvePrompt, sendResolvedPrompt),
    get("/api/v1/prompts/{name}/snapshot", reads("prompts"), promptSnapshot),
    get("/api/v1/rollouts", scanning(reads("rollouts")), listActiveRollouts),
    get("/api/v1/prompts/{name}/rollouts", reads("rollouts"), listRollouts),
    post("/api/v1/prompts/{name}/rollouts", writes("rollouts"), startRollout),
    get("/api/v1/prompts/{name}/rollouts/{id}", reads("rollouts"), getRollout),
    post("/api/v1/prompts/{name}/rollouts/{id}/pause", writes("rollouts"), pauseRollout),
    post("/api/v1/prompts/{name}/rollouts/{id}/resume", writes("rollouts"), resumeRollout),
    post("/api/v1/prompts/{name}/rollouts/{id}/advance", writes("rollouts"), advanceRollout),
    post("/api/v1/prompts/{name}/rollouts/{id}/stop", writes("rollouts"), stopRollout),
    post("/api/v1/prompts/{name}/rollouts/{id}/rollback", writes("rollouts"), rollbackRollout),
    post("/api/v1/prompts/{name}/rollouts/{id}/kill", writes("rollouts"), killRollout),
    post("/api/v1/prompts/{name}/rollouts/{id}/complete", writes("rollouts"), completeRollout),
    get("/api/v1/prompts/{name}/rollouts/{id}/guards", reads("rollouts"), rolloutGuards),
    post("/api/v1/prompts/{name}/reports", writes("reports"), addReports),
    get("/api/v1/prompts/{name}/quality", waiting(reads("reports")), promptQuality),
    post("/api/v1/prompts/{name}/render", waiting(reads("prompts")), renderPrompt),
    post("/api/v1/prompts/{name}/plan", waiting(reads("prompts")), planPromptVersion),
    get("/api/v1/prompts/{name}/diff", waiting(reads("prompts")), diffPromptVersions),
    post("/api/v1/prompts/lint", waiting(reads("prompts")), lintPrompt),

    get("/api/v1/prompts/{name}/tests", reads("prompts"), getPromptTests),
    put("/api/v1/prompts/{name}/tests", writes("prompts"), setPromptTests),
    post("/api/v1/prompts/{name}/versions/{selector}/tests", writes("prompts"), runPromptTests),

    get("/api/v1/jobs", reads("jobs"), listJobs),
    get("/api/v1/jobs/{id}", reads("jobs"), getJob),
    post("/api/v1/jobs/{id}/heartbeat", runs("jobs"), heartbeat),
    post("/api/v1/jobs/{id}/complete", runs("jobs"), completeJob),
    post("/api/v1/jobs/{id}/fail", runs("jobs"), failJob),

    get("/api/v1/experiments", scanning(reads("experiments")), listExperiments),
    get("/api/v1/runs", scanning(reads("runs")), listRuns),
    get("/api/v1/runs/keys", scanning(reads("runs")), listRunKeys),
    get("/api/v1/runs/curves", scanning(reads("runs")), getCurves),
    get("/api/v1/runs/{id}", reads("runs"), getRun),

    get("/api/v1/evidence", scanning(reads("evidence")), listEvidence),
    post("/api/v1/evidence", writes("evidence"), addEvidence),
    get("/api/v1/evidence/{id}", reads("evidence"), getEvidence),
    post("/api/v1/evidence/evaluate", writes("evidence"), evaluateEvidence),

    get("/api/v1/policies", scanning(reads("policies")), listPolicies),
    post("/api/v1/policies/{name}", administers("policies"), createPolicy),
    post("/api/v1/policies/check", waiting(reads("policies")), checkPolicy),
    post("/api/v1/policies/test", waiting(reads("policies")), testPolicy),
    post("/api/v1/policies/eval", waiting(reads("policies")), evaluatePolicy),
    get("/api/v1/policies/bindings", reads("policies"), listBindings),
    post("/api/v1/policies/bindings", administers("policies"), createBinding),
    del("/api/v1/policies/bindings/{id}", administers("policies"), deleteBinding),

    get("/api/v1/change-requests", scanning(reads("change-requests")), listChangeRequests),
    post("/api/v1/change-requests", writes("change-requests"), createChangeRequest),
    get("/api/v1/change-requests/{id}", reads("change-requests"), getChangeRequest),
    post("/api/v1/change-requests/{id}/approve", approves("change-requests"), approveChangeRequest),
    post("/api/v1/change-requests/{id}/reject", approves("change-requests"), rejectChangeRequest),
    post("/api/v1/change-requests/{id}/withdraw", waiting(reads("change-requests")), withdrawChangeRequest),
    post("/api/v1/change-requests/{id}/retry", waiting(reads("change-requests")), retryChangeRequest),
    get("/api/v1/change-requests/{id}/comments", scanning(reads("change-requests")), listComments),
    post("/api/v1/change-requests/{id}/comments", waiting(reads("change-requests")), addComment),
    get("/api/v1/approvals", scanning(reads("approvals")), listApprovals),

    get("/api/v1/decisions", scanning(reads("decisions")), listDecisions),
    get("/api/v1/decisions/{digest}", reads("decisions"), getDecision),
    post("/api/v1/decisions/{digest}/replay", waiting(reads("decisions")), replayDecision),

    get("/api/v1/lineage/graph", scanning(reads("lineage")), lineageGraph),

    get("/api/v1/ledger", reads("ledger"), ledgerState),
    get("/api/v1/ledger/entries", scanning(reads("ledger")), listEntries),
    get("/api/v1/ledger/entries/{index}", reads("ledger"), getEntry),
    get("/api/v1/ledger/entries/{index}/receipt", reads("ledger"), getReceipt),
    post("/api/v1/ledger/verify", administers("ledger"), verifyLedger),
    get("/ledger/checkpoint", open(), publicCheckpoint),
    get("/ledger/key", open(), publicKey),
    get("/ledger/tile/{path...}", open(), publicTile),

    post("/api/v1/session", waiting(open()), openSession),
    del("/api/v1/session", waiting(open()), closeSession),
    get("/api/v1/session/ways", open(), waysToSignIn),
    get("/api/v1/session/oidc/start", waiting(open()), beginSignIn),
    rawBody(get("/api/v1/session/oidc/callback", waiting(open()), finishSignIn)),
    get("/api/v1/session/oidc/sign-out", waiting(open()), signOutAtProvider),
    get("/api/v1/sessions", signedIn(), listSessions),
    del("/api/v1/sessions", waiting(signedIn()), closeSessions),
    del("/api/v1/sessions/{id}", waiting(signedIn()), endSession),
    get("/api/v1/users", administers("users"), listUsers),
    post("/api/v1/users", administers("users"), createUser),
    get("/api/v1/users/me", signedIn(), whoAmI),
    put("/api/v1/users/{name}/password", waiting(signedIn()), setPassword),
    put("/api/v1/users/{name}/grants", administers("users"), setGrants),
    del("/api/v1/users/{name}", administers("users"), deleteUser),
    put("/api/v1/users/{name}/link", administers("users"), linkUser),
    del("/api/v1/users/{name}/link", administers("users"), unlinkUser),

    get("/api/v1/webhooks", administers("webhooks"), listWebhooks),
    post("/api/v1/webhooks", administers("webhooks"), createWebhook),
    get("/api/v1/webhooks/{id}", administers("webhooks"), getWebhook),
    patch("/api/v1/webhooks/{id}", administers("webhooks"), changeWebhook),
    del("/api/v1/webhooks/{id}", administers("webhooks"), deleteWebhook),
    post("/api/v1/webhooks/{id}/test", administers("webhooks"), testWebhook),
    get("/api/v1/webhooks/{id}/deliveries", administers("webhooks"), listDeliveries),

    get("/api/v1/tokens", administers("tokens"), listTokens),
    post("/api/v1/tokens", administers("tokens"), createToken),
    del("/api/v1/tokens/{name}", administers("tokens"), revokeToken),
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
  return {.dialect = dialect(), .routes = routes, .prefixes = below, .mountStreams = mountStreams};
}

}  // namespace regesta::api::native
