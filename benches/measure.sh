#!/bin/sh
# Measures every judged collection in the folder $DATASETS with the binary $1. Each gets a text of its own,
# benches/results/DATE-NAME.txt: the exact command, what was measured, and on which commit and machine. A second run on
# the same day replaces the first. No path of this machine stands in it.
set -eu

ibid=$1
results=benches/results
data=target/measure

if [ -z "${DATASETS:-}" ] || [ ! -d "$DATASETS" ]; then
    echo "say where judged collections are: make measure DATASETS=DIR" >&2
    echo "each is a folder in DIR, as \`ibid measure --help\` describes it" >&2
    exit 2
fi

# The commit the binary was built from, and whether something was changed since. Earlier results are no change.
commit() {
    git rev-parse --short=12 HEAD 2>/dev/null || { echo "unknown"; return; }
    git diff --quiet HEAD -- . ":!$results" || echo "with changes"
}

processor() {
    sed -n 's/^model name[[:space:]]*: //p' /proc/cpuinfo 2>/dev/null | head -n 1 | grep . ||
        sysctl -n machdep.cpu.brand_string 2>/dev/null || echo "unknown processor"
}

version=$("$ibid" --version)
commit=$(commit | paste -s -d ' ' -)
machine="$(processor), $(getconf _NPROCESSORS_ONLN) cores, $(uname -sm)"
mkdir -p "$results"

measured=0
for folder in "$DATASETS"/*/; do
    if [ ! -f "$folder/corpus.jsonl" ] && [ ! -f "$folder/queries_spans.jsonl" ]; then
        continue
    fi
    name=$(basename "$folder")
    file="$results/$(date -u +%F)-$name.txt"
    # Its progress goes to the terminal; a run that fails leaves what an earlier one wrote.
    table=$("$ibid" measure "$DATASETS/$name" --data-dir "$data")
    {
        echo "\$ $ibid measure \$DATASETS/$name --data-dir $data"
        echo
        echo "$table"
        echo
        echo "$version, commit $commit"
        echo "$machine"
        date -u +%FT%TZ
    } >"$file"
    echo "$file"
    measured=$((measured + 1))
done

if [ "$measured" -eq 0 ]; then
    echo "there is no judged collection in $DATASETS" >&2
    exit 2
fi
