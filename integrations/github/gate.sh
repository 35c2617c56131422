#!/usr/bin/env bash
# The step of action.yml: calls `regesta gate` with the action's inputs, which are in GATE_….
set -euo pipefail

case $GATE_MODE in
  check | promote | sign-in) ;;
  *) echo "::error title=Regesta gate::input 'mode' must be check, promote or sign-in"; exit 2 ;;
esac
if [ -n "$GATE_URL" ]; then export REGESTA_URL=$GATE_URL; fi
if [ -n "$GATE_TOKEN" ]; then export REGESTA_TOKEN=$GATE_TOKEN; fi
if { [ -z "${REGESTA_TOKEN:-}" ] && [ -n "${ACTIONS_ID_TOKEN_REQUEST_URL:-}" ]; } || [ "$GATE_MODE" = sign-in ]; then
  audience=()
  if [ -n "$GATE_AUDIENCE" ]; then audience=(--audience "$GATE_AUDIENCE"); fi
  REGESTA_TOKEN=$("$GATE_PROGRAM" ci token "${audience[@]}")
  echo "::add-mask::$REGESTA_TOKEN"
  export REGESTA_TOKEN
fi
if [ "$GATE_MODE" = sign-in ]; then
  echo "REGESTA_TOKEN=$REGESTA_TOKEN" >>"$GITHUB_ENV"
  exit
fi

words=(gate "$GATE_MODE" --to "$GATE_TO" --output github
  --output "markdown=$GITHUB_STEP_SUMMARY" --output "dotenv=$GITHUB_OUTPUT")
if [ "$GATE_ALLOW_PENDING" = true ]; then words+=(--allow-pending); fi
if [ -n "$GATE_ANNOTATE" ]; then words+=(--file "$GATE_ANNOTATE"); fi
if [ -n "$GATE_JUNIT" ]; then words+=(--output "junit=$GATE_JUNIT"); fi
if [ -n "$GATE_SARIF" ]; then words+=(--output "sarif=$GATE_SARIF"); fi
if [ "$GATE_MODE" = promote ]; then
  words+=(--wait "$GATE_WAIT" --reason "${GATE_REASON:-$GITHUB_REPOSITORY $GITHUB_SHA}")
fi
exec "$GATE_PROGRAM" "${words[@]}" -- "$GATE_VERSION"
