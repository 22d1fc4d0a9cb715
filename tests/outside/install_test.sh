#!/bin/sh
# What `./jackfield install` does, and `uninstall` undoes: nothing of others is overwritten or
# removed.
. "$(dirname "$(readlink -f "$0")")/outside.sh"
install_sh=$(readlink -f "$OLDPWD/$2")
run() { status=0; "$install_sh" "$@" >said 2>&1 || status=$?; }
says() { grep -qF -e "$1" said || fail "it does not say \"$1\" but: $(cat said)"; }
install() { run install "$archive" "$@"; }
files() { (cd "$1" && find . | sort); }

# Into a folder that has things of others, below and beside.
mkdir -p there/bin there/share
echo mine >there/bin/mine
files there >before
install --prefix there
expect "install" 0 "$status"
says "installed "
says " files at $work/there"
expect "what it is" "$(there/bin/jackfield --version)" "$("$prefix/bin/jackfield" --version)"
expect "the link" libjackfield.so.1 "$(readlink there/lib/libjackfield.so)"
PKG_CONFIG_PATH=there/lib/pkgconfig pkg-config --exists jackfield || fail "pkg-config does not find it"

# Again, over itself; what the older one had beyond the new one goes.
echo old >there/share/jackfield/old
echo "f $(sha256sum <there/share/jackfield/old | cut -d ' ' -f 1) share/jackfield/old" \
    >>there/share/jackfield/manifest
install --prefix=there
expect "install again" 0 "$status"
[ ! -e there/share/jackfield/old ] || fail "a file of the older one has stayed"

# What was changed since stays, and is said; all else goes, with the folders that were made.
echo "# by hand" >>there/share/jackfield/jackfield.mk
run uninstall --prefix there
expect "uninstall" 0 "$status"
says "$work/there/share/jackfield/jackfield.mk was changed since it was installed, and stays"
rm there/share/jackfield/jackfield.mk
rmdir there/share/jackfield
expect "what is left" "$(cat before)" "$(files there)"
run uninstall --prefix there
expect "uninstall again" 1 "$status"
says "nothing of Jackfield is installed at $work/there"

# Nothing of somebody else's is overwritten: then nothing is done.
echo theirs >there/bin/jackfield
files there >before
install --prefix there
expect "in the way" 1 "$status"
says "  $work/there/bin/jackfield"
says "nothing was installed"
expect "what is there" "$(cat before)" "$(files there)"
expect "and in it" theirs "$(cat there/bin/jackfield)"
rm there/bin/jackfield

# With DESTDIR, as packagers want it; and a prefix that is not there yet goes with what is in it.
DESTDIR=$work/stage run install "$archive" --prefix /opt/jackfield
expect "DESTDIR" 0 "$status"
[ -x stage/opt/jackfield/bin/jackfield ] || fail "it is not below DESTDIR"
! grep -rq "$work" stage/opt/jackfield/lib/cmake stage/opt/jackfield/lib/pkgconfig ||
    fail "a path of the build is in what is installed"
DESTDIR=$work/stage run uninstall --prefix /opt/jackfield
expect "uninstall of DESTDIR" 0 "$status"
[ ! -e stage/opt/jackfield ] || fail "left: $(files stage/opt/jackfield)"

install --prefix
expect "no folder" 2 "$status"
says "--prefix wants a folder"
install --perfix there
expect "a wrong word" 2 "$status"
says 'install takes no "--perfix"'
