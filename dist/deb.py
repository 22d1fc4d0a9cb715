#!/usr/bin/env python3
"""Packages of Debian, out of the installable tree: each of its files is in one of them.

deb.py --tree TAR_GZ --version VERSION --output FOLDER

What a package depends on beside the others is asked of dpkg-shlibdeps, on the machine that builds:
above all the release of Abseil, whose shared library libjackfield.so.1 links.
"""

import argparse
import dataclasses
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile

PYTHON = "lib/python3/dist-packages/"


@dataclasses.dataclass
class Package:
    name: str
    summary: str
    text: str
    files: str                   # of the tree, as a regular expression; the first package that has
    depends: tuple[str, ...]     # beside what its programs are linked with
    section: str
    all_machines: bool = False
    leaves_out: str = "(?!)"     # of its files, what Debian does another way


PACKAGES = (
    Package("jackfield", "service bus: the program",
            "Starts the services of a wiring file, shows what they do, calls them.",
            r"bin/jackfield(-web)?$|share/(man|bash-completion|zsh|fish)/", (), "net"),
    Package("libjackfield1", "service bus: the shared library",
            "For programs in C, and for all languages that can call C.",
            r"lib/libjackfield\.so\.1$", (), "libs"),
    Package("python3-jackfield", "service bus: for Python",
            "Services and their callers in Python, with asyncio or without.",
            PYTHON, ("python3 (>= 3.9)", "libjackfield1 (= {version})"), "python", True,
            PYTHON + r"jackfield/libjackfield\.so\.1$"),  # the system has it
    Package("libjackfield-dev", "service bus: to write services",
            "Headers, libraries and the generator of stubs, for C++ and C, CMake and pkg-config.",
            r"include/|lib/|bin/jackfield_stubs$|share/jackfield/",
            ("libjackfield1 (= {version})", "libabsl-dev", "libflatbuffers-dev", "libssl-dev",
             "liburing-dev",
             "flatbuffers-compiler", "pkgconf | pkg-config"), "libdevel"),
)


def package_of(name: str) -> Package:
    for package in PACKAGES:
        if re.match(package.files, name):
            return package
    sys.exit(f"deb.py: no package has {name}")


def linked_with(root: pathlib.Path) -> list[str]:
    """Of the programs and shared libraries below `root`, the packages of what they load."""
    programs = [path for path in (root / "usr").rglob("*")
                if path.is_file() and not path.is_symlink()
                and path.read_bytes()[:4] == b"\x7fELF"]
    if not programs:
        return []
    with tempfile.TemporaryDirectory() as folder:
        control = pathlib.Path(folder, "debian", "control")  # where dpkg-shlibdeps wants to be
        control.parent.mkdir()
        control.write_text("Source: jackfield\n\nPackage: jackfield\nArchitecture: any\n")
        said = subprocess.run(["dpkg-shlibdeps", "-O", *map(str, programs)], cwd=folder, check=True,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True).stdout
    return re.sub(r"^shlibs:Depends=", "", said.strip()).split(", ")


def build(package: Package, root: pathlib.Path, version: str, machine: str,
          output: pathlib.Path) -> None:
    depends = [depend.format(version=version) for depend in package.depends] + linked_with(root)
    control = root / "DEBIAN"
    control.mkdir()
    (control / "control").write_text("".join([
        f"Package: {package.name}\n",
        f"Version: {version}\n",
        f"Architecture: {'all' if package.all_machines else machine}\n",
        "Maintainer: The developers of Jackfield <jackfield@localhost>\n",
        f"Section: {package.section}\nPriority: optional\n",
        f"Depends: {', '.join(depends)}\n",
        f"Description: {package.summary}\n {package.text}\n",
    ]))
    if package.section == "libs":
        (control / "triggers").write_text("activate-noawait ldconfig\n")
        (control / "shlibs").write_text(f"libjackfield 1 libjackfield1 (>= {version})\n")
    name = f"{package.name}_{version}_{'all' if package.all_machines else machine}.deb"
    subprocess.run(["dpkg-deb", "--root-owner-group", "--build", root, output / name], check=True,
                   stdout=subprocess.DEVNULL, env=dict(os.environ, SOURCE_DATE_EPOCH="0"))


def main() -> None:
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--tree", required=True)
    arguments.add_argument("--version", required=True)
    arguments.add_argument("--output", required=True, type=pathlib.Path)
    given = arguments.parse_args()
    for tool in ("dpkg-deb", "dpkg-shlibdeps"):
        if not shutil.which(tool):
            sys.exit(f"deb.py: no {tool} here: on Debian, apt-get install dpkg-dev")
    machine = subprocess.run(["dpkg", "--print-architecture"], check=True, text=True,
                             stdout=subprocess.PIPE).stdout.strip()
    os.umask(0o022)
    with tempfile.TemporaryDirectory() as folder, tarfile.open(given.tree) as tree:
        roots = {package.name: pathlib.Path(folder, package.name) for package in PACKAGES}
        for member in tree.getmembers():
            member.name = member.name.split("/", 1)[1]  # without jackfield-VERSION
            package = package_of(member.name)
            if not re.match(package.leaves_out, member.name):
                tree.extract(member, roots[package.name] / "usr")
        for package in PACKAGES:
            build(package, roots[package.name], given.version, machine, given.output)


if __name__ == "__main__":
    main()
