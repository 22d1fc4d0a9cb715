#!/bin/sh
# A service in Python, outside of the tree: what `jackfield init --lang python` writes is served and
# called, with the package as it is installed.
. "$(dirname "$(readlink -f "$0")")/outside.sh"
need python3
export PYTHONPATH="$prefix/lib/python3/dist-packages" PYTHONDONTWRITEBYTECODE=1

jackfield init -q greet --lang python >said
expect "what it wrote" "wrote greet: greet.fbs greet.py ask.py greet.toml README.md" "$(cat said)"
is_served greet/greet.toml
expect "a client" "hello Ben" "$(jackfield run -q --call greet -- greet/ask.py Ben)"
is_down
