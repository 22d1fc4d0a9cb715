#!/bin/sh
# Puts what //dist:tar made below a prefix, or takes it away again. Run by `./jackfield install` and
# `./jackfield uninstall`.
#
#   install.sh install TAR_GZ [--prefix DIR]
#   install.sh uninstall [--prefix DIR]
#
# What was put there is written to PREFIX/share/jackfield/manifest: "d FOLDER" for each one that was
# made, "l NAME" for links, "f SUM NAME" for files. Nothing else is overwritten or removed.
set -eu
LC_ALL=C; export LC_ALL

say() { echo "jackfield: $*" >&2; }
die() { status=$1; shift; say "$@"; exit "$status"; }
usage() {
    say "$1"
    echo "  try: ./jackfield help $verb" >&2
    exit 2
}

verb=$1; shift
archive=
[ "$verb" != install ] || { archive=$1; shift; }
prefix=/usr/local
while [ $# != 0 ]; do
    case $1 in
    --prefix) [ $# -gt 1 ] || usage "--prefix wants a folder"; prefix=$2; shift 2 ;;
    --prefix=*) prefix=${1#*=}; shift ;;
    *) usage "$verb takes no \"$1\"" ;;
    esac
done
case $prefix in
/*) ;;
'') usage "--prefix wants a folder" ;;
*) prefix=$PWD/$prefix ;;
esac
root=${DESTDIR-}${prefix%/}
manifest=$root/share/jackfield/manifest

# Those of the manifest $1: files and links, by their names below the root.
names_in() { [ ! -f "$1" ] || sed -n -e 's/^f [0-9a-f]* //p' -e 's/^l //p' "$1"; }
folders_in() { [ ! -f "$1" ] || sed -n 's/^d //p' "$1"; }

# Removes what the manifest has and the list $1 (of names) has not. A file that was changed since is
# somebody's: it stays.
remove_all_but() {
    while read -r kind rest; do
        case $kind in
        f) sum=${rest%% *} name=${rest#* } ;;
        l) sum=link name=$rest ;;
        *) continue ;;
        esac
        ! grep -qxF -e "$name" "$1" || continue
        [ -e "$root/$name" ] || [ -L "$root/$name" ] || continue
        if [ "$sum" != link ] && [ "$(sha256sum <"$root/$name")" != "$sum  -" ]; then
            say "$root/$name was changed since it was installed, and stays"
            continue
        fi
        rm -f "$root/$name"
    done <"$manifest"
}

uninstall() {
    [ -f "$manifest" ] || die 1 "nothing of Jackfield is installed at $root: there is no" \
        "share/jackfield/manifest"
    remove_all_but /dev/null
    folders_in "$manifest" >"$work/folders"
    rm -f "$manifest"
    sort -r "$work/folders" | while IFS= read -r folder; do
        rmdir "$root/${folder#.}" 2>/dev/null || :  # somebody has put something there
    done
    say "removed from $root"
}

# The folders above each of the names on stdin, and the root (".") that are not there yet.
new_folders() {
    {
        echo ./x
        sed -e 's|^|./|'
    } | while IFS= read -r name; do
        folder=${name%/*}
        while [ "$folder" != "${folder%/*}" ]; do echo "${folder#./}"; folder=${folder%/*}; done
        echo .
    done | sort -u | while IFS= read -r folder; do [ -d "$root/$folder" ] || echo "$folder"; done
}

install() {
    mkdir "$work/tree"
    tar -xzf "$archive" -C "$work/tree" --strip-components=1
    (cd "$work/tree" && find . ! -type d -printf '%P\n' | sort) >"$work/names"
    names_in "$manifest" >"$work/ours"
    grep -vxF -f "$work/ours" "$work/names" >"$work/new" || :
    while IFS= read -r name; do
        ! [ -e "$root/$name" ] && ! [ -L "$root/$name" ] || echo "  $root/$name"
    done <"$work/new" >"$work/taken"
    if [ -s "$work/taken" ]; then
        say "these files are there, and not of an installation by ./jackfield:"
        head -n 5 "$work/taken" >&2
        die 1 "nothing was installed; remove them, or choose another --prefix"
    fi
    {
        {
            folders_in "$manifest"
            { cat "$work/names"; echo share/jackfield/manifest; } | new_folders
        } | sort -u | sed 's/^/d /'
        while IFS= read -r name; do
            if [ -L "$work/tree/$name" ]; then echo "l $name"; continue; fi
            sum=$(sha256sum <"$work/tree/$name")
            echo "f ${sum%  -} $name"
        done <"$work/names"
    } >"$work/manifest"
    mkdir -p "$root/share/jackfield" 2>/dev/null && [ -w "$root/share/jackfield" ] ||
        die 1 "this user may not write to $root; try --prefix \"\$HOME/.local\", or as root"
    # Whoever is interrupted from here on can begin again, or uninstall.
    if [ -f "$manifest" ]; then
        remove_all_but "$work/names"
    fi
    cp "$work/manifest" "$manifest"
    while IFS= read -r name; do
        mkdir -p "$root/${name%/*}"
        # Beside it and then over it: a program that runs keeps its file.
        cp -P "$work/tree/$name" "$root/$name.new"
        mv -f "$root/$name.new" "$root/$name"
    done <"$work/names"
    say "installed $(wc -l <"$work/names") files at $root"
}

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM
"$verb"
