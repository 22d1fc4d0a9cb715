#!/usr/bin/env python3
"""The installable tree, as an archive with one folder jackfield-VERSION in it.

tree.py --output TAR_GZ --version VERSION --requires "MODULE…" [--KIND NAME=PATH]…

    --file      the file at PATH as NAME, a path below the prefix
    --program   the same; executable, and without symbols
    --template  the same; what stands as @VERSION@ or @REQUIRES@ is replaced
    --unpack    what the archive at PATH has, below the folder NAME
    --link      a symbolic link NAME to PATH, as seen from it
"""

import argparse
import gzip
import pathlib
import subprocess
import sys
import tarfile
import tempfile

sys.dont_write_bytecode = True  # the sources may be another's

from archive import add_bytes, add_link  # noqa: E402

KINDS = ("file", "program", "template", "unpack", "link")


def stripped(path: str) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        output = pathlib.Path(folder, "stripped")
        subprocess.run(["strip", "--strip-unneeded", "-o", output, path], check=True)
        return output.read_bytes()


def filled_in(path: str, version: str, requires: str) -> bytes:
    text = pathlib.Path(path).read_text()
    return text.replace("@VERSION@", version).replace("@REQUIRES@", requires).encode()


def entries(given: argparse.Namespace):
    """Of each file its name, its text and its mode; of a link, its target and no mode."""
    for kind in KINDS:
        for name, path in (item.split("=", 1) for item in getattr(given, kind)):
            if kind == "file":
                yield name, pathlib.Path(path).read_bytes(), 0o644
            elif kind == "program":
                yield name, stripped(path), 0o755
            elif kind == "template":
                yield name, filled_in(path, given.version, given.requires), 0o644
            elif kind == "link":
                yield name, path, None
            else:
                with tarfile.open(path) as archive:
                    for member in archive.getmembers():
                        yield f"{name}/{member.name}", archive.extractfile(member).read(), 0o644


def main() -> None:
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--output", required=True)
    arguments.add_argument("--version", required=True)
    arguments.add_argument("--requires", required=True)
    for kind in KINDS:
        arguments.add_argument("--" + kind, action="append", default=[], metavar="NAME=PATH")
    given = arguments.parse_args()
    with open(given.output, "wb") as file, \
            gzip.GzipFile(filename="", mode="wb", fileobj=file, mtime=0) as packed, \
            tarfile.open(mode="w", fileobj=packed, format=tarfile.GNU_FORMAT) as archive:
        for name, text, mode in sorted(entries(given), key=lambda entry: entry[0]):
            place = f"jackfield-{given.version}/{name}"
            if mode is None:
                add_link(archive, place, text)
            else:
                add_bytes(archive, place, text, mode)


if __name__ == "__main__":
    main()
