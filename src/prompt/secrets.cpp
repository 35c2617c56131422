#include "prompt/secrets.h"

#include <algorithm>
#include <cctype>

namespace regesta::prompt {
namespace {

struct Form {
  std::string_view prefix;
  std::size_t least;  ///< characters of a key that must follow
  std::string_view what;
  bool dashes = true;  ///< '-' and '_' belong to the key
};
// Longer prefixes first: "sk-ant-" is not an OpenAI key.
constexpr Form forms[] = {
    {"sk-ant-", 24, "an Anthropic key"},      {"sk-lf-", 24, "a Langfuse secret key"},
    {"sk-proj-", 24, "an OpenAI key"},        {"sk-or-", 24, "an OpenRouter key"},
    {"sk-", 32, "an OpenAI key", false},      {"AKIA", 16, "an AWS access key", false},
    {"ASIA", 16, "an AWS access key", false}, {"AIza", 35, "a Google API key"},
    {"github_pat_", 40, "a GitHub token"},    {"ghp_", 36, "a GitHub token", false},
    {"gho_", 36, "a GitHub token", false},    {"ghs_", 36, "a GitHub token", false},
    {"glpat-", 20, "a GitLab token"},         {"xoxb-", 20, "a Slack token"},
    {"xoxp-", 20, "a Slack token"},           {"hf_", 34, "a Hugging Face token", false},
    {"npm_", 36, "an npm token", false},      {"pypi-AgEI", 40, "a PyPI token"},
    {"sk_live_", 20, "a Stripe key", false},  {"rk_live_", 20, "a Stripe key", false},
    {"gsk_", 40, "a Groq key", false},        {"r8_", 36, "a Replicate token", false},
    {"pcsk_", 40, "a Pinecone key"},          {"eyJ", 40, "a JSON web token"},
};

bool isKeyByte(unsigned char c, bool dashes) { return std::isalnum(c) || (dashes && (c == '-' || c == '_')); }

/// The kind of secret that begins at `at`, and its length.
const Form* formAt(std::string_view text, std::size_t at, std::size_t& length) {
  for (const Form& form : forms) {
    if (!text.substr(at).starts_with(form.prefix)) continue;
    std::size_t end = at + form.prefix.size();
    while (end < text.size() && isKeyByte(static_cast<unsigned char>(text[end]), form.dashes)) ++end;
    length = end - at;
    if (length - form.prefix.size() < form.least) return nullptr;
    // A token has three parts; a word with this prefix has not.
    if (form.prefix == "eyJ" && !text.substr(end).starts_with(".eyJ")) return nullptr;
    bool digits =
        std::any_of(text.begin() + static_cast<std::ptrdiff_t>(at), text.begin() + static_cast<std::ptrdiff_t>(end),
                    [](unsigned char c) { return std::isdigit(c); });
    return digits ? &form : nullptr;  // sk-xxxxxxxx is an example
  }
  return nullptr;
}

}  // namespace

std::vector<Secret> secretsIn(std::string_view text) {
  static constexpr std::string_view pem = "-----BEGIN ";
  std::vector<Secret> found;
  for (std::size_t at = 0; at < text.size() && found.size() < 20;) {
    auto c = static_cast<unsigned char>(text[at]);
    if (c == '-' && text.substr(at).starts_with(pem)) {
      std::string_view line = text.substr(at, 64);
      if (line.find("PRIVATE KEY-----") != std::string_view::npos)
        found.push_back({"a private key", "-----BEGIN…", at});
      at += pem.size();
      continue;
    }
    if (!std::isalnum(c)) {
      ++at;
      continue;
    }
    std::size_t length = 0;
    if (const Form* form = formAt(text, at, length))
      found.push_back({form->what, std::string(text.substr(at, form->prefix.size() + 2)) + "…", at});
    while (at < text.size() && isKeyByte(static_cast<unsigned char>(text[at]), true)) ++at;  // the rest of the word
  }
  return found;
}

}  // namespace regesta::prompt
