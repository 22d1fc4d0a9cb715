"""Services in asyncio."""

from __future__ import annotations

import asyncio
from typing import Any, Awaitable, Callable, Dict, List, Mapping, Optional, Sequence

from .. import service
from .._wire import Method
from ..port import Handler
from ._driver import Driver
from .channel import Channel
from .node import AsyncNode
from .port import Port

# Asked to stop, a service that has heard nothing for so long has heard all that was on its way.
_QUIET_SECONDS = 0.1
_LOOK_SECONDS = 0.01


class Service(AsyncNode, service.BaseService):
    """As jackfield.Service: await service.run()."""

    _channel = Channel
    _port = Port

    def __init__(self, raw_service: int, threads: int) -> None:
        service.BaseService.__init__(self, raw_service, threads)
        self._tasks = set()
        self._ports: List[Port] = []
        self._asked_to_stop = asyncio.Event()
        self._driver = Driver(self._raw or 0, self._look)

    def _look(self) -> None:
        if not self._asked_to_stop.is_set() and self.stopping:
            self._asked_to_stop.set()

    def connect(self, role: str = "", **options: Any) -> Channel:
        """A channel to whoever the wiring put into that role; "": the only one."""
        return self._connect(role, options)

    def connect_all(self, role: str, **options: Any) -> Dict[str, Channel]:
        """A channel to each server of a role that has several (instances = 3), by its name."""
        return self._connect_all(role, options)

    def serve(self, handlers: Optional[Mapping[Method, Handler]] = None, **options: Any) -> Port:
        """A port at every address that the wiring gave; then the service is ready."""
        port: Port = self._serve(handlers, options)
        self._ports.append(port)
        return port

    async def run(self) -> None:
        """Until it is asked to stop; then handles what has come, for its grace at most."""
        await self._asked_to_stop.wait()
        loop = asyncio.get_running_loop()
        end = loop.time() + self.grace
        quiet_since = loop.time()
        while loop.time() < end and loop.time() - quiet_since < _QUIET_SECONDS:
            rests = [port.drain() for port in self._ports if port._raw is not None]
            if not all(rests) or self._tasks:
                quiet_since = loop.time()
            await asyncio.sleep(_LOOK_SECONDS)


def run_service(main: Callable[[Service], Awaitable[Any]], argv: Optional[Sequence[str]] = None,
                *, threads: int = 8) -> int:
    """The main function of a service program: sys.exit(aio.run_service(main)).

    Runs main(service), an async function, in a loop of its own; else as jackfield.run_service.
    """
    async def whole(raw_service: int) -> None:
        made = Service(raw_service, threads)
        try:
            await main(made)
        finally:
            made.close()

    return service.main_of(lambda raw_service: asyncio.run(whole(raw_service)), argv, True)
