#!/usr/bin/env bash
# Builds hgq and shows what it does: trains a network for an FPGA on real data, converts it, and checks the result bit by bit.
# From a fresh clone on Debian 12 or Ubuntu 24.04; a second call reuses the build.
#   scripts/demo.sh [--no-install]
# --no-install   installs no packages, and fails with the list of what is missing
set -euo pipefail
cd "$(dirname "$0")/.."

setup=()
for argument in "$@"; do
  case $argument in
    --no-install) setup+=(--no-install) ;;
    *) echo "demo.sh: unknown argument '$argument' (known: --no-install)" >&2; exit 2 ;;
  esac
done

scripts/setup.sh "${setup[@]}"
cmake --preset release
cmake --build --preset release --target hgq-train

# Earlier runs are kept.
run=runs/demo
number=1
while [[ -e $run ]]; do run=runs/demo-$((++number)); done

heading() { printf '\n== %s\n' "$*"; }
heading "Training (hgq-train apps/configs/demo.yaml --out $run)"
build/bin/hgq-train apps/configs/demo.yaml --out "$run"

heading "The network"
build/bin/hgq-train summary "$run/model.h5"

heading "The proxy against the model, bit by bit"
data=$(sed -n 's/^  file: *//p' "$run/config.yaml")
build/bin/hgq-train verify "$run/proxy.h5" --against "$run/model.h5" --data "$data" --inputs x_test

heading "Files in $run"
find "$run" -maxdepth 1 -type f -printf '%8s bytes  %f\n' | sort -k3
