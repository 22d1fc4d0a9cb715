"""Messages as dicts, by a schema: without generated code."""

from __future__ import annotations

import ctypes
import enum
import inspect
import json
import struct
import threading
from typing import Any, Callable, Dict, List, Mapping, Optional

from ._library import MethodInfo, lib, sized
from ._wire import Data, as_bytes, closed
from .channel import BaseChannel
from .errors import Code, Error, check, misuse
from .port import Port, Request

_REQUEST, _REPLY = 0, 1
_GET = "jackfield.sys.Schema/Get"


class MethodKind(enum.IntEnum):
    """What goes, and what comes."""

    CALL = 0
    ONE_WAY = 1
    SERVER_STREAM = 2
    CLIENT_STREAM = 3
    BOTH_STREAMS = 4


# Takes a message and its request; returns the answer, or a coroutine of it.
MessageHandler = Callable[[Any, Request], Any]


class Schema:
    """What the messages of some interfaces look like.

    greet = jackfield.Schema.load("greet.fbs")                  # or .bfbs
    greet.serve(port, "greet.Greeter", {"Greet": lambda person, request: {"text": "hello"}})
    greet.client(channel, "greet.Greeter").Greet({"name": "Ada"})

    A struct or table is a dict, a list a list, an enum its name; a union x needs x_type beside it.
    Thread: any.
    """

    def __init__(self, bfbs: bytes) -> None:
        self._lock = threading.Lock()
        self._raw: Optional[int] = self._open(None, bfbs)
        self.methods: Dict[str, MethodKind] = {}
        info = sized(MethodInfo)
        while lib.jf_schema_method(self._raw, len(self.methods), ctypes.byref(info)) == 0:
            self.methods[info.name.decode()] = MethodKind(info.kind)

    @staticmethod
    def _open(path: Optional[str], bfbs: Optional[bytes]) -> int:
        raw = ctypes.c_void_p()
        check(lib.jf_schema_open(path.encode() if path is not None else None, bfbs,
                                 len(bfbs or b""), ctypes.byref(raw)))
        return raw.value or 0

    @classmethod
    def load(cls, path: str) -> "Schema":
        """Of a file. Raises Error: NOT_FOUND; INVALID_ARGUMENT, with the place in it."""
        raw = cls._open(path, None)
        size = ctypes.c_size_t()
        bfbs = ctypes.string_at(lib.jf_schema_bytes(raw, ctypes.byref(size)), size.value)
        lib.jf_schema_close(raw)
        return cls(bfbs)

    @classmethod
    def fetch(cls, channel: BaseChannel, interface: str) -> Any:
        """As the service itself tells it; of an aio.Channel: await it."""
        return _then(channel.call(_GET, _get_request(interface)),  # type: ignore[attr-defined]
                     lambda reply: cls(_schema_in(reply)))

    @property
    def bfbs(self) -> bytes:
        size = ctypes.c_size_t()
        return ctypes.string_at(lib.jf_schema_bytes(self._open_raw(), ctypes.byref(size)),
                                size.value)

    def close(self) -> None:
        raw, self._raw = self._raw, None
        if raw is not None:
            lib.jf_schema_close(raw)

    def __del__(self) -> None:
        if getattr(self, "_raw", None) is not None:
            self.close()

    def _open_raw(self) -> int:
        if self._raw is None:
            raise closed("schema")
        return self._raw

    # ---- Messages.

    def pack(self, method: str, message: Any, *, reply: bool = False) -> bytes:
        """The bytes of a request, a reply, or an item of a method. Raises Error:
        INVALID_ARGUMENT, with what is wrong."""
        data, size = ctypes.c_void_p(), ctypes.c_size_t()
        text = json.dumps({} if message is None else message).encode()
        with self._lock:
            check(lib.jf_schema_write(self._open_raw(), method.encode(),
                                      _REPLY if reply else _REQUEST, text, ctypes.byref(data),
                                      ctypes.byref(size)))
            return ctypes.string_at(data.value or 0, size.value)

    def unpack(self, method: str, data: Data, *, reply: bool = False) -> Any:
        """And back. Raises Error: DATA_LOSS: it is not what the schema says."""
        payload, text = as_bytes(data), ctypes.c_char_p()
        with self._lock:
            check(lib.jf_schema_read(self._open_raw(), method.encode(),
                                     _REPLY if reply else _REQUEST, payload, len(payload),
                                     ctypes.byref(text)))
            found = text.value or b""
        try:
            return json.loads(found)
        except ValueError as why:  # text that is no UTF-8, a number that is none
            raise Error(Code.DATA_LOSS, f"{method}: a message is no JSON: {why}") from why

    # ---- Interfaces.

    def methods_of(self, interface: str) -> List[str]:
        """In full. Raises Refused where there is no such interface."""
        found = [name for name in self.methods if name.rpartition("/")[0] == interface]
        if not found:
            have = sorted({name.rpartition("/")[0] for name in self.methods})
            raise misuse(f"the schema has no interface {interface}; it has {', '.join(have)}")
        return found

    def client(self, channel: BaseChannel, interface: str) -> "Client":
        """Its methods as functions of messages: client.Greet({"name": "Ada"}, timeout=1)."""
        self.methods_of(interface)
        return Client(self, channel, interface)

    def serve(self, port: Port, interface: str, handlers: Mapping[str, MessageHandler], *,
              blocking: bool = False) -> None:
        """Serves an interface, and its schema: each handler is called with (message, request), and
        returns the answer. Of a stream it uses request.stream(), whose items are bytes, and
        pack(); message is None where items come. blocking: as of Port.handle, for all."""
        full = self.methods_of(interface)
        for name in handlers:
            if f"{interface}/{name}" not in full:
                raise misuse(f"{interface} has no method {name}; it has "
                             f"{', '.join(f.rpartition('/')[2] for f in full)}")
        for name, handler in handlers.items():
            method = f"{interface}/{name}"
            port.handle(method, self._served(method, handler), blocking=blocking)
        port.schema(interface, self.bfbs)

    def _served(self, method: str, handler: MessageHandler) -> Callable[[Request], Any]:
        if inspect.iscoroutinefunction(handler):
            async def serve_async(request: Request) -> Any:
                message = self._request_of(method, request)
                return self._answer_to(method, await handler(message, request), request)
            return serve_async

        def serve(request: Request) -> Any:
            message = self._request_of(method, request)
            return self._answer_to(method, handler(message, request), request)
        return serve

    def _request_of(self, method: str, request: Request) -> Any:
        kind = self.methods[method]
        if (kind >= MethodKind.SERVER_STREAM) != request.is_stream:
            raise Error(Code.INVALID_ARGUMENT,
                        f"{method} is {'a' if kind >= 2 else 'not a'} stream")
        if kind in (MethodKind.CLIENT_STREAM, MethodKind.BOTH_STREAMS):
            return None
        try:
            return self.unpack(method, request.payload)
        except Error as why:
            raise Error(Code.INVALID_ARGUMENT, why.text) from why

    def _answer_to(self, method: str, answer: Any, request: Request) -> Optional[bytes]:
        kind = self.methods[method]
        if kind == MethodKind.ONE_WAY or request.answered:
            return None
        if kind in (MethodKind.SERVER_STREAM, MethodKind.BOTH_STREAMS):
            return b""  # the status is the answer
        if answer is None:
            return None
        return self.pack(method, answer, reply=True)


class Client:
    """An interface of a service: client.Method(message, timeout=…) is the answer, as a message. Of
    an aio.Channel: await it."""

    def __init__(self, schema: Schema, channel: BaseChannel, interface: str) -> None:
        self._schema = schema
        self._channel = channel
        self._interface = interface

    def __dir__(self) -> List[str]:
        return [name.rpartition("/")[2] for name in self._schema.methods_of(self._interface)]

    def __getattr__(self, name: str) -> Callable[..., Any]:
        method = f"{self._interface}/{name}"
        kind = self._schema.methods.get(method)
        if kind is None:
            raise AttributeError(f"{self._interface} has no method {name}; it has "
                                 f"{', '.join(self.__dir__())}")
        schema, channel = self._schema, self._channel

        def call(message: Any = None, **options: Any) -> Any:
            request = schema.pack(method, message)
            if kind == MethodKind.ONE_WAY:
                return channel.send(method, request, **options)
            reply = channel.call(method, request, **options)  # type: ignore[attr-defined]
            return _then(reply, lambda data: schema.unpack(method, data, reply=True))

        def stream(message: Any = None, **options: Any) -> Any:
            """A stream of bytes: pack() and unpack() what goes and comes."""
            return channel.stream(  # type: ignore[attr-defined]
                method, schema.pack(method, message) if kind == MethodKind.SERVER_STREAM else b"",
                **options)

        return stream if kind >= MethodKind.SERVER_STREAM else call


def _then(result: Any, f: Callable[[bytes], Any]) -> Any:
    """f of the bytes, now; of an awaitable of them: a coroutine of that."""
    if isinstance(result, bytes):
        return f(result)

    async def later() -> Any:
        return f(await result)
    return later()


def _get_request(interface: str) -> bytes:
    """The table GetRequest of schemas/sys.fbs: its root, a vtable of one field, that, a string."""
    name = interface.encode()
    built = struct.pack("<IHHHHiII", 12, 6, 8, 4, 0, 8, 4, len(name)) + name + b"\0"
    return built + b"\0" * (-len(built) % 8)


def _schema_in(reply: bytes) -> bytes:
    """The field `schema` of a table GetReply."""
    try:
        table = struct.unpack_from("<I", reply, 0)[0]
        vtable = table - struct.unpack_from("<i", reply, table)[0]
        field = struct.unpack_from("<H", reply, vtable + 6)[0]
        at = table + field
        at += struct.unpack_from("<I", reply, at)[0]
        size = struct.unpack_from("<I", reply, at)[0]
        found = reply[at + 4:at + 4 + size]
        if vtable < 0 or field == 0 or len(found) != size:
            raise struct.error
    except struct.error:
        raise Error(Code.DATA_LOSS, f"{_GET}: its answer is not what the schema says") from None
    return found
