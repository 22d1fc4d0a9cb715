"""Streams: items in both directions, under one call."""

from __future__ import annotations

import ctypes
from typing import TYPE_CHECKING, Any, Iterator, Optional

from ._library import CallOptions, lib
from ._wire import Data, Method, as_bytes, closed, take, type_of
from .errors import check

if TYPE_CHECKING:
    from .channel import BaseChannel
    from .node import BaseNode


class BaseStream:
    """What both kinds of streams have. `served`: it is a request's, and ends with that."""

    def __init__(self, node: "BaseNode", raw: int, served: bool) -> None:
        self._node = node
        self._raw: Optional[int] = raw
        self._served = served
        node._ends.add(self)

    @classmethod
    def _open(cls, channel: "BaseChannel", method: Method, data: Data,
              options: Optional[CallOptions]) -> Any:
        payload = as_bytes(data)
        raw = ctypes.c_void_p()
        check(lib.jf_stream_open(channel._open_raw(), type_of(method), payload, len(payload),
                                 options, ctypes.byref(raw)))
        channel._node._kick()
        return cls(channel._node, raw.value or 0, False)

    def _open_raw(self) -> int:
        if self._raw is None:
            raise closed("stream")
        return self._raw

    def _ended(self) -> None:
        self._raw = None

    def try_write(self, data: Data) -> None:
        """Sends an item now. Raises Refused: back-pressure where the reader is slower."""
        payload = as_bytes(data)
        check(lib.jf_stream_write(self._open_raw(), payload, len(payload), 0))
        self._node._kick()

    def end(self) -> None:
        """No more items will be written."""
        check(lib.jf_stream_end(self._open_raw()))
        self._node._kick()

    def close(self) -> None:
        """Of a client: cancels the call, if it has not ended. Once more does nothing."""
        raw, self._raw = self._raw, None
        if raw is not None and not self._served:
            lib.jf_stream_close(raw)  # refused where its channel was closed before: it is closed
            self._node._kick()


class Stream(BaseStream):
    """One that blocks: for item in stream: …; stream.write(…); stream.finish().

    On a request it may only be used in a handler of its own thread where nothing must wait; a
    server that streams is easier with aio.
    """

    def read(self) -> Optional[bytes]:
        """The next item; None: no more will come. Raises Error: why the call is over."""
        item = ctypes.c_void_p()
        check(lib.jf_stream_read(self._open_raw(), ctypes.byref(item)))
        return None if item.value is None else take(item.value)

    def write(self, data: Data) -> None:
        """Sends an item, as soon as its reader has room for it."""
        payload = as_bytes(data)
        check(lib.jf_stream_write(self._open_raw(), payload, len(payload), 1))

    def finish(self) -> bytes:
        """The answer, after the last item."""
        reply = ctypes.c_void_p()
        check(lib.jf_stream_finish(self._open_raw(), ctypes.byref(reply)))
        return take(reply.value or 0)

    def __iter__(self) -> Iterator[bytes]:
        while (item := self.read()) is not None:
            yield item

    def __enter__(self) -> "Stream":
        return self

    def __exit__(self, *_: Any) -> None:
        self.close()
