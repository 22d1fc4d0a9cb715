#!/bin/sh
# The packages of Debian: what is in which, what each depends on, and that together they are a tree
# that serves a program outside. They are unpacked, not installed.
. "$(dirname "$(readlink -f "$0")")/outside.sh"
need dpkg-deb dpkg-shlibdeps python3 cc pkg-config
deb_py=$(readlink -f "$OLDPWD/$3")
version=$(jackfield --version | cut -d ' ' -f 2)

mkdir debs root
python3 "$deb_py" --tree "$archive" --version "$version" --output "$work/debs"
expect "the packages" "jackfield libjackfield-dev libjackfield1 python3-jackfield" \
    "$(cd debs && echo *.deb | sed "s/_${version}_[a-z0-9]*\.deb//g")"
for deb in debs/*.deb; do
    dpkg-deb --contents "$deb" | sed -e 's|^.* \./|./|' -e 's/ -> .*//' | grep -v '/$' >>names
    dpkg-deb --extract "$deb" root
done
expect "files in two packages" "" "$(sort names | uniq -d)"
# All of the tree, but for the link by which Python finds a library that the system does not know.
(cd root/usr && find . ! -type d | sort) >in_debs
(cd "$prefix" && find . ! -type d | sort) >in_tree
expect "what is in none" ./lib/python3/dist-packages/jackfield/libjackfield.so.1 \
    "$(comm -13 in_debs in_tree)"
expect "what is in none of the tree" "" "$(comm -23 in_debs in_tree)"

depends() { dpkg-deb --field debs/"$1"_*.deb Depends; }
has() {
    case ", $(depends "$1")," in
    *", $2"[,\ ]*) ;;
    *) fail "$1 does not depend on $2: $(depends "$1")" ;;
    esac
}
case $(depends jackfield) in
*libmicrohttpd*) ;;
*) fail "jackfield: $(depends jackfield)" ;;
esac
has libjackfield-dev "libjackfield1 (= $version)"
has libjackfield-dev libabsl-dev
has python3-jackfield "libjackfield1 (= $version)"
# The shared library is of one release of Abseil, whose number is in the name of its package.
case $(depends libjackfield1) in
*libabsl20*) ;;
*) fail "libjackfield1: $(depends libjackfield1)" ;;
esac

# A program by what was unpacked, and nothing else.
rm -r "$prefix"
export PATH="$work/root/usr/bin:$PATH" PKG_CONFIG_PATH="$work/root/usr/lib/pkgconfig"
flags=$(pkg-config --cflags --libs jackfield-c)
# shellcheck disable=SC2086  # a list
cc "$tests/caller.c" $flags -Wl,-rpath,"$work/root/usr/lib" -o caller
export PYTHONPATH="$work/root/usr/lib/python3/dist-packages" PYTHONDONTWRITEBYTECODE=1
export LD_LIBRARY_PATH="$work/root/usr/lib"
jackfield init -q greet --lang python >said
is_served greet/greet.toml
expect "C calls Python" '{"text": "hello Ada"}' \
    "$(jackfield run -q --call greet -- ./caller greet/greet.fbs)"
is_down
