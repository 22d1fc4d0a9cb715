"""A page of the guide, read: the files that it shows, and the commands with what they print.

A page is Markdown. What counts in it are its blocks, lines indented by four spaces:

- behind a paragraph that ends in "`NAME`:", without a line "$ …": the file NAME;
- else commands: "$ COMMAND", and below it what it prints. A line that ends in a backslash goes on
  in the next one. Of what is printed, "…" in a line stands for anything in it, a line "…" for any
  lines, and a run of spaces for any other. "# exit N" is the exit status, where it is not 0.
"""

import dataclasses
import re

INDENT = "    "
PROMPT = "$ "


class PageError(Exception):
    """The page is not written as it should be: "PAGE:LINE: what is wrong"."""


@dataclasses.dataclass
class File:
    name: str
    text: str
    line: int


@dataclasses.dataclass
class Command:
    text: str
    line: int
    wanted: list[str] = dataclasses.field(default_factory=list)
    status: int = 0


@dataclasses.dataclass
class Block:
    """Commands that stand together: they are run all, or, where a tool is missing, none."""

    commands: list[Command]


def read_page(name: str, text: str) -> list[File | Block]:
    """What the page `name` has the reader write and run, in its order."""
    steps: list[File | Block] = []
    before = ""
    for first, lines in _pieces(text):
        if not lines[0].startswith(INDENT):
            before = lines[-1]
            continue
        lines = [line[len(INDENT):] for line in lines]
        file_name = re.search(r"`([^`\s]+)`:$", before)
        if any(line.startswith(PROMPT) for line in lines):
            steps.append(Block(_commands(name, first, lines)))
        elif file_name:
            steps.append(File(file_name.group(1), "\n".join(lines) + "\n", first))
        else:
            raise PageError(f"{name}:{first}: a block that is no commands (\"$ …\"), and no file: "
                            "the paragraph before it does not end in \"`NAME`:\"")
        before = ""
    return steps


def _pieces(text: str) -> list[tuple[int, list[str]]]:
    """Paragraphs and indented blocks, each with the number of its first line."""
    pieces: list[tuple[int, list[str]]] = []
    gap = 0  # empty lines since the last piece; within a block they belong to it
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip():
            gap += 1
            continue
        is_code = line.startswith(INDENT)
        of_last = bool(pieces) and pieces[-1][1][0].startswith(INDENT) == is_code
        if of_last and (gap == 0 or is_code):
            pieces[-1][1].extend([INDENT] * gap + [line])
        else:
            pieces.append((number, [line]))
        gap = 0
    return pieces


def _commands(name: str, first: int, lines: list[str]) -> list[Command]:
    commands: list[Command] = []
    goes_on = False
    for number, line in enumerate(lines, start=first):
        if goes_on:
            commands[-1].text += "\n" + line
        elif line.startswith(PROMPT):
            commands.append(Command(line[len(PROMPT):], number))
        elif not commands:
            raise PageError(f"{name}:{number}: output before the first command of its block")
        elif status := re.fullmatch(r"# exit (\d+)", line):
            commands[-1].status = int(status.group(1))
            continue
        else:
            commands[-1].wanted.append(line)
            continue
        goes_on = line.endswith("\\")
    for command in commands:  # an empty line in front of the next command is not of the output
        while command.wanted and not command.wanted[-1].strip():
            command.wanted.pop()
    return commands
