"""What the library calls back. It is told a number; here stands whom that means.

One C function for each kind, for as long as the program: none can go while the library has it.
Thread: the numbers may be drawn in any; what is called runs on the thread of its node.
"""

from __future__ import annotations

import itertools
import logging
from typing import Any, Callable

from ._library import AnswerFn, HandlerFn, PostFn

log = logging.getLogger("jackfield")

_numbers = itertools.count(1)
_once: dict[int, Callable[..., Any]] = {}      # called at most once: answers and posts
_handlers: dict[int, Callable[[int], None]] = {}


def once(f: Callable[..., Any]) -> int:
    """A number for `f`, which forget() or its call takes back."""
    number = next(_numbers)
    _once[number] = f
    return number


def forget(number: int) -> None:
    _once.pop(number, None)


def keep(handler: Callable[[int], None]) -> int:
    """A number for a handler, until drop()."""
    number = next(_numbers)
    _handlers[number] = handler
    return number


def drop(number: int) -> None:
    _handlers.pop(number, None)


@AnswerFn
def on_answer(number, status, message):
    f = _once.pop(number, None)
    try:
        if f is not None:
            f(status, message)
    except BaseException:  # nothing may leave a callback
        log.exception("a callback failed")


@PostFn
def on_post(number):
    f = _once.pop(number, None)
    try:
        if f is not None:
            f()
    except BaseException:
        log.exception("what was posted failed")


@HandlerFn
def on_request(number, request):
    handler = _handlers.get(number)
    try:
        if handler is not None:
            handler(request)
    except BaseException:
        log.exception("a handler failed")
