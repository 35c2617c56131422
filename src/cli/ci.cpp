// regesta ci init: a pipeline file that checks changes and promotes what is on the main branch.
#include <algorithm>
#include <filesystem>
#include <fstream>

#include "base/text.h"
#include "cli/commands.h"
#include "cli/pointer_move.h"

namespace regesta::cli {
namespace {

constexpr std::string_view github =
    R"(# Written by `regesta ci init github`. The runner needs the program regesta on its PATH.
# Set the variable REGESTA_URL in the repository's settings, and create a token that trusts its jobs (docs/ci.md):
#   regesta token create NAME --grant contributor --claim repository=OWNER/REPOSITORY --audience $REGESTA_URL
#     --issuer https://token.actions.githubusercontent.com --lasts 1h
name: Regesta gate
on:
  pull_request:
  push:
    branches: [main]
permissions:
  contents: read
  id-token: write
env:
  REGESTA_URL: ${{ vars.REGESTA_URL }}
  REGESTA_VERSION: <VERSION>
  REGESTA_POINTER: <POINTER>
jobs:
  check:
    if: github.event_name == 'pull_request'
    runs-on: ubuntu-latest
    steps:
      - name: Sign in with the job's identity
        run: |
          token=$(regesta ci token)
          echo "::add-mask::$token"
          echo "REGESTA_TOKEN=$token" >> "$GITHUB_ENV"
      - name: Check the gate
        run: >-
          regesta gate check "$REGESTA_VERSION" --to "$REGESTA_POINTER" --allow-pending
          --output github --output "markdown=$GITHUB_STEP_SUMMARY" --output junit=regesta-gate.xml
  promote:
    if: github.event_name == 'push'
    runs-on: ubuntu-latest
    concurrency: regesta-promote
    timeout-minutes: 60
    steps:
      - name: Sign in with the job's identity
        run: |
          token=$(regesta ci token)
          echo "::add-mask::$token"
          echo "REGESTA_TOKEN=$token" >> "$GITHUB_ENV"
      - name: Promote through the gate
        run: >-
          regesta gate promote "$REGESTA_VERSION" --to "$REGESTA_POINTER" --wait 30m
          --reason "$GITHUB_REPOSITORY $GITHUB_SHA" --output github
          --output "markdown=$GITHUB_STEP_SUMMARY" --output junit=regesta-gate.xml
)";

constexpr std::string_view gitlab =
    R"(# Written by `regesta ci init gitlab`. The runner needs the program regesta on its PATH.
# Set the variable REGESTA_URL in the project's CI/CD settings, and create a token that trusts its jobs (docs/ci.md):
#   regesta token create NAME --grant contributor --claim project_path=GROUP/PROJECT --audience $REGESTA_URL
#     --issuer https://gitlab.example.com --lasts 1h
stages: [check, promote]
variables:
  REGESTA_VERSION: <VERSION>
  REGESTA_POINTER: <POINTER>

.regesta: &sign-in
  id_tokens:
    REGESTA_ID_TOKEN:
      aud: $REGESTA_URL
  before_script:
    - REGESTA_TOKEN=$(regesta ci token)
    - export REGESTA_TOKEN

regesta-check:
  <<: *sign-in
  stage: check
  rules:
    - if: $CI_PIPELINE_SOURCE == "merge_request_event"
  script:
    - regesta gate check "$REGESTA_VERSION" --to "$REGESTA_POINTER" --allow-pending --output text
      --output junit=regesta-gate.xml --output gitlab=gl-code-quality-report.json --output dotenv=regesta.env
  artifacts: &reports
    when: always
    reports:
      junit: regesta-gate.xml
      codequality: gl-code-quality-report.json
      dotenv: regesta.env

regesta-promote:
  <<: *sign-in
  stage: promote
  rules:
    - if: $CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH
  resource_group: regesta-promote
  timeout: 1 hour
  script:
    - regesta gate promote "$REGESTA_VERSION" --to "$REGESTA_POINTER" --wait 30m --output text
      --reason "$CI_PROJECT_PATH $CI_COMMIT_SHA"
      --output junit=regesta-gate.xml --output gitlab=gl-code-quality-report.json --output dotenv=regesta.env
  artifacts: *reports
)";

constexpr std::string_view jenkins =
    R"(// Written by `regesta ci init jenkins`. The agent needs the program regesta on its PATH.
// Add a secret text credential with the id regesta-token, and set REGESTA_URL as a global variable.
pipeline {
  agent any
  environment {
    REGESTA_TOKEN = credentials('regesta-token')
    REGESTA_VERSION = '<VERSION>'
    REGESTA_POINTER = '<POINTER>'
  }
  stages {
    stage('Check') {
      when { changeRequest() }
      steps {
        sh 'regesta gate check "$REGESTA_VERSION" --to "$REGESTA_POINTER" --allow-pending -o text -o junit=regesta-gate.xml'
      }
    }
    stage('Promote') {
      when { branch 'main' }
      options {
        lock('regesta-promote')
        timeout(time: 1, unit: 'HOURS')
      }
      steps {
        sh 'regesta gate promote "$REGESTA_VERSION" --to "$REGESTA_POINTER" --wait 30m --reason "$BUILD_URL" -o text -o junit=regesta-gate.xml'
      }
    }
  }
  post {
    always {
      junit allowEmptyResults: true, testResults: 'regesta-gate.xml'
    }
  }
}
)";

struct Template {
  std::string_view name, file, text;
};

const Template& templateOf(const std::string& name) {
  static constexpr Template all[] = {{"github", ".github/workflows/regesta.yml", github},
                                     {"gitlab", ".gitlab-ci.yml", gitlab},
                                     {"jenkins", "Jenkinsfile", jenkins}};
  const auto* found = std::ranges::find(all, name, &Template::name);
  if (found == std::end(all))
    throw UsageError(fmt::format("\"{}\" is not a CI system: github, gitlab or jenkins", name));
  return *found;
}

/// What is written into YAML and Groovy without quotes around it.
std::string plain(std::string text, std::string_view what) {
  constexpr std::string_view allowed = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-/@:";
  if (text.empty() || text.find_first_not_of(allowed) != std::string::npos)
    throw UsageError(fmt::format("{} \"{}\" may contain letters, digits and . _ - / @ : only", what, text));
  return text;
}

std::string filled(std::string text, std::string_view place, const std::string& value) {
  for (std::size_t at = text.find(place); at != std::string::npos; at = text.find(place, at + value.size()))
    text.replace(at, place.size(), value);
  return text;
}

int init(Session& session) {
  const Template& made = templateOf(session.args.text("SYSTEM"));
  Reference ref = session.reference("VERSION", {}, Takes::version);
  std::string selector = ref.selector.empty() ? "latest" : ref.selector;
  std::string text = filled(std::string(made.text), "<VERSION>", plain(ref.asset() + "@" + selector, "VERSION"));
  text = filled(std::move(text), "<POINTER>",
                plain(session.args.has("to") ? session.args.text("to") : "alias:production", "--to"));
  std::string file = session.args.has("output") ? session.args.text("output") : std::string(made.file);
  if (file == "-") {
    fmt::print("{}", text);
    return Exit::done;
  }
  std::filesystem::path path(file);
  if (std::filesystem::exists(path) && !session.args.flag("force"))
    throw error(Code::exists, "{} exists; add --force to replace it, or --output - to print the pipeline", file);
  std::error_code fault;
  if (path.has_parent_path()) std::filesystem::create_directories(path.parent_path(), fault);
  std::ofstream out(path, std::ios::binary | std::ios::trunc);
  out << text;
  if (!out.flush()) throw error(Code::invalid, "cannot write {}", file);
  return session.said(json::object{{"file", file}}, fmt::format("wrote {}; its first lines say what to set up", file));
}

}  // namespace

Commands ciCommands() {
  return {
      {.path = "ci init",
       .summary = "write a pipeline that checks and promotes a version through its gate",
       .operands = {{"SYSTEM", "github, gitlab or jenkins"},
                    {"VERSION", "KIND/NAME or KIND/NAME@VERSION (default latest); without a kind, a model"}},
       .options = {{"to", "POINTER", "alias:NAME, NAME or stage:NAME (default alias:production)"},
                   {"output", "FILE", "where to write it, - for stdout (default: where the system looks for it)", 'o'},
                   {"force", "", "replace an existing file"}},
       .examples = {"regesta ci init github model/loan-risk", "regesta ci init gitlab prompt/greeting --to staging"},
       .run = init,
       .more = "Needs no server. docs/ci.md describes the pipelines and how jobs sign in."}};
}

}  // namespace regesta::cli
