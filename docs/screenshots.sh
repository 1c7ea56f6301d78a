#!/usr/bin/env bash
# Takes the pictures of the page for the READMEs anew, by the browser test over the demo: page.png, page-dark.png, page-ja.png and
# page-phone.png. Needs root, Debian's chromium, and fonts-noto-cjk for the Japanese one.
#
#   docs/screenshots.sh          as the README shows them
#   docs/screenshots.sh FOLDER   into another folder
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
folder=$(realpath "${1:-docs}")
STORMGLASS_SCREENSHOTS=$folder STORMGLASS_LAB=require cargo test --test browser -- the_storm_appears_and_is_checked
# Flat colours need no more; the pictures are fetched with every clone.
if command -v convert >/dev/null; then
  for picture in "$folder"/page*.png; do convert "$picture" +dither -colors 64 -define png:compression-level=9 "$picture"; done
fi
ls -l "$folder"/page*.png
