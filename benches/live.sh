#!/usr/bin/env bash
# What capturing a flood costs: `stormglass serve` on one end of a virtual cable, and the harness's flood in the other, as
# many frames a second as this kernel gives. Prints for each flood what was sent, what came in, what the kernel dropped before
# it was looked at, the processor time a frame, the memory, and how long the verdict took; beside it what tcpdump needs for
# the same frames without looking at them.
#
#   benches/live.sh [FRAMES [SECONDS]]        (10,000,000 frames a flood, 20 seconds at 1,000 frames a second)
#
# The bars: no drop, at most 100 ns of processor time a frame, at most 1 % of a core at 1,000 frames a second, at most 32 MB
# (30.5 MiB) in all. They hold for a computer that does nothing else: generator and receiver have a core each, and with others
# at work the kernel drops what it has no time for. Runs in a network namespace of its own; needs root and Linux 5.18.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
need unshare ip curl awk taskset tcpdump jq
need_binaries
[ "$(id -u)" -eq 0 ] || { echo "root is needed: bpf(2) makes the frames" >&2; exit 2; }
inside_a_namespace "${BASH_SOURCE[0]}" "$@"

frames=${1:-10000000}
seconds=${2:-20}
cores=$(nproc)
receiver_core=$((cores > 1 ? 1 : 0))
ip link add gen type veth peer name lan
ip link set gen up
ip link set lan up
ip addr add 192.168.1.50/24 dev lan

# Nanoseconds on a processor of all threads so far.
cpu_ns() { cat /proc/"$1"/task/*/schedstat | awk '{ sum += $1 } END { printf "%.0f", sum }'; }
kib() { awk -v key="$2:" '$1 == key { print $2 }' "/proc/$1/status"; }
mib() { calc "$(kib "$1" "$2") / 1024" 1; }
came_in() { ip -s -j link show lan | jq '.[0].stats64.rx.packets'; }
metric() { curl -s 127.0.0.1:10116/metrics | awk -v name="stormglass_$1" 'index($1, name "{") == 1 || $1 == name { s += $NF } END { printf "%.0f", s }'; }
# What the threads of a process have had of the processors, a line each: number, name, nanoseconds on one, and waiting for one.
threads() { for task in /proc/"$1"/task/*; do echo "${task##*/} $(tr ' ' _ <"$task/comm") $(cat "$task/schedstat")"; done; }
# Time in which the computer under this virtual one gave the receiver's core to others, hundredths of a second.
stolen() { awk -v name="cpu$receiver_core" '$1 == name { print $9 }' /proc/stat; }
flood() { taskset -c 0 "$HARNESS" flood --from gen --to lan --seconds 120 "$@"; }

# Starts the agent. Everything that it can do with an interface, or its capture alone.
start() {
  local upnp="interfaces: none" recorder=""
  if [ "$1" = all ]; then
    upnp="interfaces: [lan]"
    recorder="recorder: { path: $work/recordings }"
    mkdir -p "$work/recordings"
  fi
  printf 'capture: { interfaces: [lan] }\nupnp: { %s }\n%s\n' "$upnp" "$recorder" >"$work/stormglass.yml"
  taskset -c "$receiver_core" "$STORMGLASS" serve --config.file="$work/stormglass.yml" \
    --web.listen-address=127.0.0.1:10116 --log.level=error >"$work/agent.log" 2>&1 &
  own=$!
  wait_for 30 "stormglass" curl -sf 127.0.0.1:10116/-/ready
  sleep 2 # warm: it has listened for longer than the second that makes a replica one
}

finish() {
  kill "$1"
  wait "$1" 2>/dev/null || true
}

head='%-28s %11s %9s %11s %9s %9s %8s %8s\n'
row() { printf "$head" "$@"; }
row flood sent "k/s" "came in" dropped "ns/frame" "RSS MiB" "peak MiB"

# Why frames may have been dropped: which threads took how long, and how long they waited for the core. The ring holds what
# comes in 18 ms at 1,300,000 frames a second; a capture that waits for longer than that has lost some.
why() {
  threads "$own" | awk 'NR == FNR { ran[$1] = $3; waited[$1] = $4; next }
    $3 - ran[$1] > 1e6 { printf "  %s: %.0f ms on the core, waited %.0f ms for it\n", $2, ($3 - ran[$1]) / 1e6, ($4 - waited[$1]) / 1e6 }
  ' "$work/threads" -
  echo "  the core was stolen from this computer for $((($(stolen) - before_stolen) * 10)) ms"
}

# One flood: the row, and the line of the generator in $said; with drops, why.
measure() {
  local name=$1
  shift
  local before_in before_dropped before_cpu before_stolen
  threads "$own" >"$work/threads"
  before_stolen=$(stolen)
  before_in=$(came_in) before_dropped=$(metric capture_dropped_frames_total) before_cpu=$(cpu_ns "$own")
  said=$(flood "$@")
  sleep 1.5 # the last summary
  local in=$(($(came_in) - before_in)) cpu=$(($(cpu_ns "$own") - before_cpu))
  dropped=$(($(metric capture_dropped_frames_total) - before_dropped))
  seen=$(calc "1 - $dropped / $in" 6)
  spent=$(calc "$cpu / 1e9" 3)
  row "$name" "$(figure sent "$said")" "$(calc "$(figure per_second "$said") / 1000" 0)" "$in" \
    "$dropped" "$(calc "$cpu / $in" 0)" "$(mib "$own" VmRSS)" "$(mib "$own" VmHWM)"
  [ "$dropped" -eq 0 ] || why
}

for what in capture all; do
  start "$what"
  measure "$what: incident" --pattern incident --frames "$frames"
  curl -s 127.0.0.1:10116/api/v1/storms |
    jq -r --arg began "$(figure began "$said")" '
      def seconds: capture("^(?<whole>[^.]*)\\.(?<part>[0-9]*)Z$") | (.whole + "Z" | fromdate) + ("0." + .part | tonumber);
      .verdicts[0] // {} | "  verdict: \(.cause), culprit \(.culprit.mac), "
      + "\(((.detected | seconds) - ($began | tonumber)) * 1000 | round) ms after the first frame"' || true
  finish "$own"
  start "$what"
  measure "$what: forged" --pattern forged --frames "$frames"
  # The heavy ones by exact count, less their share of what the kernel dropped, and what the agent says of them.
  rate=$(figure per_second "$said") total=$(figure sent "$said")
  curl -s 127.0.0.1:10116/metrics >"$work/metrics"
  for pair in $(tr ' ' '\n' <<<"$said" | grep ':'); do
    says=$(awk -v mac="${pair%=*}" 'index($1, "stormglass_top_source") == 1 && index($1, mac) { print $NF }' "$work/metrics")
    echo "  ${pair%=*}: $(calc "${pair#*=} / $total * $rate * $seen" 0) a second by count, ${says:-nothing} by the agent"
  done
  measure "$what: forged again" --pattern forged --frames "$frames" --seed 2
  finish "$own"
  start "$what"
  measure "$what: steady, 1,000/s" --pattern steady --frames $((1000 * seconds)) --rate 1000
  echo "  $(calc "$spent / ($seconds + 1.5) * 100" 2) % of a core"
  finish "$own"
done

taskset -c "$receiver_core" tcpdump -i lan -B 8192 -w /dev/null multicast or arp 2>"$work/tcpdump.log" &
other=$!
sleep 1
before_in=$(came_in) before_cpu=$(cpu_ns "$other")
said=$(flood --pattern incident --frames "$frames")
sleep 1.5
in=$(($(came_in) - before_in)) cpu=$(($(cpu_ns "$other") - before_cpu)) rss=$(mib "$other" VmRSS) peak=$(mib "$other" VmHWM)
finish "$other"
row "tcpdump -w /dev/null" "$(figure sent "$said")" "$(calc "$(figure per_second "$said") / 1000" 0)" "$in" \
  "$(awk '/dropped by kernel/ { print $1 }' "$work/tcpdump.log")" "$(calc "$cpu / $in" 0)" "$rss" "$peak"
