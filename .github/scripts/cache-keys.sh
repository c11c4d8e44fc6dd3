#!/usr/bin/env bash
# The keys of the workflow's caches, as outputs of this step: of the images, which change with their recipes alone, and of what is made of
# them. Debian's packages change without us, so a week's images are not the next week's.
set -euo pipefail
images=$(npm run --silent lab cache key)-$(date +%G-%V)
frozen=$(find vm/guest vm/providers -type f | LC_ALL=C sort | xargs cat | sha256sum | cut -c1-16)
{ echo "images=$images"; echo "frozen=$images-$frozen"; } >>"${GITHUB_OUTPUT:-/dev/stdout}"
