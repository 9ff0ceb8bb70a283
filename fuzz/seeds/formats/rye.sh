#!/bin/sh
f() { cat <<EOF
$x
EOF
}
