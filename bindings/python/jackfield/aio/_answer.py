"""What an awaited call waits for."""

from __future__ import annotations

import asyncio
from typing import Any, Callable, Optional

from .. import _callbacks
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


def begin(function: Callable[..., int], *arguments: Any) -> "asyncio.Future[Any]":
    """Calls a function of the library that takes a jf_answer_fn and its user at the end."""
    future = asyncio.get_running_loop().create_future()
    number = _callbacks.once(lambda status, message: settle(future, status, message))
    status = function(*arguments, _callbacks.on_answer, number)
    if status != 0:
        _callbacks.forget(number)
        check(status)
    return future
