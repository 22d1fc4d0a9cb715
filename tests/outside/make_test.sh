#!/bin/sh
# By pkg-config and make, outside of the tree: what `jackfield init --build make` writes is built,
# served and called, in a project that has folders and headers of the names that this tree uses.
. "$(dirname "$(readlink -f "$0")")/outside.sh"
need make c++ cc pkg-config flatc

jackfield init -q greet --build make >said
for header in kernel/node.h services/service.h schemas/frame_generated.h transports/builtin.h; do
    mkdir -p "greet/${header%/*}"
    echo "#error this is $header of the project, and not meant" >"greet/$header"
done
make -C greet >said 2>&1 || fail "$(cat said)"
is_served greet/greet.toml
expect "a client" "hello Ben" "$(jackfield run -q --call greet -- greet/build/ask Ben)"

# The C ABI, by its own module: the shared library, and nothing of C++.
flags=$(pkg-config --cflags --libs jackfield-c)
# shellcheck disable=SC2086  # a list
cc -std=c99 -Wall -Wextra -Wpedantic -Werror "$tests/caller.c" $flags \
    -Wl,-rpath,"$prefix/lib" -o caller
expect "a client in C" '{"text": "hello Ada"}' \
    "$(jackfield run -q --call greet -- ./caller greet/greet.fbs)"
is_down

make -C greet clean >/dev/null
[ ! -e greet/build ] && [ ! -e greet/greet_service.h ] || fail "make clean left what make made"

version=$(jackfield --version | cut -d ' ' -f 2)
expect "the version" "$version" "$(pkg-config --modversion jackfield)"
# Without the package, make says so.
export PKG_CONFIG_PATH=/nowhere
! make -C greet >said 2>&1 || fail "make went on without the package"
grep -qF "pkg-config knows no jackfield" said || fail "$(cat said)"
