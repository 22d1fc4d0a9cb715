"""Does what the pages of the guide say, and sees that what comes is what they show.

guide_test.py --program JACKFIELD [--file NAME=PATH]… [--same PATH…] PAGE…

Each page gets a directory that looks like the root of a checkout: nothing in it but what --file
puts there, and --same under its own name. `runner/` has the parts: how a page is read, where its commands run, what matches.
"""

import argparse
import os
import pathlib
import re
import shutil
import signal
import sys

sys.dont_write_bytecode = True  # the sources may be another's

from runner.page import Block, Command, File, PageError, read_page
from runner.terminal import Terminal, WatchdogError
from runner.wanted import matches

LAUNCHER = "./jackfield"         # builds, with Bazel: not run here
# third_party/packages.txt does not ask for them.
MAYBE_MISSING = ("cmake", "make", "curl", "gdb", "strace", "jq", "openssl", "systemd-analyze")
# Said by `up` where an earlier program of this machine was killed: no business of a page.
LEFT_BEHIND = re.compile(r"jackfield: removed .* left behind")
SOON = re.compile(r"# soon$")    # a command that is called again until it shows what the page says
PAGE_SECONDS_MAX = 200.0         # a watchdog: no page takes a tenth of it
PAUSE_SECONDS = 0.1              # between two looks of a command with "# soon"


class Failed(Exception):
    pass


def run_once(terminal: Terminal, text: str) -> tuple[list[str], int]:
    got, status = terminal.run(text)
    return [line for line in got if not LEFT_BEHIND.match(line)], status


def run_command(terminal: Terminal, page: str, command: Command) -> None:
    got: list[str] = []
    status = 0
    try:
        got, status = run_once(terminal, command.text)
        soon = SOON.search(command.text) is not None
        while not matches(command.wanted, got) or (soon and status != command.status):
            if command.text.endswith("&"):
                got += terminal.more()
            elif soon:
                terminal.pause(PAUSE_SECONDS)
                got, status = run_once(terminal, command.text)
            else:
                break
    except WatchdogError:
        raise Failed(_difference(page, command, got, "it did not come to this in time")) from None
    if not matches(command.wanted, got):
        raise Failed(_difference(page, command, got, f"exit {status}"))
    if status != command.status:
        raise Failed(_difference(page, command, got,
                                 f"exit {status}, and the page says {command.status}"))


def _difference(page: str, command: Command, got: list[str], end: str) -> str:
    return "\n".join([f"{page}:{command.line}: $ {command.text}", "wanted:",
                      *("    " + line for line in command.wanted), "got:",
                      *("    " + line for line in got), end])


def missing_tool(terminal: Terminal, block: Block) -> str | None:
    words = {word for command in block.commands for word in re.findall(r"[\w-]+", command.text)}
    for tool in MAYBE_MISSING:
        if tool in words and not shutil.which(tool, path=terminal.path):
            return tool
    return None


def missing_interpreter(terminal: Terminal, file: File) -> str | None:
    """Of a program on the page, which the rest of it then runs."""
    found = re.match(r"#!/usr/bin/env (\w+)\n", file.text)
    if found and not shutil.which(found[1], path=terminal.path):
        return found[1]
    return None


def run_page(path: pathlib.Path, programs: pathlib.Path, files: dict[str, pathlib.Path],
             seconds_max: float = PAGE_SECONDS_MAX) -> str:
    """Returns: one line that says how much was run. Errors: Failed, PageError."""
    steps = read_page(str(path), path.read_text())
    run = of_launcher = 0
    missing: list[str] = []
    terminal = Terminal(programs, files, seconds_max)
    try:
        for step in steps:
            if isinstance(step, File):
                if tool := missing_interpreter(terminal, step):
                    return f"{path}: {run} commands run, and no more: no {tool} here"
                terminal.write(step.name, step.text.encode())
                continue
            if tool := missing_tool(terminal, step):
                missing.append(tool)
                continue
            for command in step.commands:
                if command.text.startswith(LAUNCHER):
                    of_launcher += 1
                else:
                    run_command(terminal, str(path), command)
                    run += 1
    finally:
        terminal.close()
    if run == 0:
        raise Failed(f"{path}: none of its commands was run")
    return (f"{path}: {run} commands run, {of_launcher} of {LAUNCHER} not" +
            "".join(f", a block not: no {tool} here" for tool in missing))


def main() -> int:
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--program", required=True, type=pathlib.Path)
    arguments.add_argument("--file", action="append", default=[], metavar="NAME=PATH")
    arguments.add_argument("--same", nargs="+", default=[], metavar="PATH")
    arguments.add_argument("pages", nargs="+", type=pathlib.Path)
    given = arguments.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that what was started ends
    files = {name: pathlib.Path(path).resolve()
             for name, path in (text.split("=", 1) for text in given.file)}
    files.update({path: pathlib.Path(path).resolve() for path in given.same})
    failures = 0
    for page in given.pages:
        try:
            print(run_page(page, given.program.absolute().parent, files), flush=True)
        except (Failed, PageError) as failure:
            failures += 1
            print(failure, flush=True)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
