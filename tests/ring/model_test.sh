#!/bin/sh
# Spin on a model: the model itself must hold in every state, and each of its mutants must fail.
# model_test.sh MODEL.pml [DEFINITION …], as in -DK0=3
set -eu
model=$(realpath "$1")
shift
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

command -v spin >/dev/null || {
  echo "model_test: no spin here: apt-get install spin (third_party/packages.txt)" >&2
  exit 1
}

# Prints how many states Spin saw; fails if it finds an error or does not see all.
verify() {
  rm -f pan*
  spin "$@" -a "$model" >spin.log 2>&1 || { cat spin.log >&2; return 2; }
  cc -O1 -w -DSAFETY -DCOLLAPSE -DVECTORSZ=2048 -o pan pan.c
  ./pan -m1000000 >pan.log 2>&1 || true
  if ! grep -q '^State-vector' pan.log || grep -q 'max search depth too small' pan.log; then
    cat pan.log >&2
    return 2
  fi
  grep -q 'errors: 0$' pan.log
}
states() { sed -n 's/^ *\([0-9.e+]*\) states, stored.*/\1/p' pan.log; }

verify "$@" || { echo "model_test: the model fails" >&2; cat pan.log >&2; exit 1; }
echo "model: $(states) states, 0 errors"

lives=0
for mutant in $(sed -n 's/^ *mutants: *\([A-Z_ ]*\).*/\1/p' "$model"); do
  result=0
  verify "$@" -D"$mutant" || result=$?
  case $result in
    1) echo "mutant $mutant: caught after $(states) states" ;;
    0) echo "mutant $mutant: LIVES ($(states) states)"; lives=1 ;;
    *) exit 1 ;;
  esac
done
exit $lives
