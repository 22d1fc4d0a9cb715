"""Streams that are awaited."""

from __future__ import annotations

from typing import Any, AsyncIterator, Optional

from .. import stream
from .._library import lib
from .._wire import Data, as_bytes
from . import _answer


class Stream(stream.BaseStream):
    """async for item in stream: …; await stream.write(…); await stream.finish().

    One reader and one writer at a time.
    """

    async def read(self) -> Optional[bytes]:
        """The next item; None: no more will come. Raises Error: why the call is over."""
        future = _answer.begin(lib.jf_stream_read_async, self._open_raw())
        self._node._kick()
        return await future

    async def write(self, data: Data) -> None:
        """Sends an item, as soon as its reader has room for it."""
        payload = as_bytes(data)
        future = _answer.begin(lib.jf_stream_write_async, self._open_raw(), payload, len(payload))
        self._node._kick()
        await future

    async def finish(self) -> bytes:
        """The answer, after the last item."""
        future = _answer.begin(lib.jf_stream_finish_async, self._open_raw())
        self._node._kick()
        return await future

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while (item := await self.read()) is not None:
            yield item

    async def __aenter__(self) -> "Stream":
        return self

    async def __aexit__(self, *_: Any) -> None:
        self.close()
