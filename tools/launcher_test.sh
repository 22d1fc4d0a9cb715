#!/bin/sh
# The launcher, with a checkout, a Bazel and a program that are made up: what it answers without them,
# and what it has built.
set -eu
launcher=$(readlink -f "$1") help=$(readlink -f "$2") packages=$(readlink -f "$3")
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
failures=0

# A checkout at $1, and tools that write down how they were called.
make_checkout() {
    mkdir -p "$1/tools" "$1/third_party" "$1/services/greet"
    cp "$launcher" "$1/jackfield"; cp "$help" "$1/tools/help.txt"
    cp "$packages" "$1/third_party/packages.txt"
    touch "$1/services/greet/BUILD.bazel"
}
make_tool() { printf '#!/bin/sh\n%s\n' "$2" >"$dir/bin/$1"; chmod +x "$dir/bin/$1"; }
mkdir -p "$dir/bin" "$dir/out/tools"
make_tool apt-get 'echo "apt-get $*" >>'"$dir"'/called'
make_tool dpkg-query 'shift 2; for name; do printf "%s:installed " "$name"; done'
make_tool bazel 'case $1 in --version) echo "bazel 4.2.3"; exit ;; info) echo '"$dir"'/out; exit ;; esac
echo "bazel $*" >>'"$dir"'/called'
printf '#!/bin/sh\n[ "$1" != programs ] && echo "ran $*" || cat %s/programs\n' "$dir" >"$dir/out/tools/jackfield"
chmod +x "$dir/out/tools/jackfield"
PATH=$dir/bin:$PATH

# run CHECKOUT WORDS...: leaves its status, what it said and what it called.
run() {
    checkout=$1; shift
    rm -f "$dir/called"; touch "$dir/called"
    status=0
    "$checkout/jackfield" "$@" >"$dir/said" 2>&1 || status=$?
}
# expect WHAT STATUS TEXT: and that TEXT was said.
expect() {
    if [ "$status" != "$2" ] || ! grep -qF -e "$3" "$dir/said"; then
        echo "$1: status $status, said:"; cat "$dir/said"
        failures=1
    fi
}
not_called() { [ ! -s "$dir/called" ] || { echo "$1 called:"; cat "$dir/called"; failures=1; }; }
called() { grep -qF -e "$1" "$dir/called" || { echo "no $1 in:"; cat "$dir/called"; failures=1; }; }

make_checkout "$dir/checkout"
checkout=$dir/checkout

# Help, the version and typos, before anything is installed or built.
answers() { what=$1 wanted=$2 text=$3; shift 3; run "$checkout" "$@"; expect "$what" "$wanted" "$text"; not_called "$what"; }
answers "no word" 2 "usage: jackfield VERB"
answers help 0 "  test        build and run every test" help
answers --help 0 "  up          start the services" --help
answers "help up" 0 "usage: jackfield up " help up
answers "up --help" 0 "usage: jackfield up " up --help
answers "help test" 0 "usage: ./jackfield test" help test
answers "test --help" 0 "usage: ./jackfield test" test --help
answers "compdb -h" 0 "usage: ./jackfield compdb" compdb -h
answers version 0 "jackfield 0." version
answers -V 0 "jackfield 0." -V
answers uup 2 'jackfield: no verb "uup"; did you mean "up"?' uup
answers tesst 2 'jackfield: no verb "tesst"; did you mean "test"?' tesst
answers frobnicate 2 'jackfield: no verb "frobnicate"' frobnicate
answers "help chekc" 2 'jackfield: no verb "chekc"; did you mean "check"?' help chekc
answers "init --help" 0 "usage: jackfield init [FLAGS…] DIR" init --help
answers "a flag" 2 'the verb comes first, then its flags: "--over" is a flag' --over tcp up

# TAB builds nothing: the verbs are in the help, and what is built already knows the rest.
complete() {
    what=$1 wanted=$2; shift 2
    run "$checkout" __complete "$@"
    not_called "$what"
    [ "$status" = 0 ] && [ "$(tr '\n' ' ' <"$dir/said")" = "$wanted" ] ||
        { echo "$what: status $status, said:"; cat "$dir/said"; failures=1; }
}
complete "TAB" "export explain " ex
complete "TAB for its own verbs" "completion compdb " comp
complete "TAB behind a verb" "" up -
complete "TAB for nothing" "" frob
mkdir -p "$checkout/.jackfield-cache"
echo "$dir/out/tools/jackfield" >"$checkout/.jackfield-cache/program"
complete "TAB of a program" "ran __complete up - " up -
complete "TAB of a program, and its own verbs" "test ran __complete te " te
rm -rf "$checkout/.jackfield-cache"

# What a wiring runs out of bazel-bin is built by its label, and what lies elsewhere is not touched.
printf '%s\n' /usr/bin/env "$checkout/bazel-bin/services/greet/greet" \
    "$checkout/bazel-bin/services/greet/sub/ask" "$dir/elsewhere/bazel-bin/x/y" >"$dir/programs"
for verb in up check explain; do
    rm -rf "$checkout/.jackfield-cache"
    run "$checkout" "$verb" w.toml a b
    expect "$verb" 0 "ran $verb w.toml a b"
    called "//tools:jackfield"
    called " //services/greet:greet //services/greet:sub/ask"
done
run "$checkout" up w.toml
expect "up again" 0 "ran up w.toml"
not_called "up again"
ln -s "$dir/out" "$checkout/bazel-bin"  # of another configuration, for all we know
run "$checkout" up w.toml
called " //services/greet:greet"
run "$checkout" caps
expect caps 0 "ran caps"
not_called caps
run "$checkout" init services/hello
expect init 0 "ran init services/hello"
echo "$checkout/bazel-bin/nowhere/greet" >"$dir/programs"
run "$checkout" up w.toml
expect "a program without a target" 1 "the wiring runs bazel-bin/nowhere/greet, and no folder above"

# What speaks HTTP is a program of its own, built when it is first wanted.
for verb in ui metrics; do
    rm -f "$checkout/.jackfield-cache/web"
    run "$checkout" $verb shop
    expect "$verb" 0 "ran $verb shop"
    called "//tools:jackfield-web"
    run "$checkout" $verb shop
    expect "$verb again" 0 "ran $verb shop"
    not_called "$verb again"
done

# To install, the archive is built; what is not meant is said before that.
mkdir -p "$checkout/dist"
echo 'VERSION = "1.2.3"' >"$checkout/version.bzl"
printf '#!/bin/sh\necho "install.sh $*"\n' >"$checkout/dist/install.sh"
chmod +x "$checkout/dist/install.sh"
run "$checkout" install --prefix /opt
expect install 0 "install.sh install $dir/out/dist/jackfield-1.2.3.tar.gz --prefix /opt"
called " //dist:tar"
run "$checkout" install --perfix /opt
expect "install, wrong" 0 "install.sh install - --perfix /opt"
not_called "install, wrong"
run "$checkout" uninstall --prefix /opt
expect uninstall 0 "install.sh uninstall --prefix /opt"
not_called uninstall

# Bazel cannot build at a path with a space in it: said before anything.
make_checkout "$dir/a space"
checkout="$dir/a space"
answers "help at a space" 0 "usage: jackfield VERB" help
answers "caps at a space" 1 "Bazel cannot build at a path with a space in it" caps
answers "test at a space" 1 "Bazel cannot build at a path with a space in it" test

exit "$failures"
