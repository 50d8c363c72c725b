#!/usr/bin/env bash
# Sees to it that /usr/bin/chromium is there, which the tests of the Prefect UI drive. Installs it only where CI is set and
# this is root on Debian or Ubuntu; elsewhere it says how to get it, and the tests are skipped without it.
set -euo pipefail
chromium=/usr/bin/chromium
install="apt-get install -y --no-install-recommends chromium"

tell() {
  printf 'chromium: %s\n' "$@" >&2
}

attempt() {
  apt-get -qq update && DEBIAN_FRONTEND=noninteractive $install >/dev/null
}

if [ -x "$chromium" ]; then
  exit 0
fi
if [ -z "${CI:-}" ] || [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
  tell "$chromium is not there, so tests/flows/ui/ is skipped (with CI set: fails)." "To get it on Debian: sudo $install"
  exit 0
fi
for wait in 5 15 0; do
  echo "Installing Debian's chromium ..."
  if attempt; then
    exit 0
  fi
  [ "$wait" = 0 ] || sleep "$wait"
done
tell "it could not be installed; apt-get says why above." "Install it yourself so that $chromium is there, then run this again."
exit 1
