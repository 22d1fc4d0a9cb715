"""What an awaited call waits for."""

from __future__ import annotations

import asyncio
import ctypes
from typing import Any, Callable, Optional

from .. import _callbacks
from .._library import lib
from .._wire import take
from ..errors import check, last_error


def settle(future: "asyncio.Future[Any]", status: int, message: Optional[int]) -> None:
    """The answer is there. Whoever has cancelled the future is not told."""
    if status == 0:
        data = None if message is None else take(message)
        if not future.done():
            future.set_result(data)
    elif not future.done():
        future.set_exception(last_error())


def _begin(future: "asyncio.Future[Any]", function: Callable[..., int], arguments: Any,
           *behind: Any) -> "asyncio.Future[Any]":
    number = _callbacks.once(lambda status, message: settle(future, status, message))
    status = function(*arguments, _callbacks.on_answer, number, *behind)
    if status != 0:
        _callbacks.forget(number)
        check(status)
    return future


def begin(function: Callable[..., int], *arguments: Any) -> "asyncio.Future[Any]":
    """Calls a function of the library that takes a jf_answer_fn and its user at the end."""
    return _begin(asyncio.get_running_loop().create_future(), function, arguments)


class Call(asyncio.Future):  # type: ignore[type-arg]
    """The answer to a call. To cancel it cancels the call, of which the service hears."""

    def __init__(self, kick: Callable[[], None]) -> None:
        super().__init__(loop=asyncio.get_running_loop())
        self._kick = kick
        self._pending = ctypes.c_void_p()

    def begin(self, *arguments: Any) -> "Call":
        """Of jf_call_async."""
        _begin(self, lib.jf_call_async, arguments, ctypes.byref(self._pending))
        self._kick()
        return self

    def cancel(self, msg: Any = None) -> bool:
        if not super().cancel(msg):
            return False
        if self._pending.value is not None:
            lib.jf_cancel(self._pending)  # refused where its end was told: then it is over
            self._kick()
        return True
