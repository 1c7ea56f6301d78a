#!/usr/bin/env bash
# What `upnp-probe` costs and how long it takes: among ten healthy devices and a gateway, forty hostile responders, and a
# thousand devices. Prints seconds from start to exit and the most memory held, once a round.
#
#   benches/upnp.sh [ROUNDS]        (3)
#
# The responders are the harness's, in the test program `crowd`, which checks that nobody is missed:
#   cargo test --release --test crowd --no-run
# CROWD names another build of it. With STORMGLASS_LAB=require the same is timed against Debian's miniupnpd and minidlna:
#   cargo test --release --test lab -- upnp_answer --nocapture
# Runs in a network namespace of its own, on its loopback; needs root or user namespaces.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
need unshare ip awk
inside_a_namespace "${BASH_SOURCE[0]}" "$@"

newest() {
  # shellcheck disable=SC2012 # names of cargo's own
  ls -t "${CARGO_TARGET_DIR:-$root/target}"/{release,debug}/deps/crowd-* 2>/dev/null | grep -v '\.' | head -1
}
crowd=${CROWD:-$(newest || true)}
[ -x "$crowd" ] || { echo "the test program crowd is missing: cargo test --release --test crowd --no-run" >&2; exit 2; }

printf '%-42s %8s %10s   %s\n' test seconds MiB bar
for _ in $(seq "${1:-3}"); do
  for test in a_healthy_lan_is_listed_whole forty_hostile_responders_hide_nothing a_thousand_devices_are_all_listed; do
    case $test in
    a_healthy*) bar='3 s' ;;
    forty*) bar='13 s, 32 MiB' ;;
    *) bar='64 MiB' ;;
    esac
    said=$("$crowd" --exact "$test" --nocapture --test-threads 1 2>&1) || { echo "$said" >&2; exit 1; }
    awk -v test="$test" -v bar="$bar" '/ MiB$/ { printf "%-42s %8s %10s   %s\n", test, $(NF-3), $(NF-1), bar }' <<<"$said"
  done
done
