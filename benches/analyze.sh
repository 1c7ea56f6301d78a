#!/usr/bin/env bash
# What a diagnosis of a capture costs: `stormglass analyze --format json` beside cat, editcap -D (duplicates), tcpdump and
# tshark's conversations, on the same file, in turns. Prints processor time and peak memory of each, medians, and by how much
# stormglass is faster, with the bar that is held. Reads one file and opens no socket.
#
#   benches/analyze.sh CAPTURE [ROUNDS]        (3 rounds; the slow ones, tcpdump and tshark, have one fewer)
#
# The bars are meant for a capture of 2,000,000 frames of a home network's multicast, three quarters of them a storm.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
need awk tshark tcpdump editcap
[ -x "$STORMGLASS" ] || { echo "$STORMGLASS is missing: cargo build --release -p stormglass --bin stormglass" >&2; exit 2; }
[ $# -ge 1 ] && [ -r "$1" ] || { echo "name a capture that can be read: $0 CAPTURE [ROUNDS]" >&2; exit 2; }
[ -x /usr/bin/time ] || { echo "/usr/bin/time is needed: apt-get install time" >&2; exit 2; }

capture=$1
rounds=${2:-3}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# User and system time in seconds and peak memory in MiB, a line into $work/NAME. The shell tells milliseconds; time(1) has
# hundredths of a second, cut off, of which cat takes two or three.
measure() {
  local name=$1 TIMEFORMAT='%3U %3S'
  shift
  # Exit codes tell what was found; that a program could not run shows in its time.
  { time /usr/bin/time -f '%M' -o "$work/memory" "$@" >/dev/null 2>&1 || true; } 2>"$work/time"
  echo "$(tail -1 "$work/time") $(tail -1 "$work/memory")" | awk '{ printf "%.3f %.1f\n", $1 + $2, $3 / 1024 }' >>"$work/$name"
}

column() { awk -v n="$2" '{ print $n }' "$work/$1" | median; }

cat "$capture" >/dev/null # into the page cache
for round in $(seq "$rounds"); do
  measure cat cat "$capture"
  measure stormglass "$STORMGLASS" analyze --format json "$capture"
  measure editcap editcap -D 100 "$capture" /dev/null
  if [ "$round" -eq 1 ] || [ "$round" -lt "$rounds" ]; then
    measure tcpdump tcpdump -nn -r "$capture"
    measure tshark tshark -n -q -z conv,eth -r "$capture"
  fi
  measure stormglass "$STORMGLASS" analyze --format json "$capture"
done

own=$(column stormglass 1)
printf '%-26s %9s %10s %22s\n' program "CPU s" "peak MiB" "stormglass is faster"
for line in "tshark|tshark -q -z conv,eth|100" "tcpdump|tcpdump -nn|40" "editcap|editcap -D 100|15"; do
  IFS='|' read -r name shown bar <<<"$line"
  printf '%-26s %9.2f %10.1f %10sx (bar %3sx)\n' "$shown" "$(column "$name" 1)" "$(column "$name" 2)" \
    "$(calc "$(column "$name" 1) / $own" 1)" "$bar"
done
printf '%-26s %9.2f %10.1f\n' "stormglass analyze" "$own" "$(column stormglass 2)"
printf '%-26s %9.2f %10.1f %10sx its time (bar 3x)\n' cat "$(column cat 1)" "$(column cat 2)" "$(calc "$own / $(column cat 1)" 1)"
