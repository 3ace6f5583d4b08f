#!/usr/bin/env bash
# Installs what hgq is built with, from the distribution (Debian 12, Ubuntu 24.04): says which packages, asks nothing.
#   scripts/setup.sh [--no-install] [--developer] [--rtl] [--browser] [--slurm]
# --no-install   installs nothing, and fails with the list of what is missing
# --rtl          also what simulates and synthesizes RTL: Verilator, Icarus Verilog, GHDL, yosys
# --browser      also Chromium, in which reports are tested (Debian; Ubuntu has it as a snap alone)
# --slurm        also Slurm, with which sweeps are tested
# --developer    also what .ci/run and the other presets use: clang, its tools, ccache, doxygen, Python's venv
set -euo pipefail

packages=(g++ cmake ninja-build python3
  libdnnl-dev libhdf5-dev zlib1g-dev libyaml-cpp-dev libcli11-dev libfmt-dev nlohmann-json3-dev libmuparser-dev
  libgtest-dev libgmock-dev libbenchmark-dev)
rtl_packages=(verilator iverilog ghdl yosys)
slurm_packages=(slurm-wlm munge)
developer_packages=(git ccache clang clang-format clang-tidy clang-tools libclang-rt-dev libomp-dev doxygen python3-venv)

install=1
for argument in "$@"; do
  case $argument in
    --no-install) install=0 ;;
    --rtl) packages+=("${rtl_packages[@]}") ;;
    --browser) packages+=(chromium) ;;
    --slurm) packages+=("${slurm_packages[@]}") ;;
    --developer) packages+=("${developer_packages[@]}") ;;
    *) echo "setup.sh: unknown argument '$argument' (known: --no-install, --developer, --rtl, --browser, --slurm)" >&2; exit 2 ;;
  esac
done

if ! command -v dpkg-query >/dev/null; then
  echo "setup.sh: this is neither Debian nor Ubuntu; hgq needs what these packages hold there: ${packages[*]}" >&2
  exit 1
fi

missing=()
for package in "${packages[@]}"; do
  if [[ $(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null) != installed ]]; then missing+=("$package"); fi
done
if ((${#missing[@]} == 0)); then exit 0; fi

if ((!install)); then
  echo "setup.sh: missing packages: ${missing[*]}" >&2
  exit 1
fi
as_root=()
if ((EUID != 0)); then
  if ! sudo -n true 2>/dev/null; then
    echo "setup.sh: missing packages, and neither root nor 'sudo -n' to install them: apt-get install ${missing[*]}" >&2
    exit 1
  fi
  as_root=(sudo -n)
fi
echo "setup.sh: installing ${missing[*]}"
log=$(mktemp)
trap 'rm -f "$log"' EXIT
quietly() {
  if ! "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive "$@" >"$log" 2>&1 </dev/null; then
    cat "$log" >&2
    echo "setup.sh: failed: $*" >&2
    exit 1
  fi
}
quietly apt-get update -q
quietly apt-get install -qy --no-install-recommends "${missing[@]}"
