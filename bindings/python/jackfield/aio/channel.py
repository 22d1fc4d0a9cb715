"""Channels whose calls are awaited."""

from __future__ import annotations

import asyncio
from typing import Any, Optional, Sequence

from .. import channel
from .._wire import Data, Method, as_bytes, call_options, type_of
from ..errors import Reason, Refused
from . import _answer
from .stream import Stream

_ROOM_SECONDS = 0.001  # between two looks for room


class Channel(channel.BaseChannel):
    """As jackfield.Channel: await channel.call(…), or gather many."""

    def call(self, method: Method, data: Data = b"", *, timeout: Optional[float] = None,
             priority: int = 0, fds: Sequence[int] = (),
             detached: bool = False) -> "asyncio.Future[bytes]":
        """The answer to a call. It is begun at once, and raises at once where it is refused so.
        Beyond calls_max it waits for room, within its deadline. To cancel the future cancels the
        call."""
        payload = as_bytes(data)
        options = None
        if timeout is not None or priority or fds or detached:
            options = call_options(timeout, priority, fds, detached)
        return _answer.Call(self._node._kick).begin(self._open_raw(), type_of(method), payload,
                                                    len(payload), options)

    async def send_soon(self, method: Method, data: Data = b"", *, priority: int = 0,
                        fds: Sequence[int] = ()) -> None:
        """send(), which waits for room without holding up the loop."""
        while True:
            try:
                return self.send(method, data, priority=priority, fds=fds, no_wait=True)
            except Refused as why:
                if why.reason != Reason.BACK_PRESSURE:
                    raise
            await asyncio.sleep(_ROOM_SECONDS)

    def stream(self, method: Method, data: Data = b"", *, timeout: Optional[float] = None,
               priority: int = 0, detached: bool = False) -> Stream:
        """A call with items in both directions. timeout: of all of it; None: it has none."""
        return Stream._open(self, method, data, call_options(timeout, priority, (), detached))

    def close(self, seconds: float = 0) -> channel.Receipt:
        """Says goodbye. seconds: holds up the loop at most so long, until the service has handled
        all."""
        return self._close(seconds)

    async def __aenter__(self) -> "Channel":
        return self

    async def __aexit__(self, *_: Any) -> None:
        self._close(0)
