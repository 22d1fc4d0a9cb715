#!/bin/bash
# `jackfield top` on a real terminal, narrow and wide: what it draws fits, its keys work.
set -u
jackfield=$PWD/$1
directory=$(mktemp -d /tmp/top.XXXXXX)
export XDG_RUNTIME_DIR=$directory TERM=screen LC_ALL=C.UTF-8
terminal() { tmux -S "$directory/tmux" -f /dev/null "$@"; }
cleanup() {
  terminal kill-server 2>/dev/null
  "$jackfield" down "top@$up" 2>/dev/null
  wait
  rm -rf "$directory"
}
failed=0
fail() { echo "FAILED: $1" >&2; failed=1; }

cat >"$directory/top.toml" <<'WIRING'
jackfield = 1
name = "top"
over = "unix:"
[service.asker]
run = "asker"
calls = ["count"]
[service.count]
run = "count"
WIRING
"$jackfield" up "$directory/top.toml" >/dev/null 2>"$directory/err" &
up=$!
trap cleanup EXIT
for _ in $(seq 600); do grep -q asks "$directory/err" && break; sleep 0.1; done

# Waits until the terminal shows $1; false: it does not.
shows() {
  for _ in $(seq 300); do
    screen=$(terminal capture-pane -p 2>/dev/null) && grep -q -- "$1" <<<"$screen" && return 0
    sleep 0.1
  done
  echo "$screen"
  return 1
}
for columns in 40 120; do
  terminal new-session -d -x $columns -y 12 "$jackfield top -d 200ms top@$up" || fail "tmux"
  shows '^asker   *count   *unix' || fail "the channel at $columns columns"
  shows '^top  up .*2 of 2 services' || fail "the head at $columns columns"
  lines=$(terminal capture-pane -p | grep -c .)
  [ "$lines" = 3 ] || fail "$lines lines at $columns columns, and none may be folded"
  if [ $columns = 120 ]; then
    shows 'sorted by rate' || fail "its order"
    terminal send-keys s
    shows 'sorted by oldest' || fail "the key s"
    terminal resize-window -x 60 -y 12
    shows '^asker   *count   *unix' || fail "after the terminal was made narrower"
  fi
  terminal send-keys q
  for _ in $(seq 300); do terminal has-session 2>/dev/null || break; sleep 0.1; done
  terminal has-session 2>/dev/null && fail "the key q"
done

"$jackfield" top --once -d 200ms "top@$up" >"$directory/once" || fail "--once"
grep -q '^asker   *count   *unix  *[0-9]' "$directory/once" || fail "a rate: $(cat "$directory/once")"
"$jackfield" top "top@$up" >/dev/null 2>"$directory/once"
[ $? = 2 ] || fail "no terminal"
grep -q 'top draws on a terminal, and stdout is none' "$directory/once" || fail "its words"
exit $failed
