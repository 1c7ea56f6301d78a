#!/usr/bin/env bash
# What a scrape costs: stormglass' /snmp beside Debian's prometheus-snmp-exporter 0.21, on the same simulated switches, asked
# in the same way, in turns. Prints processor time, round trips, time and memory, and the ratios of the medians.
#
#   benches/snmp.sh [TARGETS [ROUNDS]]        (1000 switches with 52 ports; 3 rounds)
#
# PEER_SCRAPES (200) and OWN_SCRAPES (2000) a round; REPLY_BYTES (1472) is the longest answer of a switch;
# CONCURRENCY (100). Runs in a network namespace of its own; needs root or user namespaces.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
need unshare ip curl awk prometheus-snmp-exporter
need_binaries
inside_a_namespace "${BASH_SOURCE[0]}" "$@"

targets=${1:-1000}
rounds=${2:-3}
peer_scrapes=${PEER_SCRAPES:-200}
own_scrapes=${OWN_SCRAPES:-2000}
concurrency=${CONCURRENCY:-100}
fleet=(agents --count "$targets" --ports 52 --base 127.0.0.1:20000 --reply-bytes "${REPLY_BYTES:-1472}")

"$HARNESS" "${fleet[@]}" --seconds 7200 --stats "$work/agents" >"$work/agents.log" &
"$HARNESS" "${fleet[@]}" --print-config list >"$work/targets"
# Its own polls are so rare that they do not show.
"$HARNESS" "${fleet[@]}" --print-config stormglass --interval 24h --timeout 10s >"$work/stormglass.yml"
prometheus-snmp-exporter --config.file="$root/benches/snmp.yml" --web.listen-address=127.0.0.1:9116 --log.level=error &
peer=$!
"$STORMGLASS" serve --config.file="$work/stormglass.yml" --web.listen-address=127.0.0.1:10116 --log.level=error &
own=$!
wait_for 20 "the agents" grep -q ready "$work/agents.log"
wait_for 20 "prometheus-snmp-exporter" curl -sf 127.0.0.1:9116/
wait_for 20 "stormglass" curl -sf 127.0.0.1:10116/-/healthy

url() { # exporter module
  case $1 in
    peer) echo "http://127.0.0.1:9116/snmp?target={target}&module=$2" ;;
    own) echo "http://127.0.0.1:10116/snmp?target={target}&module=$2" ;;
  esac
}

series() { curl -s "$(url "$1" "$2" | sed "s/{target}/$(head -1 "$work/targets")/")" | grep -vc '^#' || true; }

# One round of one exporter: a line into $work/EXPORTER.MODULE.
round() {
  local exporter=$1 module=$2 count=$3 pid=$4 before line after
  forget_peak "$pid"
  before=$(agent_requests)
  line=$("$HARNESS" scrape --url-template "$(url "$exporter" "$module")" --targets "$work/targets" --count "$count" \
    --concurrency "$concurrency" --pid "$pid")
  after=$(agent_requests)
  echo "$line trips=$(calc "($after - $before) / $count" 1)" | tee -a "$work/$exporter.$module" | sed "s/^/$exporter $module: /"
}

of() { while read -r line; do figure "$2" "$line"; done <"$work/$1" | median; }

modules=(if_mib)
curl -sf "127.0.0.1:10116/snmp?target=$(head -1 "$work/targets")&module=storm" >/dev/null && modules+=(storm)
echo "$targets switches with 52 ports, $rounds rounds, concurrency $concurrency, gzip, answers of ${REPLY_BYTES:-1472} bytes"
for module in "${modules[@]}"; do
  echo "$module: $(series peer "$module") series from prometheus-snmp-exporter, $(series own "$module") from stormglass"
  for _ in $(seq "$rounds"); do
    round peer "$module" "$peer_scrapes" "$peer"
    round own "$module" "$own_scrapes" "$own"
  done
done

printf '\n%-8s %-26s %14s %12s %9s %10s %7s\n' module exporter "CPU s / 1,000" "round trips" "p50 ms" "peak MiB" failed
for module in "${modules[@]}"; do
  for exporter in peer own; do
    name=$([ "$exporter" = peer ] && echo prometheus-snmp-exporter || echo stormglass)
    printf '%-8s %-26s %14s %12s %9s %10s %7s\n' "$module" "$name" "$(of "$exporter.$module" cpu_s_per_1000)" \
      "$(of "$exporter.$module" trips)" "$(of "$exporter.$module" p50_ms)" "$(of "$exporter.$module" peak_mib)" \
      "$(of "$exporter.$module" failed)"
  done
  ratio=$(calc "$(of "peer.$module" cpu_s_per_1000) / $(of "own.$module" cpu_s_per_1000)" 1)
  printf '%-8s stormglass needs 1/%s of the processor time\n' "$module" "$ratio"
done
