#!/usr/bin/env bash
# What the machines' images are made of, as the key of a cache: an output of this step. Debian's packages change without us, so a
# week's images are not the next week's.
set -euo pipefail
recipes=$(cat vm/image/*.ts vm/image/containers/*.ts vm/image/hooks/* | sha256sum | cut -c1-16)
echo "key=$recipes-$(date +%G-%V)" >>"${GITHUB_OUTPUT:-/dev/stdout}"
