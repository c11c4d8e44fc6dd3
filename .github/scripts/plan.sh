#!/usr/bin/env bash
# The jobs that run the labs, in parts that take about as long: an output of this step. SHARDS: how many, instead of as many as
# it takes; KINDS: flags that narrow the kinds of machine; ON: which providers, as labs.sh has it.
set -euo pipefail
echo "matrix=$(npm run --silent lab matrix -- --json ${SHARDS:+--shards "$SHARDS"} ${KINDS:-} --on "${ON:-qemu}")" >>"${GITHUB_OUTPUT:-/dev/stdout}"
