#!/bin/bash
# TAB in a bash of its own, on a real terminal: what is typed becomes what was meant. And what is
# behind it, `jackfield __complete`, when a supervisor is stuck.
set -u
directory=$(mktemp -d /tmp/tab.XXXXXX)
ln -s "$PWD/$1" "$directory/jackfield"
export XDG_RUNTIME_DIR=$directory TERM=screen LC_ALL=C.UTF-8 PATH=$directory:$PATH
terminal() { tmux -S "$directory/tmux" -f /dev/null "$@"; }
up=
cleanup() {
  terminal kill-server 2>/dev/null
  [ -z "$up" ] || { kill -CONT "$up"; kill "$up"; } 2>/dev/null
  wait
  rm -rf "$directory"
}
trap cleanup EXIT
failed=0
fail() { echo "FAILED: $1" >&2; failed=1; }

cat >"$directory/tabbed.toml" <<'WIRING'
jackfield = 1
name = "tabbed"
over = "unix:"
[service.taker]
run = "asker"
calls = { count = { service = "server" } }
[service.server]
run = "count"
WIRING
cd "$directory" || exit 1
mkdir 'a folder'
jackfield up tabbed.toml >/dev/null 2>"$directory/err" &
up=$!
for _ in $(seq 600); do grep -q asks "$directory/err" && break; sleep 0.1; done

# Waits until the last line of the terminal is "$ $1"; it shows no spaces at its end.
shows() {
  local wanted="\$ $1"
  for _ in $(seq 100); do
    screen=$(terminal capture-pane -p 2>/dev/null)
    [ "$(tail -n 1 <<<"$screen")" = "${wanted% }" ] && return 0
    sleep 0.1
  done
  return 1
}
cat >"$directory/rc" <<'RC'
PS1='$ '
bind 'set bell-style none'
eval "$(jackfield completion bash)"
RC
terminal new-session -d -x 100 -y 20 "bash --noprofile --rcfile $directory/rc -i" || fail "tmux"
shows '' || { fail "a prompt: $screen"; exit 1; }
# tab TYPED BECOMES: a '|' behind it shows whether there is a space.
tab() {
  terminal send-keys -l "$1"; terminal send-keys Tab
  shows "$2" || { fail "\"$1\" is to become \"$2\""; echo "$screen" | grep . >&2; }
  terminal send-keys -l '|'
  shows "$2|" || { fail "\"$2|\", with what is between them"; echo "$screen" | grep . >&2; }
  terminal send-keys C-u C-l
  shows '' || { fail "a prompt again"; exit 1; }
}
tab 'jackfield expl' 'jackfield explain '
tab 'jackfield frob' 'jackfield frob'
tab 'jackfield up --det' 'jackfield up --detach '
tab 'jackfield up tab' 'jackfield up tabbed.toml '
tab 'jackfield up a' 'jackfield up a\ folder/'
tab 'jackfield up --over un' 'jackfield up --over unix '
tab 'jackfield up --over=un' 'jackfield up --over=unix '
tab 'jackfield explain un' 'jackfield explain unix:'
tab 'jackfield explain tabb' 'jackfield explain tabbed.toml '
tab 'jackfield explain unix:@kv' 'jackfield explain unix:@kv'
tab 'jackfield caps -o j' 'jackfield caps -o json '
tab 'jackfield caps --output=' 'jackfield caps --output='
tab 'jackfield caps --output=j' 'jackfield caps --output=json '
tab 'jackfield completion f' 'jackfield completion fish '
tab 'jackfield ps tabb' 'jackfield ps tabbed '
tab 'jackfield logs --wiring=tabb' 'jackfield logs --wiring=tabbed '
tab 'jackfield restart --wiring tabbed ser' 'jackfield restart --wiring tabbed server '
tab 'jackfield call -w tabbed tak' 'jackfield call -w tabbed taker '
tab './jackfield vers' './jackfield version '
tab 'true && ./jackfield vers' 'true && ./jackfield version '

# The function by itself, as bash calls it with these variables.
reply() {
  bash --noprofile --norc -c '
    eval "$(jackfield completion bash)"
    COMP_LINE=$1 COMP_POINT=${#1} COMP_WORDS=("${@:2}") COMP_CWORD=$(($# - 2))
    _jackfield jackfield "${COMP_WORDS[COMP_CWORD]}"
    printf "%s\n" "${COMPREPLY[@]}"' bash "$@"
}
[ "$(reply 'jackfield ca' jackfield ca)" = "$(printf 'call\ncaps')" ] || fail "call and caps"
[ "$(reply 'jackfield caps --output=' jackfield caps --output =)" = "$(printf 'table\njson')" ] ||
  fail "behind the last mark only"
complete -p jackfield 2>/dev/null && fail "the test's own shell knows it"
bash --noprofile --norc -c 'eval "$(jackfield completion bash)"; complete -p jackfield' |
  grep -q -- '-F _jackfield jackfield' || fail "who completes"

# A supervisor that is stuck, or none: it comes back with what is known, and succeeds.
words() { jackfield __complete "$@" 2>&1 || echo "exit status $?"; }
words restart -w "tabbed@$up" '' | sort | tr '\n' ' ' | grep -qx 'server taker ' ||
  fail "its services"
kill -STOP "$up"
for words in "restart -w tabbed@$up" "logs -w tabbed@$up" "logs -w tabbed@$up server"; do
  # shellcheck disable=SC2086  # words
  words $words '' | sort | tr '\n' ' ' | grep -qx 'server taker ' || fail "stuck: $words"
done
words ps tabb | grep -q '^tabbed' || fail "stuck: ps"
[ -z "$(words call -w no-such-wiring kv)" ] || fail "no such wiring"
kill -CONT "$up"
for wrong in '' 'up --frob=' 'frob x' '-' '-- --' "$(printf 'a\tb')"; do
  # shellcheck disable=SC2086  # words
  jackfield __complete $wrong >/dev/null || fail "it never fails: $wrong"
done
[ -z "$(words ps zzz)" ] || fail "no such wiring"
jackfield completion tcsh >/dev/null 2>"$directory/err"
[ $? = 2 ] || fail "a shell that it does not know"
grep -q 'no shell "tcsh"; there are bash, zsh and fish' "$directory/err" || fail "its words"
exit $failed
