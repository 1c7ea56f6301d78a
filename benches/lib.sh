# What the benchmarks share: a namespace of their own, so that nothing outside is touched and no port is taken; processes
# that end with the script; small arithmetic. Sourced by the scripts beside it, not run.

# Starts the calling script again inside a network namespace with nothing but loopback in it; everything that it starts
# ends with it. There, $work is a folder for its files.
inside_a_namespace() {
  if [ "${STORMGLASS_BENCH_NAMESPACE:-}" = "$$" ]; then
    work=$(mktemp -d)
    trap 'rm -rf "$work"' EXIT
    return
  fi
  local user=()
  [ "$(id -u)" -eq 0 ] || user=(--user --map-root-user)
  exec unshare "${user[@]}" --net --mount --pid --fork --kill-child --mount-proc bash -c '
    set -euo pipefail
    ip link set lo up
    mount -t tmpfs none /run
    export STORMGLASS_BENCH_NAMESPACE=$$
    exec bash "$@"' bash "$@"
}

need() {
  local name
  for name in "$@"; do
    command -v "$name" >/dev/null || { echo "$name is needed and not installed" >&2; exit 2; }
  done
}

# The binaries: built here unless STORMGLASS and HARNESS name others.
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
release=${CARGO_TARGET_DIR:-$root/target}/release
STORMGLASS=${STORMGLASS:-$release/stormglass}
HARNESS=${HARNESS:-$release/stormglass-harness}

need_binaries() {
  local file
  for file in "$STORMGLASS" "$HARNESS"; do
    [ -x "$file" ] || {
      echo "$file is missing: cargo build --release -p stormglass -p stormglass-harness --bins" >&2
      exit 2
    }
  done
}

# Waits until a command succeeds, for so many seconds at most.
wait_for() {
  local left=$(($1 * 10)) what=$2
  shift 2
  until "$@" >/dev/null 2>&1; do
    left=$((left - 1))
    [ "$left" -gt 0 ] || { echo "$what did not come" >&2; exit 1; }
    sleep 0.1
  done
}

# The value of one figure in a line of name=value.
figure() { tr ' ' '\n' <<<"$2" | sed -n "s/^$1=//p"; }

# A calculation with two decimals, or as many as $2 says.
calc() { awk "BEGIN { printf \"%.${2:-2}f\", $1 }"; }

median() { sort -n | awk '{ v[NR] = $1 } END { print NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2 }'; }

# Requests that the agents have got so far; their file is at most a quarter of a second old.
agent_requests() {
  sleep 0.6
  sed -n 's/^requests //p' "$work/agents"
}

# Forgets the peak of a process's memory (proc(5), clear_refs).
forget_peak() { echo 5 >"/proc/$1/clear_refs"; }
