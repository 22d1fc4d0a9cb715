"""How things end: codes, outcomes and reasons, and the exceptions that bear them."""

from __future__ import annotations

import enum

from ._library import lib


class Code(enum.IntEnum):
    """What went wrong, with the numbers of gRPC. A handler may fail with any of them."""

    CANCELLED = 1
    UNKNOWN = 2
    INVALID_ARGUMENT = 3
    DEADLINE_EXCEEDED = 4
    NOT_FOUND = 5
    ALREADY_EXISTS = 6
    PERMISSION_DENIED = 7
    RESOURCE_EXHAUSTED = 8
    FAILED_PRECONDITION = 9
    ABORTED = 10
    OUT_OF_RANGE = 11
    UNIMPLEMENTED = 12
    INTERNAL = 13
    UNAVAILABLE = 14
    DATA_LOSS = 15
    UNAUTHENTICATED = 16


class Outcome(enum.IntEnum):
    """What became of a call."""

    ANSWERED = 0  # the handler ran, and chose the code itself
    REFUSED = 1   # nothing happened: it can be made again, or must be changed
    FAILED = 2    # it is known not to have run
    IN_DOUBT = 3  # it may have run


class Reason(enum.IntEnum):
    """Why it did not end with an answer."""

    NONE = 0
    BACK_PRESSURE = 1
    TOO_LARGE = 2
    PERMISSION = 3
    VERSION = 4
    DEADLOCK = 5
    RESOURCE = 6
    PEER_DIED = 7
    CANCELLED = 8
    UNREACHABLE = 9
    DEADLINE = 10
    UNKNOWN_METHOD = 11
    CORRUPT = 12
    MISUSE = 13
    CLOSED = 14


class Error(Exception):
    """Everything that this package raises of its own: a code, an outcome, a reason, and a text.

    A handler raises one to fail its call: raise jackfield.Error(Code.NOT_FOUND, "no such order")
    """

    def __init__(self, code: Code, text: str = "", outcome: Outcome = Outcome.ANSWERED,
                 reason: Reason = Reason.NONE) -> None:
        super().__init__(text)
        self.code = Code(code)
        self.text = text
        self.outcome = outcome
        self.reason = reason

    def __str__(self) -> str:
        if self.outcome == Outcome.ANSWERED:
            return f"{self.code.name}: {self.text}"
        reason = self.reason.name.lower().replace("_", "-")
        return f"{self.outcome.name} {reason} ({self.code.name}): {self.text}"


class Refused(Error):
    """Nothing happened."""


class Failed(Error):
    """It is known not to have run."""


class InDoubt(Error):
    """It may have run: is doing it twice harmless?"""


_KINDS = {Outcome.REFUSED: Refused, Outcome.FAILED: Failed, Outcome.IN_DOUBT: InDoubt}


def misuse(text: str) -> Refused:
    """This program broke a rule of this package."""
    return Refused(Code.FAILED_PRECONDITION, text, Outcome.REFUSED, Reason.MISUSE)


def last_error() -> Error:
    """Of the last function of the library in this thread, or of the callback that runs."""
    info = lib.jf_error().contents
    outcome = Outcome(info.outcome)
    try:
        reason = Reason(info.reason)
    except ValueError:  # of a later version
        reason = Reason.NONE
    text = (info.text or b"").decode(errors="backslashreplace")
    return _KINDS.get(outcome, Error)(Code(info.code), text, outcome, reason)


def check(status: int) -> None:
    """Raises what a function of the library returned, unless it is 0."""
    if status != 0:
        raise last_error()
