#!/bin/sh
# Judges a constant of ranking ($CONSTANT) over every judged collection in the folder $DATASETS, the demonstration vault, and
# the oldwinter vault where $OLDWINTER names it: asks all their questions with each of $VALUES and with today's, then leaves
# each set out in turn. Changes nothing. Usage: tune.sh IBID TUNE
set -eu

ibid=$1
tune=$2
data=target/measure
mode=${MODE:-hybrid}
measure=${MEASURE:-ndcg@10}

if [ -z "${DATASETS:-}" ] || [ ! -d "$DATASETS" ] || [ -z "${CONSTANT:-}" ] || [ -z "${VALUES:-}" ]; then
    echo "say what is judged, and where judged collections are: make tune CONSTANT=k3 VALUES='0 1 4' DATASETS=DIR" >&2
    exit 2
fi

today=$("$tune" | sed -n "s/^$CONSTANT //p")
if [ -z "$today" ]; then
    echo "there is no constant $CONSTANT; there are:" >&2
    "$tune" >&2
    exit 2
fi
values=$(printf '%s\n' $VALUES "$today" | sort -g -u)
records=$(mktemp -d)
trap 'rm -rf "$records"' EXIT

# Nothing is embedded for words alone.
model=
[ "$mode" != lexical ] || model="--model none"

# ask SET ARGUMENTS…
ask() {
    set_name=$1
    shift
    mkdir -p "$records/$set_name"
    for value in $values; do
        "$ibid" measure "$@" --data-dir "$data" --mode "$mode" --with "$CONSTANT=$value" --json --quiet \
            >"$records/$set_name/$value.json"
    done
}

for folder in "$DATASETS"/*/; do
    name=$(basename "$folder")
    if [ -f "$folder/corpus.jsonl" ] || [ -f "$folder/queries_spans.jsonl" ]; then
        ask "$name" "$DATASETS/$name" $model
    fi
done
"$ibid" index data/vault --name vault $model --data-dir "$data" --quiet >/dev/null
ask vault data/questions.jsonl --collection vault
if [ -n "${OLDWINTER:-}" ]; then
    "$ibid" index "$OLDWINTER" --name oldwinter $model --data-dir "$data" --quiet >/dev/null
    ask oldwinter data/oldwinter/questions.jsonl --qrels data/oldwinter/judgements.tsv --collection oldwinter
fi
"$tune" "$records" "$mode" "$measure" "$CONSTANT" $values
