"""Channels: to call a service."""

from __future__ import annotations

import ctypes
from typing import TYPE_CHECKING, Any, NamedTuple, Optional, Sequence

from ._library import ChannelOptions, Receipt as RawReceipt, lib, sized
from ._wire import Data, Method, as_bytes, call_options, closed, microseconds, take, type_of
from .errors import check
from .stream import Stream

if TYPE_CHECKING:
    from .node import BaseNode


class Receipt(NamedTuple):
    """What became of everything that a channel had sent."""

    handled: int
    delivered: int    # it came, and was not handled when the connection ended
    undelivered: int  # it never left
    in_doubt: int     # no word


class BaseChannel:
    """What both kinds of channels have."""

    def __init__(self, node: "BaseNode", raw: int) -> None:
        self._node = node
        self._raw: Optional[int] = raw
        node._ends.add(self)

    @classmethod
    def _open(cls, node: "BaseNode", address: str, *, timeout: float = 0, connect: float = 0,
              calls_max: int = 0, message_bytes_max: int = 0, reconnect: bool = True,
              sends_fds: bool = False) -> Any:
        raw = ctypes.c_void_p()
        options = cls._options(timeout, connect, calls_max, message_bytes_max, reconnect,
                               sends_fds)
        check(lib.jf_channel_open(node._raw, address.encode(), ctypes.byref(options),
                                  ctypes.byref(raw)))
        node._kick()
        return cls(node, raw.value or 0)

    @staticmethod
    def _options(timeout: float = 0, connect: float = 0, calls_max: int = 0,
                 message_bytes_max: int = 0, reconnect: bool = True,
                 sends_fds: bool = False) -> ChannelOptions:
        return sized(ChannelOptions, timeout_us=microseconds(timeout),
                     connect_us=microseconds(connect), calls_max=calls_max,
                     message_bytes_max=message_bytes_max, no_reconnect=not reconnect,
                     sends_fds=sends_fds)

    def _open_raw(self) -> int:
        if self._raw is None:
            raise closed("channel")
        return self._raw

    def _ended(self) -> None:
        self._raw = None

    def _close(self, seconds: float) -> Receipt:
        if self._raw is None:
            return Receipt(0, 0, 0, 0)
        raw_receipt = sized(RawReceipt)
        check(lib.jf_channel_close(self._raw, microseconds(seconds), ctypes.byref(raw_receipt)))
        self._raw = None
        self._node._kick()
        return Receipt(raw_receipt.handled, raw_receipt.delivered, raw_receipt.undelivered,
                       raw_receipt.in_doubt)

    def describe(self) -> str:
        """For people: "unix:@kv, to kv, pid 4121"."""
        text = ctypes.create_string_buffer(512)
        lib.jf_channel_describe(self._open_raw(), text, len(text))
        return text.value.decode(errors="backslashreplace")

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {'closed' if self._raw is None else self.describe()}>"

    def send(self, method: Method, data: Data = b"", *, timeout: Optional[float] = None,
             priority: int = 0, fds: Sequence[int] = (), no_wait: bool = False) -> None:
        """One way. Returns when there is room for it; what becomes of it is in close()'s receipt.
        Raises Refused: back-pressure (no_wait, and there is no room)."""
        payload = as_bytes(data)
        options = call_options(timeout, priority, fds, False, no_wait)
        check(lib.jf_send(self._open_raw(), type_of(method), payload, len(payload), options))
        self._node._kick()


class Channel(BaseChannel):
    """A client's end. It connects in the background, and again when the service is replaced.

    Options of Node.connect: timeout: seconds, of a call that names none (5). connect: seconds to
    connect (5). calls_max: under way at once, to 4096 (256). message_bytes_max: larger messages
    than 1 MiB; the service must allow the same. reconnect=False: it ends with its first
    connection. sends_fds: descriptors will be sent.
    """

    def wait(self) -> None:
        """Blocks until it is connected."""
        check(lib.jf_channel_wait(self._open_raw()))

    def call(self, method: Method, data: Data = b"", *, timeout: Optional[float] = None,
             priority: int = 0, fds: Sequence[int] = (), detached: bool = False) -> bytes:
        """The answer to a call. Blocks. timeout: seconds, in place of the channel's. priority: 1
        (most urgent) to 4; 0: as the call that is being served. fds: descriptors to go along,
        which this closes, unless it is Refused. Raises Error: what the handler chose, or how it
        ended otherwise."""
        payload = as_bytes(data)
        options = None
        if timeout is not None or priority or fds or detached:
            options = call_options(timeout, priority, fds, detached)
        reply = ctypes.c_void_p()
        check(lib.jf_call(self._open_raw(), type_of(method), payload, len(payload), options,
                          ctypes.byref(reply)))
        return take(reply.value or 0)

    def stream(self, method: Method, data: Data = b"", *, timeout: Optional[float] = None,
               priority: int = 0, detached: bool = False) -> Stream:
        """A call with items in both directions. timeout: of all of it; None: it has none."""
        return Stream._open(self, method, data, call_options(timeout, priority, (), detached))

    def close(self, seconds: float = 0) -> Receipt:
        """Says goodbye; blocks until the service has handled all, at most so long."""
        return self._close(seconds)

    def __enter__(self) -> "Channel":
        return self

    def __exit__(self, *_: Any) -> None:
        self._close(0)
