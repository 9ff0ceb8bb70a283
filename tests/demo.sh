#!/bin/sh
# What `make demo` shows: a vault indexed, three questions answered with citations, and how to go on.
# Usage: demo.sh IBID VAULT DATA
set -eu
ibid=$1 vault=$2 data=$3

ask() {
  printf '\n$ ibid search "%s"\n\n' "$1"
  "$ibid" --data-dir "$data" search "$1" --limit 2
}

printf '$ ibid index %s --name demo\n\n' "$vault"
"$ibid" --data-dir "$data" index "$vault" --name demo
ask "Why does my rye bread stick to the knife?"
ask "how salty must the brine be for sauerkraut"
ask "味噌を仕込むときの塩の割合は？"

cat <<TEXT

Your own notes:

  $ibid index ~/Notes
  $ibid search "what did I decide about the kitchen?"

For Claude, ChatGPT, Codex, Cursor or VS Code, over stdio or HTTP:

  $ibid mcp
  $ibid serve
TEXT
