#!/usr/bin/env python3
"""Public headers, and what they include, under one root.

headers.py --output TAR [--public PATH]… [NAME=PATH]…

NAME is how a file of this tree includes the header at PATH. A public header, …/jackfield/x.h, goes
to jackfield/x.h. One of NAME that a public header includes, itself or by others, goes to
jackfield/internal/NAME, and is included from there, so that a program may have a kernel/ or a
services/ of its own. What none of them includes is left out.
"""

import argparse
import os
import re
import sys
import tarfile

sys.dont_write_bytecode = True  # the sources may be another's

from archive import add_bytes  # noqa: E402

INCLUDE = re.compile(rb'^([ \t]*#[ \t]*include[ \t]+)"([^"]+)"', re.MULTILINE)


def closure(public: dict[str, str], others: dict[str, str]) -> dict[str, bytes]:
    """Name in the archive to text, for `public` and all of `others` that they lead to."""
    found: dict[str, bytes] = {}
    open_names = [(name, path) for name, path in public.items()]
    while open_names:
        name, path = open_names.pop()
        if name in found:
            continue

        def place(include: re.Match[bytes]) -> bytes:
            wanted = include.group(2).decode()
            if wanted in public or wanted not in others:
                return include.group(0)  # public already, or not of this tree
            inside = "jackfield/internal/" + wanted
            open_names.append((inside, others[wanted]))
            return include.group(1) + b'"' + inside.encode() + b'"'

        with open(path, "rb") as file:
            found[name] = INCLUDE.sub(place, file.read())
    return found


def main() -> None:
    arguments = argparse.ArgumentParser(fromfile_prefix_chars="@")
    arguments.add_argument("--output", required=True)
    arguments.add_argument("--public", action="append", default=[])
    arguments.add_argument("others", nargs="*")
    given = arguments.parse_args()
    public = {"jackfield/" + os.path.basename(path): path for path in given.public}
    others = dict(other.split("=", 1) for other in given.others)
    with tarfile.open(given.output, "w", format=tarfile.GNU_FORMAT) as archive:
        for name, text in sorted(closure(public, others).items()):
            add_bytes(archive, name, text, 0o644)


if __name__ == "__main__":
    main()
