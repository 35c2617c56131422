#pragma once
#include "api/native/versions.h"

namespace regesta::api::native {

struct PolicyModule {
  std::string name, text;
  static constexpr Field fields[] = {
      field<&PolicyModule::name>("name", required | atMost(200)),
      field<&PolicyModule::text>("text", required | atMost(static_cast<std::int64_t>(limits::policyText)))};
};
struct NewPolicy {
  std::string name;
  std::vector<PolicyModule> modules;
  std::string description, semver;
  static constexpr Field fields[] = {field<&NewPolicy::name>("name", required),
                                     field<&NewPolicy::modules>("modules", required | atLeast(1) | atMost(100)),
                                     field<&NewPolicy::description>("description"),
                                     field<&NewPolicy::semver>("semver")};
};
struct PolicyText {
  std::vector<PolicyModule> modules;
  std::string filter;
  static constexpr Field fields[] = {
      field<&PolicyText::modules>("modules", required | atLeast(1) | atMost(100)),
      field<&PolicyText::filter>("filter", about("test only: part of package.name, or a glob"))};
};
struct PolicyChoice {
  std::string name, selector;
  static constexpr Field fields[] = {field<&PolicyChoice::name>("name", required),
                                     field<&PolicyChoice::selector>("selector")};
};
struct PointerChoice {
  std::string kind, name, alias;
  RawJson version;
  static constexpr Field fields[] = {
      field<&PointerChoice::kind>("kind", required), field<&PointerChoice::name>("name", required),
      field<&PointerChoice::alias>("alias", required | about("an alias, or stage:Production")),
      field<&PointerChoice::version>("version", present)};
};
struct Evaluation {
  std::vector<PolicyModule> modules;
  std::optional<PolicyChoice> policy;
  RawJson input;
  std::optional<PointerChoice> pointer;
  static constexpr std::string_view documentation =
      "Evaluates the modules on an input document without storing anything.";
  static constexpr Field fields[] = {
      field<&Evaluation::modules>("modules", atMost(100)), field<&Evaluation::policy>("policy"),
      field<&Evaluation::input>("input"),
      field<&Evaluation::pointer>(
          "pointer", about("the gate's result for this move now; with policy or modules: the result of those"))};
};
struct BindingAnswer {
  std::int64_t id = 0;
  std::string workspace, kind, namePattern, pointer, policy, policySelector, opaUrl, opaPath;
  std::optional<std::string> createdAt;
  std::string createdBy;
  static constexpr Field fields[] = {
      field<&BindingAnswer::id>("id"),
      field<&BindingAnswer::workspace>("workspace"),
      field<&BindingAnswer::kind>("kind"),
      field<&BindingAnswer::namePattern>("name_pattern"),
      field<&BindingAnswer::pointer>("pointer"),
      field<&BindingAnswer::policy>("policy"),
      field<&BindingAnswer::policySelector>("policy_selector"),
      field<&BindingAnswer::opaUrl>("opa_url", about("of the external OPA that decides; empty: the policy does")),
      field<&BindingAnswer::opaPath>("opa_path"),
      field<&BindingAnswer::createdAt>("created_at"),
      field<&BindingAnswer::createdBy>("created_by")};
};
struct NewBinding {
  std::string kind, namePattern, pointer, policy, policySelector, opaUrl, opaPath;
  bool everyWorkspace = false;
  static constexpr std::string_view documentation =
      "Binds a policy, or the decision of an external OPA, to an alias or stage of matching assets, which makes it "
      "protected.";
  static constexpr Field fields[] = {
      field<&NewBinding::kind>("kind", about("default: every kind")),
      field<&NewBinding::namePattern>("name_pattern", required),
      field<&NewBinding::pointer>("pointer", required),
      field<&NewBinding::policy>("policy", about("required without opa_url")),
      field<&NewBinding::policySelector>("policy_selector", about("default: latest")),
      field<&NewBinding::opaUrl>("opa_url", about("of an external OPA that the setting policy.opa-urls names")),
      field<&NewBinding::opaPath>("opa_path", about("of the document there: bank/lending")),
      field<&NewBinding::everyWorkspace>("every_workspace")};
};

VersionAnswer createPolicy(Call& call, const NewPolicy& request);
Plain checkPolicy(Call& call, const PolicyText& request);
Plain testPolicy(Call& call, const PolicyText& request);
Plain evaluatePolicy(Call& call, const Evaluation& request);
Page<BindingAnswer> listBindings(Call& call, const PageQuery& query);
BindingAnswer createBinding(Call& call, const NewBinding& request);
Empty deleteBinding(Call& call, const NumberOnly& path);

}  // namespace regesta::api::native
