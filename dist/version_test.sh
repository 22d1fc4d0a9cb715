#!/bin/sh
# What repeats the version because it can load nothing says the same as version.bzl.
set -eu
version=$(sed -n 's/^VERSION = "\(.*\)"$/\1/p' version.bzl)
[ -n "$version" ] || { echo "version.bzl has none" >&2; exit 1; }
for file in MODULE.bazel bindings/python/pyproject.toml; do
    grep -qE "^ *version = \"$version\",?\$" "$file" || {
        echo "$file: its version is not $version, as version.bzl has it" >&2
        exit 1
    }
done
