#!/bin/bash
# The table in transports/README.md is what the transports say of themselves.
set -u
jackfield=$1
readme=$2
# Between the two comments, less the empty line at either end and the four spaces of a code block.
in_readme=$(sed -n '/^<!-- jackfield caps: begin -->$/,/^<!-- jackfield caps: end -->$/p' "$readme" |
  sed -e '1,2d' -e '$d' -e 's/^    //')
if [ -z "$in_readme" ]; then
  echo "$readme has no table between its two comments"
  exit 1
fi
if ! diff <(printf '%s\n' "$in_readme") <("$jackfield" caps); then
  echo "$readme does not say what \"jackfield caps\" says: put its output there, four spaces in"
  exit 1
fi
