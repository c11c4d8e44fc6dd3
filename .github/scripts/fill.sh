#!/usr/bin/env bash
# Makes the images and templates of all kinds of machine, so that no shard has to. ON: which providers; KINDS: flags that narrow the kinds.
set -euo pipefail
exec npm run lab cache fill -- --matrix ${KINDS:-} --on "${ON:-qemu}"
