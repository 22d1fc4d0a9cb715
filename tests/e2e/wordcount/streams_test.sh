#!/bin/bash
# Standard input as text, and a standard output that cannot be written to: what could not be printed
# is never taken for done.
#
# Arguments: the program, the wiring.
set -u
jackfield=$1
wiring=$2
failures=0

# expect STATUS WORDS COMMAND...: the command, whose stderr is a pipe here, ends so and says that.
expect() {
  local wanted=$1 words=$2 said status
  shift 2
  said=$("$@" 2>&1 >&3)
  status=$?
  if [ "$status" != "$wanted" ] || [[ "$said" != *"$words"* ]]; then
    echo "$*: exit status $status, not $wanted, and on stderr (wanted: $words): $said"
    failures=$((failures + 1))
  fi
}

closed() { exec "$@" >&-; }

for verb in caps help version "ls --resources" "explain unix:@x" "check $wiring" "caps --help" -V; do
  # shellcheck disable=SC2086  # words
  expect 1 "cannot write to standard output: No space left on device" "$jackfield" $verb 3>/dev/full
  # shellcheck disable=SC2086
  expect 1 "cannot write to standard output: Bad file descriptor" closed "$jackfield" $verb 3>&1
done
for over in unix inproc; do
  expect 1 "cannot write to standard output: No space left on device" \
    "$jackfield" up "$wiring" -q --over $over 3>/dev/full
  # Nothing that the services opened has taken its number.
  expect 1 "cannot write to standard output: Bad file descriptor" \
    closed "$jackfield" up "$wiring" -q --over $over 3>&1
  for out in "$(printf 'b a b' | "$jackfield" up "$wiring" -q --over $over -- -)" \
    "$("$jackfield" up "$wiring" -q --over $over -- - <<<'b a b')"; do
    if [ "$out" != $'2 b\n1 a' ]; then
      echo "over $over, standard input was counted as: $out"
      failures=$((failures + 1))
    fi
  done
done
exit $((failures > 0))
