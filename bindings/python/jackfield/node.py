"""Nodes: one thread, and the channels and ports on it."""

from __future__ import annotations

import ctypes
import weakref
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Callable, Mapping, Optional, Sequence, Union

from . import _callbacks
from ._library import FOREVER, NodeOptions, lib, sized
from ._wire import Method, closed, microseconds
from .channel import Channel
from .errors import check
from .port import Handler, Port, Request

_SIGNALS_SECONDS = 0.2  # so soon run() hears of a signal of Python's


class BaseNode:
    """What both kinds of nodes have: see Node, and aio.Node."""

    def __init__(self, raw: int, name: str, threads: int, owned: bool = True) -> None:
        self._raw: Optional[int] = raw
        self.name = name
        self._owned = owned
        self._threads = threads
        self._pool: Optional[ThreadPoolExecutor] = None
        # Those that are open: they are closed with the node.
        self._ends: "weakref.WeakSet[Any]" = weakref.WeakSet()

    @staticmethod
    def _open(name: str, memory_bytes_max: int, foreign_loop: bool) -> int:
        raw = ctypes.c_void_p()
        options = sized(NodeOptions, memory_bytes_max=memory_bytes_max, foreign_loop=foreign_loop)
        check(lib.jf_node_open(name.encode(), ctypes.byref(options), ctypes.byref(raw)))
        assert raw.value is not None
        return raw.value

    def post(self, f: Callable[[], Any]) -> None:
        """Has f() called on the node's thread, in a turn. May be called in any thread."""
        if self._raw is None:
            raise closed("node")
        number = _callbacks.once(f)
        try:
            check(lib.jf_post(self._raw, _callbacks.on_post, number))
        except BaseException:
            _callbacks.forget(number)
            raise

    def stop(self) -> None:
        """The node is to stop, for good: what blocks ends as CANCELLED. In any thread."""
        if self._raw is None:
            raise closed("node")
        check(lib.jf_stop(self._raw))

    def close(self) -> None:
        """Closes it, and what is on it. Not inside a callback. Once more does nothing."""
        if self._raw is None:
            return
        raw = self._raw
        if self._owned:
            check(lib.jf_node_close(raw))
        self._raw = None
        for end in list(self._ends):
            end._ended()  # pylint: disable=protected-access
        if self._pool is not None:
            self._pool.shutdown(wait=False, cancel_futures=True)

    @property
    def closed(self) -> bool:
        return self._raw is None

    # ---- For the other modules.

    def _kick(self) -> None:
        """Something was begun: a turn must send it."""

    def _submit(self, f: Callable[..., Any], *args: Any) -> None:
        if self._pool is None:
            self._pool = ThreadPoolExecutor(self._threads, f"{self.name}-handler")
        self._pool.submit(f, *args)

    _runs_coroutines = False

    def _run_async(self, handler: Handler, request: Request) -> None:
        raise NotImplementedError


class Node(BaseNode):
    """A node that this thread drives itself: calls block, and run() serves.

    with jackfield.Node("me") as node:
        greeter = node.connect("unix:@greeter")
        reply = greeter.call("greet.Greeter/Greet", request)

    name: for people, at most 64 bytes. memory_bytes_max: of messages; 0: 256 MiB at most.
    threads: for handlers that block (Port.handle), at once.
    Thread: the one that made it, for all that hangs on it too; but post() and stop().
    """

    def __init__(self, name: str, *, memory_bytes_max: int = 0, threads: int = 8) -> None:
        super().__init__(self._open(name, memory_bytes_max, False), name, threads)
        self._stopping = False

    def __enter__(self) -> "Node":
        return self

    def __exit__(self, *_: Any) -> None:
        self.close()

    def connect(self, address: str, **options: Any) -> Channel:
        """A channel to the service at that address; options: those of Channel."""
        return Channel._open(self, address, **options)

    def serve(self, addresses: Union[str, Sequence[str]],
              handlers: Optional[Mapping[Method, Handler]] = None, **options: Any) -> Port:
        """Serves at each address; blocks until it does. options: those of Port."""
        return Port._open(self, addresses, handlers, **options)

    def turn(self, sleep: Optional[float] = None) -> bool:
        """Sends, receives, and runs callbacks; sleeps at most so many seconds until something
        happens (None: for as long as it takes). Returns whether anything did."""
        happened = ctypes.c_int()
        sleep_us = FOREVER if sleep is None else microseconds(sleep)
        check(lib.jf_turn(self._raw, sleep_us, ctypes.byref(happened)))
        return happened.value != 0

    def run(self) -> None:
        """Turns until stop(). KeyboardInterrupt leaves it, and so does what a signal raises."""
        while not self._stopping:
            self.turn(_SIGNALS_SECONDS)

    def stop(self) -> None:
        super().stop()
        self._stopping = True
