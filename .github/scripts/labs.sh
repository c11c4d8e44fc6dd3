#!/usr/bin/env bash
# One part of all labs in all kinds of machine. SHARD: `2/4`; ON: which provider, or several; LABS: some labs only; KINDS: flags that narrow the kinds of machine.
set -euo pipefail
exec npm run lab -- ${LABS:---all} --matrix ${KINDS:-} --on "${ON:-qemu}" --shard "$SHARD" \
  --reporter line --reporter github=/dev/stderr --reporter "blob=${OUT:-out}/${SHARD%/*}.blob"
