#!/usr/bin/env bash
# Builds both programs for the machines that home servers are, with Debian's cross compilers.
#
#   packaging/cross.sh arm64 | armv7 | amd64-static [PROFILE]      (dist: small and slow to build; release: quick; dev: to try)
#
# Prints where the programs are. `amd64-static` needs no C library on the machine it runs on: for a NAS, or an empty container.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

profile=${2:-dist}
case ${1:-} in
  arm64) target=aarch64-unknown-linux-gnu compiler=aarch64-linux-gnu-gcc packages="gcc-aarch64-linux-gnu libc6-dev-arm64-cross" ;;
  armv7) target=armv7-unknown-linux-gnueabihf compiler=arm-linux-gnueabihf-gcc packages="gcc-arm-linux-gnueabihf libc6-dev-armhf-cross" ;;
  amd64-static) target=x86_64-unknown-linux-musl compiler=musl-gcc packages=musl-tools ;;
  *)
    echo "packaging/cross.sh arm64 | armv7 | amd64-static [PROFILE]" >&2
    exit 2
    ;;
esac
command -v "$compiler" >/dev/null || { echo "$compiler is missing: apt install $packages" >&2; exit 2; }
if command -v rustup >/dev/null && ! rustup target list --installed | grep -qx "$target"; then
  rustup target add "$target"
fi

# What Cargo and the C code in `ring` ask for: the linker and the compiler of that machine. For a static program Rust brings
# the C library and links by itself: musl-gcc would link one that asks for a loader, and does not start.
underlined=${target//-/_}
export "CC_$underlined=$compiler"
[ "$compiler" = musl-gcc ] || export "CARGO_TARGET_${underlined^^}_LINKER=$compiler"
cargo build --locked --profile "$profile" --target "$target" -p stormglass --bins
# Cargo's folder for the profile `dev` has another name than the profile.
folder=$profile
[ "$profile" != dev ] || folder=debug
for program in stormglass upnp-probe; do
  echo "${CARGO_TARGET_DIR:-target}/$target/$folder/$program"
done
