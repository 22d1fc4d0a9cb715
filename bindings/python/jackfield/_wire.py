"""What all ends have in common: bytes in and out, numbers of methods, options of calls."""

from __future__ import annotations

import ctypes
import functools
from typing import Optional, Sequence, Union

from ._library import CallOptions, lib, sized
from .errors import Code, Outcome, Reason, Refused

Method = Union[str, int]  # "package.Service/Method", or a number of one's own
Data = Union[bytes, bytearray, memoryview]

_MICROSECONDS = 1_000_000


@functools.lru_cache(maxsize=4096)
def _type_of_name(method: str) -> int:
    return lib.jf_type(method.encode())


def type_of(method: Method) -> int:
    """The number of a method, as it travels."""
    return method if isinstance(method, int) else _type_of_name(method)


def microseconds(seconds: float) -> int:
    return int(seconds * _MICROSECONDS)


def as_bytes(data: Data) -> bytes:
    return data if isinstance(data, bytes) else bytes(data)


def take(message: int) -> bytes:
    """What is in a message of the library's; frees it."""
    size = ctypes.c_size_t()
    data = lib.jf_message_data(message, ctypes.byref(size))
    try:
        return ctypes.string_at(data, size.value)
    finally:
        lib.jf_message_free(message)


def call_options(timeout: Optional[float], priority: int, fds: Sequence[int], detached: bool,
                 no_wait: bool = False) -> Optional[CallOptions]:
    """None where all is as without options."""
    if timeout is None and not (priority or fds or detached or no_wait):
        return None
    options = sized(CallOptions, priority=priority, detached=detached, no_wait=no_wait)
    if timeout is not None:
        # 0 would be the channel's own: what has no time left has passed.
        options.timeout_us = microseconds(timeout) or -1
    if fds:
        options.fds = (ctypes.c_int * len(fds))(*fds)  # kept by the struct
        options.fd_count = len(fds)
    return options


def closed(what: str) -> Refused:
    return Refused(Code.UNAVAILABLE, f"the {what} is closed", Outcome.REFUSED, Reason.CLOSED)
