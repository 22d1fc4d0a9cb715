#!/bin/sh
# There is a page for each verb of the help, and whichever of groff, mandoc and man is here takes it
# without a warning.
set -eu
archive=$1 text=$2
pages=$(mktemp -d)
trap 'rm -rf "$pages"' EXIT
tar -xf "$archive" -C "$pages"
failed=0
fail() { echo "$1" >&2; failed=1; }

for verb in $(sed -n 's/^== \([a-z][a-z]*\)$/\1/p' "$text"); do
    [ "$verb" = jackfield ] || [ "$verb" = service ] || [ -s "$pages/jackfield-$verb.1" ] ||
        fail "no page for the verb $verb"
done
count=$(ls "$pages" | wc -l)
[ "$count" -gt 20 ] || fail "only $count pages"

for page in "$pages"/*.1; do
    head -n 1 "$page" | grep -q '^\.TH JACKFIELD' || fail "$page does not begin with .TH"
    for section in NAME SYNOPSIS OPTIONS; do
        grep -q "^\.SH $section\$" "$page" || fail "$page has no section $section"
    done
    if LC_ALL=C grep -n '[^ -~]' "$page"; then fail "$page is not plain ASCII"; fi
    if command -v groff >/dev/null; then
        said=$(groff -man -ww -Tutf8 "$page" 2>&1 >/dev/null) || true
        [ -z "$said" ] || fail "groff: $said"
    fi
    if command -v mandoc >/dev/null; then
        mandoc -Tlint -Wwarning "$page" >&2 || fail "mandoc: $page"
    fi
done
exit $failed
