#!/usr/bin/env bash
# What came of all mutations. Fails where less than 98 % were noticed, or a lab does not say why.
set -euo pipefail
{ echo '```'; npm run --silent lab mutations "${OUT:-out}"/mutations-*.json; } | tee -a "${GITHUB_STEP_SUMMARY:-/dev/null}"
