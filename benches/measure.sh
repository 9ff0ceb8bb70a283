#!/bin/sh
# Measures every judged collection in the folder $DATASETS with the binary $1. What comes out is added to
# benches/results/DATE-NAME.txt, with the machine and the exact command, in which no path of this machine stands.
set -eu

ibid=$1
results=benches/results
data=target/measure

if [ -z "${DATASETS:-}" ] || [ ! -d "$DATASETS" ]; then
    echo "say where judged collections are: make measure DATASETS=DIR" >&2
    echo "each is a folder in DIR, as \`ibid measure --help\` describes it" >&2
    exit 2
fi

processor=$(sed -n 's/^model name[[:space:]]*: //p' /proc/cpuinfo 2>/dev/null | head -n 1)
machine="${processor:-unknown processor}, $(getconf _NPROCESSORS_ONLN) cores"
mkdir -p "$results"

measured=0
for folder in "$DATASETS"/*/; do
    if [ ! -f "$folder/corpus.jsonl" ] && [ ! -f "$folder/queries_spans.jsonl" ]; then
        continue
    fi
    name=$(basename "$folder")
    file="$results/$(date -u +%F)-$name.txt"
    # Its progress goes to the terminal; a run that fails leaves no trace.
    table=$("$ibid" measure "$DATASETS/$name" --data-dir "$data")
    {
        echo "\$ $ibid measure \$DATASETS/$name --data-dir $data"
        echo "$("$ibid" --version), $machine"
        echo
        echo "$table"
        echo
    } >>"$file"
    echo "$file"
    measured=$((measured + 1))
done

if [ "$measured" -eq 0 ]; then
    echo "there is no judged collection in $DATASETS" >&2
    exit 2
fi
