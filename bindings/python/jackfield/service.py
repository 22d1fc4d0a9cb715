"""Services: programs of a wiring."""

from __future__ import annotations

import ctypes
import sys
from typing import Any, Callable, Dict, List, Mapping, Optional, Sequence, Type

from ._library import Server as RawServer, ServiceFn, ServiceInfo, ServiceOptions, lib, sized
from ._wire import Method
from .channel import BaseChannel, Channel
from .errors import Code, Error, check
from .node import BaseNode
from .port import Handler, Port
from . import _callbacks

_SERVERS_MAX = 64  # of a role


class BaseService(BaseNode):
    """What both kinds of services have: a node, and what the wiring granted."""

    _channel: Type[BaseChannel] = Channel
    _port: Type[Port] = Port

    def __init__(self, raw_service: int, threads: int) -> None:
        self._raw_service = raw_service
        info = self._facts()
        super().__init__(info.node, info.name.decode(), threads, owned=False)
        self.args: List[str] = [info.args[i].decode() for i in range(info.arg_count)]
        self.roles: List[str] = [info.roles[i].decode() for i in range(info.role_count)]
        self.grace = info.grace_us / 1e6

    def _facts(self) -> ServiceInfo:
        info = sized(ServiceInfo)
        check(lib.jf_service_facts(self._raw_service, ctypes.byref(info)))
        return info

    @property
    def stopping(self) -> bool:
        """Is it asked to stop?"""
        return self._raw is None or bool(self._facts().stopping)

    def ready(self) -> None:
        """For a service that serves nothing: it is ready."""
        check(lib.jf_service_ready(self._raw_service))

    def _connect(self, role: str, options: Mapping[str, Any]) -> Any:
        raw = ctypes.c_void_p()
        known = self._channel._options(**options)
        check(lib.jf_service_connect(self._raw_service, role.encode(), ctypes.byref(known),
                                     ctypes.byref(raw)))
        self._kick()
        return self._channel(self, raw.value or 0)

    def _connect_all(self, role: str, options: Mapping[str, Any]) -> Any:
        servers, count = (RawServer * _SERVERS_MAX)(), ctypes.c_size_t()
        known = self._channel._options(**options)
        check(lib.jf_service_connect_all(self._raw_service, role.encode(), ctypes.byref(known),
                                         servers, _SERVERS_MAX, ctypes.byref(count)))
        self._kick()
        return {server.name.decode(): self._channel(self, server.channel)
                for server in servers[:count.value]}

    def _serve(self, handlers: Optional[Mapping[Method, Handler]],
               options: Mapping[str, Any]) -> Any:
        raw = ctypes.c_void_p()
        known = self._port._options(**options)
        check(lib.jf_service_serve(self._raw_service, ctypes.byref(known), ctypes.byref(raw)))
        return self._port(self, raw.value or 0)._with(handlers)


class Service(BaseService):
    """What `main` of run_service gets: its name, args and roles, its channels and its port.

    It is a node too, with post() and stop().
    """

    def connect(self, role: str = "", **options: Any) -> Channel:
        """A channel to whoever the wiring put into that role; "": the only one. options: those
        of Channel. Raises Error: PERMISSION_DENIED, with the entry that is missing."""
        return self._connect(role, options)

    def connect_all(self, role: str, **options: Any) -> Dict[str, Channel]:
        """A channel to each server of a role that has several (instances = 3), by its name."""
        return self._connect_all(role, options)

    def serve(self, handlers: Optional[Mapping[Method, Handler]] = None, **options: Any) -> Port:
        """A port at every address that the wiring gave; then the service is ready."""
        return self._serve(handlers, options)

    def run(self) -> None:
        """Serves until it is asked to stop, and handles what has come by then."""
        check(lib.jf_service_run(self._raw_service))


def main_of(body: Callable[[int], Any], argv: Optional[Sequence[str]],
            foreign_loop: bool) -> int:
    """jf_service_main with `body` for its function. For run_service, here and in aio."""
    texts = [text.encode() for text in (sys.argv if argv is None else argv)]
    array = (ctypes.c_char_p * (len(texts) + 1))(*texts, None)
    exits: List[SystemExit] = []

    def run(raw_service: int, _: Any) -> int:
        try:
            body(raw_service)
        except Error as why:
            return int(why.code)  # its text is the library's last error, mostly
        except SystemExit as why:
            exits.append(why)
        except BaseException as why:  # pylint: disable=broad-except
            _callbacks.log.error("the service failed", exc_info=why)
            return int(Code.UNKNOWN)
        return 0

    options = sized(ServiceOptions, foreign_loop=foreign_loop)
    status = lib.jf_service_main(len(texts), array, ctypes.byref(options), ServiceFn(run), None)
    if exits and status == 0:
        raise exits[0]
    return status


def run_service(main: Callable[[Service], Any], argv: Optional[Sequence[str]] = None, *,
                threads: int = 8) -> int:
    """The main function of a service program: sys.exit(jackfield.run_service(main)).

    Reads the grants, as `jackfield up` or the command line gives them (PROGRAM --help), calls
    main(service), and sees to the end: SIGTERM and SIGINT ask it to stop. Returns the exit
    status: 0; 1: it failed, or messages were lost; 2: usage; 130: it was stopped, and main raised
    CANCELLED, as what blocks then does. Call it in the main thread, before other threads start.
    """
    def whole(raw_service: int) -> None:
        service = Service(raw_service, threads)
        try:
            main(service)
        finally:
            service.close()

    return main_of(whole, argv, False)
