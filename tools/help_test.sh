#!/bin/sh
# tools/help.txt, from which the launcher answers before anything is built, is what the program says.
# The launcher's own sections come last. To write it anew after a change:
#
#   tools/help_test.sh bazel-bin/tools/jackfield tools/help.txt write
set -eu
program=$1 text=$2

sections() {
    echo "== jackfield"; "$program" help
    echo "== version-text"; "$program" version
    for verb in $("$program" help | sed -n '/^usage/,/^built-in/s/^  \([a-z][a-z]*\) .*/\1/p') service; do
        echo "== $verb"; "$program" help "$verb"
    done
    awk '/^== \.\/jackfield/ { own = 1 } own' "$text"
}

said=$(sections)
if [ "${3-}" = write ]; then
    printf '%s\n' "$said" >"$text"
elif ! printf '%s\n' "$said" | diff "$text" -; then
    echo "tools/help.txt differs from what the program says (>); see tools/help_test.sh" >&2
    exit 1
fi
