#!/usr/bin/env bash
# The MCP Inspector's command line: strict schema checks and a search over both transports and eras.
# Usage: inspector.sh NODE INSPECTOR URL IBID
set -euo pipefail
node=$1 inspector=$2 url=$3 ibid=$4
inspect() { "$node" "$inspector" --cli --format json "$@"; }

for era in legacy modern; do
  tools=$(inspect "$url" --transport http --protocol-era "$era" --method tools/list --strict)
  grep -q '"search"' <<<"$tools" && grep -q '"fetch"' <<<"$tools"
  found=$(inspect "$url" --transport http --protocol-era "$era" --method tools/call --tool-name search --tool-arg query=koji)
  grep -q 'Ferments/' <<<"$found"
  echo "http, $era: tools pass the strict check, search answers"
done
tools=$(inspect --transport stdio --method tools/list --strict -- "$ibid" mcp)
grep -q '"search"' <<<"$tools"
echo "stdio: tools pass the strict check"
