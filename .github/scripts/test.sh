#!/usr/bin/env bash
# Every test there is, on all suites, with coverage: what is too long for each push.
set -euo pipefail
exec npm run test:all
