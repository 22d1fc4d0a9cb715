#!/bin/sh
# All manual pages of the program $1 into the archive $2, which is the same each time.
set -eu
program=$1 archive=$2
pages=$(mktemp -d)
trap 'rm -rf "$pages"' EXIT
"$program" help --man >"$pages/jackfield.1"
for verb in $("$program" help | sed -n '/^usage/,/^built-in/s/^  \([a-z][a-z]*\) .*/\1/p'); do
    "$program" help --man "$verb" >"$pages/jackfield-$verb.1"
done
(cd "$pages" && tar --sort=name --owner=0 --group=0 --numeric-owner --mtime=@0 -cf - -- *.1) >"$archive"
