#!/usr/bin/env bash
# One report of all parts: the summary's page, and the files that are kept. Fails where a lab failed, or a verdict is no longer what
# docs/LEDGER.md says.
set -euo pipefail
out=${OUT:-out}
merged=0
npm run lab merge "$out" -- --reporter "summary=${GITHUB_STEP_SUMMARY:-/dev/stdout}" --reporter "json=$out/report.json" \
  --reporter "junit=$out/junit.xml" --reporter "line=$out/story.log" || merged=$?
[ "$merged" -ne 0 ] || npm run lab ledger "$out/report.json"
exit "$merged"
