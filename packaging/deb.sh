#!/usr/bin/env bash
# Builds the Debian package: both programs, the service, manual pages, completions, dashboards and rules.
#
#   packaging/deb.sh [PROFILE]      (dist: small and slow to build; release: quick)
#
# Prints the path of the package. Needs cargo-deb: cargo install --locked cargo-deb
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

profile=${1:-dist}
command -v cargo-deb >/dev/null || { echo "cargo-deb is missing: cargo install --locked cargo-deb" >&2; exit 2; }
target=${CARGO_TARGET_DIR:-target}
cargo build --locked --profile "$profile" -p stormglass --bins

# What the package holds beside the programs is made from them.
out=target/package
rm -rf "$out"
mkdir -p "$out"
"$target/$profile/stormglass" manual "$out"
# The service of the package finds the programs elsewhere, its configuration in /etc, and runs as the user that the package makes:
# it can then read its configuration anew whenever it is told to, secrets included, and nobody else can.
sed -e '/^#/d' -e 's|/usr/local/bin/|/usr/bin/|' \
  -e 's|^ExecStart=.*|& --config.file=/etc/stormglass/stormglass.yml|' \
  -e 's|^DynamicUser=yes|User=stormglass\nGroup=stormglass|' \
  packaging/stormglass.service >"$out/stormglass.service"

cargo deb --locked --no-build --profile "$profile" -p stormglass
