#!/usr/bin/env bash
# Types, lint, format, layers, documentation: no machine, no root.
set -euo pipefail
npm run check
