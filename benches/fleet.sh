#!/usr/bin/env bash
# A fleet on one computer: `stormglass serve` polls thousands of simulated switches, and this tells what that costs and
# whether every poll was made in time. Prints a line every interval, with the memory, and a table at the end.
#
#   benches/fleet.sh [SWITCHES [DEAD [MINUTES]]]        (10000 switches with 52 ports, 0 dead, 5 minutes at 60 s)
#
# The bars for `benches/fleet.sh 10000 500 5`: at most 300 MB (286 MiB) and half a core, no poll missed. Memory rises until
# every switch has been asked for its forwarding database once, which takes 20 ms for each (200 s for 10,000); from then on
# it is level. `benches/fleet.rs` tells where the bytes are, and plays an hour and more without the wait.
#
# INTERVAL (60, seconds), PORTS (52), REPLY_BYTES (1472), FAULTS (as `stormglass-harness agents --faults`). Runs in a network
# namespace of its own; needs root or user namespaces.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
need unshare ip curl awk
need_binaries
inside_a_namespace "${BASH_SOURCE[0]}" "$@"

switches=${1:-10000}
dead=${2:-0}
minutes=${3:-5}
interval=${INTERVAL:-60}
seconds=$((minutes * 60))
fleet=(agents --count "$switches" --ports "${PORTS:-52}" --addresses 127.16.0.0/12 --port 1161 --dead "$dead"
  --reply-bytes "${REPLY_BYTES:-1472}" --faults "${FAULTS:-}")

"$HARNESS" "${fleet[@]}" --seconds $((seconds + interval + 120)) --stats "$work/agents" >"$work/agents.log" &
agents=$!
"$HARNESS" "${fleet[@]}" --print-config stormglass --interval "${interval}s" --timeout 10s >"$work/stormglass.yml"
wait_for 30 "the agents" grep -q ready "$work/agents.log"
"$STORMGLASS" serve --config.file="$work/stormglass.yml" --web.listen-address=127.0.0.1:10116 --log.level=error &
own=$!
wait_for 30 "stormglass" curl -sf 127.0.0.1:10116/-/healthy

# user and system time of a process, in hundredths of a second (proc(5)).
cpu() { sed 's/.*) //' "/proc/$1/stat" | awk '{ print $12 + $13 }'; }
kib() { awk -v key="$2:" '$1 == key { print $2 }' "/proc/$1/status"; }
# The sum of a family of /metrics; 0 if there is nothing of it.
sum() { awk -v name="stormglass_$1" '$1 == name || index($1, name "{") == 1 { s += $NF } END { printf "%.0f", s }' "$work/metrics"; }
look() { curl -s --max-time 60 -o "$work/metrics" -w '%{time_total}' 127.0.0.1:10116/metrics; }

# Memory of the program, MiB.
rss() { calc "$(kib "$own" VmRSS) / 1024" 0; }
missed() { echo "$(sum polls_late_total) late, $(sum polls_missed_total) missed"; }

at_start=$(rss)
echo "$switches switches with ${PORTS:-52} ports, $dead dead, a poll every $interval s, $minutes minutes after the first round"
sleep "$interval"
look >/dev/null
after_round=$(rss) late_before=$(sum polls_late_total) missed_before=$(sum polls_missed_total)
echo "RSS $at_start MiB before the first poll, $after_round MiB after the first round ($(missed))"
polls_before=$(sum polls_total) errors_before=$(sum poll_errors_total)
requests_before=$(agent_requests) cpu_before=$(cpu "$own") agents_before=$(cpu "$agents") began=$(date +%s.%N)
levels=()
for _ in $(seq $((seconds / interval))); do
  last_cpu=$(cpu "$own") last=$(date +%s.%N)
  sleep "$interval"
  scrape=$(look)
  now=$(date +%s.%N)
  levels+=("$(rss)")
  echo "minute $(calc "${#levels[@]} * $interval / 60" 0): core $(calc "($(cpu "$own") - $last_cpu) / ($now - $last)" 1) %," \
    "RSS ${levels[-1]} MiB, up $(sum up), polls $(sum polls_total) ($(missed)), errors $(sum poll_errors_total)," \
    "/metrics in $scrape s"
done
took=$(calc "$(date +%s.%N) - $began")
polls=$(($(sum polls_total) - polls_before))
errors=$(($(sum poll_errors_total) - errors_before))
alive=$((switches - dead))

echo
printf '%-44s %s\n' \
  "processor, share of one core" "$(calc "($(cpu "$own") - $cpu_before) / $took" 1) %" \
  "memory by the minute, MiB" "$at_start, $after_round$(printf ', %s' "${levels[@]}")" \
  "memory now / at most" "$(rss) / $(calc "$(kib "$own" VmHWM) / 1024" 0) MiB" \
  "a port at this size, all together" "$(calc "$(kib "$own" VmRSS) * 1024 / $switches / ${PORTS:-52}" 0) bytes" \
  "polls counted / due" "$polls / $(calc "$switches * $took / $interval" 0)" \
  "polls late / missed, after the first round" \
  "$(($(sum polls_late_total) - late_before)) / $(($(sum polls_missed_total) - missed_before))" \
  "targets up / alive" "$(sum up) / $alive" \
  "errors counted (due for the dead)" "$errors ($(calc "$dead * $took / $interval" 0))" \
  "requests a poll of a living target" "$(calc "($(agent_requests) - $requests_before) / ($alive * $took / $interval)" 1)" \
  "agents, share of one core" "$(calc "($(cpu "$agents") - $agents_before) / $took" 1) %"
# What stormglass itself says about errors and being late, since its start.
grep -E '^stormglass_poll[a-z_]*(errors|late|missed)[a-z_]*' "$work/metrics" || true
kill "$own" "$agents"
