"""Nodes that an asyncio loop drives."""

from __future__ import annotations

import asyncio
from typing import Any, Mapping, Optional, Sequence, Set, Union

from .._wire import Method
from ..errors import Code, Error
from ..node import BaseNode
from ..port import Handler, Request
from ._driver import Driver
from .channel import Channel
from .port import Port


class AsyncNode(BaseNode):
    """What nodes and services in asyncio have in common."""

    _runs_coroutines = True
    _driver: Driver
    _tasks: Set["asyncio.Task[None]"]

    def _kick(self) -> None:
        self._driver.kick()

    def _run_async(self, handler: Handler, request: Request) -> None:
        task = asyncio.get_running_loop().create_task(self._serve_async(handler, request))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        if not request.one_way:
            request._tell_cancel(task.cancel)

    @staticmethod
    async def _serve_async(handler: Handler, request: Request) -> None:
        try:
            answer = await handler(request)
        except asyncio.CancelledError:
            request._settle_raised(Error(Code.CANCELLED, f"{request.method} was cancelled"))
            raise
        except BaseException as why:  # pylint: disable=broad-except
            request._settle_raised(why)
        else:
            request._settle_or_fail(answer)

    def close(self) -> None:
        """Closes it, and what is on it; handlers that run are cancelled."""
        if self._raw is None:
            return
        self._driver.close()
        for task in list(self._tasks):
            task.cancel()
        super().close()


class Node(AsyncNode):
    """A node of the running loop: async with aio.Node("me") as node: …

    Parameters as of jackfield.Node. sleeps=False: it waits by io_uring, and then never sleeps: for
    tests.
    """

    def __init__(self, name: str, *, memory_bytes_max: int = 0, threads: int = 8,
                 sleeps: bool = True) -> None:
        asyncio.get_running_loop()  # or it raises, and nothing is open
        super().__init__(self._open(name, memory_bytes_max, sleeps), name, threads)
        self._tasks = set()
        self._driver = Driver(self._raw or 0)

    async def __aenter__(self) -> "Node":
        return self

    async def __aexit__(self, *_: Any) -> None:
        self.close()

    def connect(self, address: str, **options: Any) -> Channel:
        """A channel to the service at that address; options: those of jackfield.Channel."""
        return Channel._open(self, address, **options)

    def serve(self, addresses: Union[str, Sequence[str]],
              handlers: Optional[Mapping[Method, Handler]] = None, **options: Any) -> Port:
        """Serves at each address. Set the handlers before the next await."""
        return Port._open(self, addresses, handlers, **options)
