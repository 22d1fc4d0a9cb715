"""Ports: to serve."""

from __future__ import annotations

import ctypes
import inspect
from typing import TYPE_CHECKING, Any, Callable, List, Mapping, NamedTuple, Optional, Sequence
from typing import Union

from . import _callbacks
from ._library import FOREVER, PortOptions, RequestInfo, lib, sized
from ._wire import Data, Method, as_bytes, closed, microseconds, type_of
from .errors import Code, Error, Outcome, check, misuse
from .stream import Stream

if TYPE_CHECKING:
    from .node import BaseNode

# Takes a Request; returns the answer (bytes), or None where it has answered or will: or, on an
# aio.Node, a coroutine of that.
Handler = Callable[["Request"], Any]

_TEXT_BYTES_MAX = 4096  # of a failure's text; more does not travel


class Peer(NamedTuple):
    """Who called: its name by its own word, the rest by the system's (None: it cannot tell)."""

    name: str
    uid: Optional[int]
    gid: Optional[int]
    pid: Optional[int]


class Request:
    """A message that is being served: `payload` (bytes), and the ways to answer it.

    A handler returns the answer, or raises Error. One that answers later calls hold(), and reply()
    or fail() from the node's thread.
    """

    def __init__(self, port: "Port", raw: int, method: Method) -> None:
        self._port = port
        self._raw: Optional[int] = raw
        self._info: Optional[RequestInfo] = None
        self._on_cancel = 0
        self._peer_name = self._caller = ""
        self.method = method
        self.held = False
        size = ctypes.c_size_t()
        message = lib.jf_request_message(raw)
        self.payload = ctypes.string_at(lib.jf_message_data(message, ctypes.byref(size)),
                                        size.value)

    # ---- Who called, and how long they wait.

    def _facts(self) -> RequestInfo:
        """As they are now, or were when the request ended or another thread got it."""
        if self._raw is not None and not self._port._node.closed:
            info = sized(RequestInfo)
            if lib.jf_request_facts(self._raw, ctypes.byref(info)) == 0:
                self._peer_name = (info.peer or b"").decode(errors="backslashreplace")
                self._caller = (info.caller or b"").decode(errors="backslashreplace")
                self._info = info
        if self._info is None:
            raise closed("request")
        return self._info

    @property
    def one_way(self) -> bool:
        return bool((self._info or self._facts()).one_way)

    @property
    def is_stream(self) -> bool:
        return bool((self._info or self._facts()).is_stream)

    @property
    def cancelled(self) -> bool:
        """Does nobody wait for the answer any more?"""
        return bool(self._facts().cancelled)

    @property
    def remaining(self) -> Optional[float]:
        """Seconds until its deadline; None: it has none."""
        left = self._facts().remaining_us
        return None if left == FOREVER else left / 1e6

    @property
    def peer(self) -> Peer:
        info = self._facts()
        if not info.peer_known:
            return Peer(self._peer_name, None, None, None)
        return Peer(self._peer_name, info.peer_uid, info.peer_gid, info.peer_pid)

    @property
    def caller(self) -> str:
        """Who it is by the badge that `up` gave it, where the service says who may call; else ""."""
        self._facts()
        return self._caller

    def take_fd(self, i: int = 0) -> Optional[int]:
        """The i-th descriptor that came along, which is then the caller's to close."""
        fd = lib.jf_message_fd(lib.jf_request_message(self._open_raw()), i)
        return None if fd < 0 else fd

    # ---- Answering.

    @property
    def answered(self) -> bool:
        return self._raw is None

    def hold(self) -> None:
        """It will be answered after the handler has returned."""
        check(lib.jf_hold(self._open_raw()))
        self.held = True

    def reply(self, data: Data = b"") -> None:
        payload = as_bytes(data)
        status = lib.jf_reply(self._open_raw(), payload, len(payload))
        self._answered(status)

    def fail(self, code: Code, text: str = "") -> None:
        words = text.encode(errors="backslashreplace")[:_TEXT_BYTES_MAX]
        status = lib.jf_fail(self._open_raw(), int(code), words)
        self._answered(status)

    def stream(self) -> Stream:
        """Its items, if it was opened as a stream."""
        raw = ctypes.c_void_p()
        check(lib.jf_request_stream(self._open_raw(), ctypes.byref(raw)))
        return self._port._stream(raw.value or 0)

    # ---- For the port.

    def _open_raw(self) -> int:
        if self._raw is None or self._port._raw is None:
            raise misuse("the request has ended: it was answered, or its port was closed")
        return self._raw

    def _answered(self, status: int) -> None:
        if status != 0:
            try:
                check(status)
            except Error as why:
                if why.outcome == Outcome.REFUSED:  # another answer may fit
                    raise
                # The caller has gone: nobody is to be told.
        self._end()
        self._port._node._kick()

    def _tell_cancel(self, f: Callable[[], Any]) -> None:
        """Has f() called when nobody waits any more."""
        self._on_cancel = _callbacks.once(f)
        check(lib.jf_request_on_cancel(self._open_raw(), _callbacks.on_post, self._on_cancel))

    def _end(self) -> None:
        self._raw = None
        _callbacks.forget(self._on_cancel)

    def _settle(self, answer: Any, must: bool) -> None:
        """What a handler returned. must: it has to have answered by now."""
        if self._raw is None or self._port._raw is None or self.one_way:
            return self._end()
        if answer is not None:
            self.reply(answer)
        elif must:
            self.fail(Code.INTERNAL, f"{self.method}: the handler returned without an answer")

    def _settle_or_fail(self, answer: Any) -> None:
        """The same, where nobody is there to hear that the answer does not fit."""
        try:
            self._settle(answer, True)
        except Exception as why:  # pylint: disable=broad-except
            self._settle_raised(why)

    def _settle_raised(self, why: BaseException) -> None:
        """What a handler raised: its caller's, as an exception in C++ is."""
        if not isinstance(why, Error):
            _callbacks.log.error("the handler of %s failed", self.method, exc_info=why)
        if self._raw is None or self._port._raw is None or self.one_way:
            return self._end()
        if isinstance(why, Error):
            return self.fail(why.code, why.text)
        self.fail(Code.INTERNAL, f"{self.method}: {type(why).__name__}: {why}")


class _Entry:
    """One handler of a port."""

    def __init__(self, port: "Port", method: Method, handler: Handler, blocking: bool) -> None:
        self.port = port
        self.method = method
        self.handler = handler
        self.blocking = blocking
        self.is_async = inspect.iscoroutinefunction(handler) or inspect.iscoroutinefunction(
            getattr(handler, "__call__", None))
        self.number = _callbacks.keep(self.serve)

    def serve(self, raw: int) -> None:
        request = Request(self.port, raw, self.method)
        try:
            if self.is_async or self.blocking:
                self.begin(request)
            else:
                request._settle(self.handler(request), False)
        except BaseException as why:  # pylint: disable=broad-except
            request._settle_raised(why)
        if not request.held:
            request._end()

    def begin(self, request: Request) -> None:
        """One that goes on after this has returned."""
        if not request.one_way:
            request.hold()
        if self.is_async:
            self.port._node._run_async(self.handler, request)
        else:
            self.port._node._submit(self.work, request)

    def work(self, request: Request) -> None:
        """In a thread of the pool."""
        try:
            answer = self.handler(request)
            done: Callable[[], None] = lambda: request._settle_or_fail(answer)
        except BaseException as why:  # pylint: disable=broad-except
            raised = why
            done = lambda: request._settle_raised(raised)
        try:
            self.port._node.post(done)
        except Error:
            _callbacks.log.debug("%s was answered after its node had gone", self.method)


class Port:
    """A service's end. Set its handlers before the next turn: by `handlers`, or handle().

    Options: handlers_max: requests under way at once (1024). sessions_max: clients (16384).
    message_bytes_max: as of Channel. reentrant: it may be called by a service that it waits for.
    """

    def __init__(self, node: "BaseNode", raw: int) -> None:
        self._node = node
        self._raw: Optional[int] = raw
        self._entries: List[_Entry] = []
        node._ends.add(self)
        node._kick()

    @staticmethod
    def _options(handlers_max: int = 0, sessions_max: int = 0, message_bytes_max: int = 0,
                 reentrant: bool = False) -> PortOptions:
        return sized(PortOptions, handlers_max=handlers_max, sessions_max=sessions_max,
                     message_bytes_max=message_bytes_max, reentrant=reentrant)

    @classmethod
    def _open(cls, node: "BaseNode", addresses: Union[str, Sequence[str]],
              handlers: Optional[Mapping[Method, Handler]], **options: Any) -> Any:
        texts = [addresses] if isinstance(addresses, str) else list(addresses)
        array = (ctypes.c_char_p * len(texts))(*[text.encode() for text in texts])
        raw = ctypes.c_void_p()
        check(lib.jf_port_open(node._raw, array, len(texts),
                               ctypes.byref(cls._options(**options)), ctypes.byref(raw)))
        return cls(node, raw.value or 0)._with(handlers)

    def _with(self, handlers: Optional[Mapping[Method, Handler]]) -> Any:
        for method, handler in (handlers or {}).items():
            self.handle(method, handler)
        return self

    def _open_raw(self) -> int:
        if self._raw is None:
            raise closed("port")
        return self._raw

    def _stream(self, raw: int) -> Any:
        return Stream(self._node, raw, True)

    def handle(self, method: Method, handler: Handler, *, blocking: bool = False) -> None:
        """Has `handler` called for each message of that method. blocking: in a thread, so that it
        may take its time without holding up the node: it gets the request, and only returns or
        raises."""
        entry = _Entry(self, method, handler, blocking)
        if entry.is_async and not self._node._runs_coroutines:
            _callbacks.drop(entry.number)
            raise misuse("a handler that is async needs asyncio: serve it on an aio.Node")
        try:
            check(lib.jf_handle(self._open_raw(), type_of(method), _callbacks.on_request,
                                entry.number))
        except BaseException:
            _callbacks.drop(entry.number)
            raise
        self._entries.append(entry)

    def schema(self, interface: str, bfbs: bytes) -> None:
        """Tells those who ask (`jackfield ls`, `jackfield call`) that it serves `interface`, with
        its schema, as `flatc --binary --schema --bfbs-builtins --bfbs-comments` writes it."""
        check(lib.jf_port_schema(self._open_raw(), interface.encode(), bfbs, len(bfbs)))

    @property
    def addresses(self) -> List[str]:
        """Where it serves, with what the transports chose."""
        found: List[str] = []
        while (at := lib.jf_port_address(self._open_raw(), len(found))) is not None:
            found.append(at.decode())
        return found

    @property
    def address(self) -> str:
        """The first of them."""
        return self.addresses[0]

    def drain(self) -> bool:
        """Takes no new requests from now on. Returns whether what had come is handled: turn the
        node, and ask again."""
        rests = ctypes.c_int()
        check(lib.jf_port_drain(self._open_raw(), ctypes.byref(rests)))
        self._node._kick()
        return rests.value != 0

    def close(self, seconds: float = 0) -> None:
        """Blocks until what its clients had sent is handled, at most so long. Once more does
        nothing."""
        if self._raw is None:
            return
        check(lib.jf_port_close(self._raw, microseconds(seconds)))
        self._ended()
        self._node._kick()

    def _ended(self) -> None:
        self._raw = None
        for entry in self._entries:
            _callbacks.drop(entry.number)
