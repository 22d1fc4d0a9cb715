"""Lets an asyncio loop drive a node: a round of turns when its descriptor is readable, when a
timer of its is due, and when something was begun."""

from __future__ import annotations

import asyncio
import ctypes
from typing import Callable, Optional

from .. import _callbacks
from .._library import FOREVER, lib
from ..errors import check

_TURNS_MAX = 16  # in one round; then others of the loop have their turn


class Driver:
    """Of one node, in the running loop. after_round: called after each."""

    def __init__(self, raw: int, after_round: Optional[Callable[[], None]] = None) -> None:
        self._loop = asyncio.get_running_loop()
        self._raw: Optional[int] = raw
        self._after_round = after_round
        self._fd = -1
        self._timer: Optional[asyncio.TimerHandle] = None
        self._scheduled = False
        self._happened = ctypes.c_int()
        self._sleep_us = ctypes.c_int64()
        self._found_fd = ctypes.c_int()
        self.sleeps = 0  # rounds that ended without work
        self.kick()

    def kick(self) -> None:
        """A round soon, after whatever runs now."""
        if not self._scheduled and self._raw is not None:
            self._scheduled = True
            self._loop.call_soon(self._scheduled_round)

    def close(self) -> None:
        self._raw = None
        if self._timer is not None:
            self._timer.cancel()
        if self._fd >= 0:
            self._loop.remove_reader(self._fd)
            self._fd = -1

    def _scheduled_round(self) -> None:
        self._scheduled = False
        self._round()

    def _timer_round(self) -> None:
        self._timer = None
        self._round()

    def _round(self) -> None:
        if self._raw is None:
            return
        try:
            self._turns()
        except Exception:  # pylint: disable=broad-except
            # The system refuses to wait for anything, or this is another thread: the node does
            # nothing more, and whoever uses it is told so.
            _callbacks.log.exception("the node has stopped")
            self.close()

    def _turns(self) -> None:
        for _ in range(_TURNS_MAX):
            check(lib.jf_turn(self._raw, 0, self._happened))
            if self._after_round is not None:
                self._after_round()
            if self._raw is None:  # what was called has closed it
                return
            if not self._happened.value:
                break
        else:
            return self.kick()
        check(lib.jf_prepare(self._raw, self._sleep_us))
        self._watch()
        sleep_us = self._sleep_us.value
        if sleep_us == 0:
            return self.kick()
        self.sleeps += 1
        if sleep_us != FOREVER:
            self._come_back(self._loop.time() + sleep_us / 1e6)

    def _come_back(self, when: float) -> None:
        """A timer that fires too early is left alone: a round in vain costs less than a timer."""
        if self._timer is not None:
            if self._timer.when() <= when:
                return
            self._timer.cancel()
        self._timer = self._loop.call_at(when, self._timer_round)

    def _watch(self) -> None:
        check(lib.jf_fd(self._raw, self._found_fd))
        fd = self._found_fd.value
        if fd == self._fd:
            return
        if self._fd >= 0:
            self._loop.remove_reader(self._fd)
        self._fd = fd
        self._loop.add_reader(fd, self._round)
