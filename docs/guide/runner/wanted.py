"""Whether what a command has printed is what the page says."""

import re

ANYTHING = "…"


def matches(wanted: list[str], got: list[str]) -> bool:
    return _regex(wanted).fullmatch("".join(line.rstrip() + "\n" for line in got)) is not None


def _regex(wanted: list[str]) -> re.Pattern[str]:
    return re.compile("".join(_line(line.rstrip()) for line in wanted))


def _line(line: str) -> str:
    if line.strip() == ANYTHING:
        return r"(?:[^\n]*\n)*?"
    words = [r"[^\n]*".join(map(re.escape, word.split(ANYTHING))) for word in re.split(" +", line)]
    return " +".join(words) + r"\n"
