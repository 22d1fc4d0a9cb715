# What each test here begins with: . outside.sh, with the archive that //dist:tar makes as $1. It is
# unpacked in an empty directory, which is $work, and found as an installed one would be.
set -eu
archive=$(readlink -f "$1")
tests=$(dirname "$(readlink -f "$0")")
# Short enough for sockets, and not of the build.
work=$(mktemp -d /tmp/outside.XXXXXX)
prefix=$work/prefix
mkdir "$prefix" "$work/run" "$work/state"
tar -xzf "$archive" -C "$prefix" --strip-components=1
cd "$work"
export HOME="$work" XDG_RUNTIME_DIR="$work/run" XDG_STATE_HOME="$work/state"
export PATH="$prefix/bin:$PATH" PKG_CONFIG_PATH="$prefix/lib/pkgconfig"
unset JACKFIELD_LIBRARY

wiring=  # one that is up
end() {
    [ -z "$wiring" ] || jackfield down -q "$wiring" || :
    rm -rf "$work"
}
trap end EXIT
trap 'exit 1' INT TERM

fail() { echo "$*" >&2; exit 1; }
expect() { [ "$2" = "$3" ] || fail "$1: wanted \"$2\", got \"$3\""; }
need() {
    for tool; do
        command -v "$tool" >/dev/null || { echo "skipped: no $tool here (third_party/)"; exit 0; }
    done
}

# The wiring $1, of the service greet, is up, and called by name; then down.
is_served() {
    wiring=greet
    jackfield up -q -d "$1"
    expect "a call" '{"text": "hello Ada"}' "$(jackfield call -q greet Greet '{"name":"Ada"}')"
    expect "its schema" greet.Greeter/Greet "$(jackfield ls greet | head -n 1)"
}
is_down() {
    jackfield down -q greet
    wiring=
}
