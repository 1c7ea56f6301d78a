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
ls -l "$folder"/page*.png
