#!/bin/sh
# Fetches the ONNX Runtime library that runs the zoo's models faster, out of the Python package of that name, and
# prints its path. Nothing is installed.
#
#   IBID_TEST_ORT=$(tests/fetch_onnxruntime.sh FOLDER) cargo test -p ibid-embed zoo
#
# VERSION chooses another version than the one measured; anything before 1.24 is refused by the program.
set -eu

if [ $# -ne 1 ]; then
    echo "usage: $0 FOLDER" >&2
    exit 2
fi
version=${VERSION:-1.31.1}
python=${PYTHON:-python3}
# A folder for each Python: an earlier run may have taken the wheel of another one.
folder=$1/$("$python" -c 'import sys; print(sys.implementation.cache_tag)')
mkdir -p "$folder"
folder=$(cd "$folder" && pwd)

"$python" -m pip download --quiet --disable-pip-version-check --no-deps --only-binary=:all: \
    --dest "$folder" "onnxruntime==$version" >&2

# A wheel is a zip archive; only the library is taken out of it.
"$python" - "$folder" "$version" <<'PYTHON'
import pathlib, re, sys, zipfile

folder, version = pathlib.Path(sys.argv[1]), sys.argv[2]
(wheel,) = folder.glob(f"onnxruntime-{version}-*.whl")
library = re.compile(r"(libonnxruntime\.so[.\d]*|libonnxruntime[.\d]*\.dylib|onnxruntime\.dll)$")
with zipfile.ZipFile(wheel) as archive:
    for name in archive.namelist():
        if library.fullmatch(pathlib.PurePosixPath(name).name):
            target = folder / pathlib.PurePosixPath(name).name
            target.write_bytes(archive.read(name))
            print(target)
            break
    else:
        sys.exit(f"{wheel} holds no ONNX Runtime library")
PYTHON
