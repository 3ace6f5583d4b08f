#!/usr/bin/env bash
# Accuracy against BOPs on three data sets, beside Python HGQ's (docs/fronts_python_hgq.json): writes docs/fronts.md and docs/fronts.svg.
#
#   scripts/fronts.sh [SEEDS] [BUILD]        ten seeds, build/ if not given
set -euo pipefail
cd "$(dirname "$0")/.."
exec python3 scripts/fronts.py --seeds "${1:-10}" --program "${2:-build}/bin/hgq-train"
