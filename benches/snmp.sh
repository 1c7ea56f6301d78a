#!/usr/bin/env bash
# What a scrape costs: stormglass' /snmp beside Debian's prometheus-snmp-exporter 0.21, on the same devices, asked in the same
# way, in turns. Prints processor time, round trips, time and memory, and the ratios of the medians.
#
#   benches/snmp.sh [TARGETS [ROUNDS]]        (1000 switches with 52 ports; 3 rounds)
#
# In SNMPv2c the devices are simulated switches. In SNMPv3 (SHA, AES) they are Debian's snmpd, which answers at V3_TARGETS (50)
# ports of loopback, and has 52 interfaces here; there the round trips are those that an exporter tells of itself.
# PEER_SCRAPES (200), OWN_SCRAPES (2000), PEER_V3_SCRAPES (100) and OWN_V3_SCRAPES (400) a round; REPLY_BYTES (1472) is the
# longest answer of a switch; CONCURRENCY (100) in SNMPv2c, 10 in SNMPv3, whose one agent answers one after the other.
# MODULES="if_mib storm if_mib_v3" says what is measured.
# Runs in a network namespace of its own; needs root or user namespaces.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
need unshare ip curl awk prometheus-snmp-exporter
need_binaries
inside_a_namespace "${BASH_SOURCE[0]}" "$@"

targets=${1:-1000}
rounds=${2:-3}
concurrency=${CONCURRENCY:-100}
v3_targets=${V3_TARGETS:-50}
read -ra modules <<<"${MODULES:-if_mib storm if_mib_v3}"
fleet=(agents --count "$targets" --ports 52 --base 127.0.0.1:20000 --reply-bytes "${REPLY_BYTES:-1472}")

"$HARNESS" "${fleet[@]}" --seconds 7200 --stats "$work/agents" >"$work/agents.log" &
"$HARNESS" "${fleet[@]}" --print-config list >"$work/targets"
# Its own polls are so rare that they do not show.
"$HARNESS" "${fleet[@]}" --print-config stormglass --interval 24h --timeout 10s >"$work/stormglass.yml"

# net-snmp's agent with 52 interfaces: loopback, a bridge, and 25 pairs that lead from one to the other.
v3_agent() {
  local ports port
  ports=$(seq 30000 $((30000 + v3_targets - 1)))
  ip link add bridge type bridge
  for n in $(seq 25); do ip link add "port$n" type veth peer name "trop$n"; done
  printf '127.0.0.1:%s\n' $ports >"$work/v3_targets"
  {
    echo "agentaddress $(printf 'udp:127.0.0.1:%s,' $ports | sed 's/,$//')"
    echo "createUser bench SHA bench-authentication AES bench-privacy"
    echo "rouser bench priv"
  } >"$work/snmpd.conf"
  SNMP_PERSISTENT_DIR=/run/snmpd snmpd -f -Ln -C -c "$work/snmpd.conf" -p /run/snmpd.pid &
  {
    sed '/^  targets:/,$d' "$work/stormglass.yml" | sed '/^    fleet:/a\
    bench: { version: 3, username: bench, security_level: authPriv, password: bench-authentication, auth_protocol: SHA, priv_protocol: AES, priv_password: bench-privacy }'
    sed -n '/^  targets:/,$p' "$work/stormglass.yml"
    for port in $ports; do echo "    - { name: v3-$port, address: \"127.0.0.1:$port\", auth: bench }"; done
  } >"$work/with_v3.yml"
  mv "$work/with_v3.yml" "$work/stormglass.yml"
}

if [[ " ${modules[*]} " == *" if_mib_v3 "* ]]; then
  need snmpd
  v3_agent
fi
prometheus-snmp-exporter --config.file="$root/benches/snmp.yml" --web.listen-address=127.0.0.1:9116 --log.level=error &
peer=$!
"$STORMGLASS" serve --config.file="$work/stormglass.yml" --web.listen-address=127.0.0.1:10116 --log.level=error &
own=$!
wait_for 20 "the agents" grep -q ready "$work/agents.log"
wait_for 20 "prometheus-snmp-exporter" curl -sf 127.0.0.1:9116/
wait_for 20 "stormglass" curl -sf 127.0.0.1:10116/-/healthy

list() { if [ "$1" = if_mib_v3 ]; then echo "$work/v3_targets"; else echo "$work/targets"; fi; }

# The version is a matter of the module there, and of the target here.
url() { # exporter module
  case $1 in
    peer) echo "http://127.0.0.1:9116/snmp?target={target}&module=$2" ;;
    own) echo "http://127.0.0.1:10116/snmp?target={target}&module=${2%_v3}" ;;
  esac
}

# What a scrape of the first target gives.
text() { curl -sf "$(url "$1" "$2" | sed "s/{target}/$(head -1 "$(list "$2")")/")"; }

# The names of its series, labels included.
series() { text "$1" "$2" | sed -n 's/^\([^#].*\) [^ ]*$/\1/p' | sort >"$work/$1.series"; }

# Costs can be compared where the same was brought.
compare() {
  wait_for 20 "an answer of prometheus-snmp-exporter, module $1," text peer "$1"
  wait_for 20 "an answer of stormglass, module $1," text own "$1"
  series peer "$1"
  series own "$1"
  echo "$1: $(wc -l <"$work/peer.series") series from prometheus-snmp-exporter, $(wc -l <"$work/own.series") from stormglass"
  diff "$work/peer.series" "$work/own.series" >"$work/differ" || {
    echo "$1: these series are in one of the two alone, so there is nothing to compare:" >&2
    head -20 "$work/differ" >&2
    exit 1
  }
}

# One round of one exporter: a line into $work/EXPORTER.MODULE.
round() {
  local exporter=$1 module=$2 count=$3 pid=$4 before line after at_once=$concurrency trips
  [ "$module" != if_mib_v3 ] || at_once=10
  forget_peak "$pid"
  before=$(agent_requests)
  line=$("$HARNESS" scrape --url-template "$(url "$exporter" "$module")" --targets "$(list "$module")" --count "$count" \
    --concurrency "$at_once" --pid "$pid")
  after=$(agent_requests)
  trips=$(calc "($after - $before) / $count" 1)
  [ "$module" != if_mib_v3 ] || trips=$(text "$exporter" "$module" | sed -n 's/^snmp_scrape_packets_sent //p')
  echo "$line trips=$trips" | tee -a "$work/$exporter.$module" | sed "s/^/$exporter $module: /"
}

of() { while read -r line; do figure "$2" "$line"; done <"$work/$1" | median; }

echo "$targets switches with 52 ports, $rounds rounds, concurrency $concurrency, gzip, answers of ${REPLY_BYTES:-1472} bytes"
for module in "${modules[@]}"; do
  compare "$module"
  peer_count=${PEER_SCRAPES:-200} own_count=${OWN_SCRAPES:-2000}
  [ "$module" != if_mib_v3 ] || { peer_count=${PEER_V3_SCRAPES:-100} own_count=${OWN_V3_SCRAPES:-400}; }
  for _ in $(seq "$rounds"); do
    round peer "$module" "$peer_count" "$peer"
    round own "$module" "$own_count" "$own"
  done
done

printf '\n%-10s %-26s %14s %12s %9s %10s %7s\n' module exporter "CPU s / 1,000" "round trips" "p50 ms" "peak MiB" failed
for module in "${modules[@]}"; do
  for exporter in peer own; do
    name=$([ "$exporter" = peer ] && echo prometheus-snmp-exporter || echo stormglass)
    printf '%-10s %-26s %14s %12s %9s %10s %7s\n' "$module" "$name" "$(of "$exporter.$module" cpu_s_per_1000)" \
      "$(of "$exporter.$module" trips)" "$(of "$exporter.$module" p50_ms)" "$(of "$exporter.$module" peak_mib)" \
      "$(of "$exporter.$module" failed)"
  done
  ratio=$(calc "$(of "peer.$module" cpu_s_per_1000) / $(of "own.$module" cpu_s_per_1000)" 1)
  printf '%-10s stormglass needs 1/%s of the processor time\n' "$module" "$ratio"
done
