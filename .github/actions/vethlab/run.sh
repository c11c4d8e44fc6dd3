#!/usr/bin/env bash
# LABS, FLAGS, ON: as action.yml says. Files are looked for where the workflow stands, not where this project is.
set -euo pipefail
top=$(cd "$(dirname "$0")/../../.." && pwd)
read -ra labs <<<"$LABS"
read -ra flags <<<"${FLAGS:-}"
exec node "$top/bootstrap.cjs" lab "${labs[@]}" "${flags[@]}" --on "${ON:-qemu}" \
  --reporter line --reporter github=/dev/stderr --reporter "summary=${GITHUB_STEP_SUMMARY:-/dev/null}"
