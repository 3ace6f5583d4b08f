#!/usr/bin/env bash
# Builds hgq and runs all its tests, from a fresh clone on Debian 12 or Ubuntu 24.04; a second call reuses the build.
#   scripts/test.sh [--no-install] [PRESET]
# --no-install   installs no packages, and fails with the list of what is missing
# PRESET         release (in build/), or dev, asan, tsan (in build-PRESET/)
set -euo pipefail
cd "$(dirname "$0")/.."

preset=release
setup=()
for argument in "$@"; do
  case $argument in
    --no-install) setup+=(--no-install) ;;
    dev | release | asan | tsan) preset=$argument ;;
    *) echo "test.sh: unknown argument '$argument' (known: --no-install, dev, release, asan, tsan)" >&2; exit 2 ;;
  esac
done
if [[ $preset == tsan ]]; then setup+=(--developer); fi

scripts/setup.sh "${setup[@]}"
cmake --preset "$preset"
cmake --build --preset "$preset"
ctest --preset "$preset" -j "$(nproc)"
