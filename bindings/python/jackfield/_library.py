"""The shared library: where it is, and what its functions take. jackfield.h is their manual.

Looked for, in this order: the file that the environment's JACKFIELD_LIBRARY names, and no other;
libjackfield.so.1 beside this file, as a wheel has it; the system's.
"""

from __future__ import annotations

import ctypes
import os
from ctypes import POINTER, Structure, c_char_p, c_int, c_int32, c_int64, c_size_t, c_uint32
from ctypes import c_uint64, c_void_p

ABI_LEAST = 1
FOREVER = -1
_NAME = "libjackfield.so.1"


class NodeOptions(Structure):
    _fields_ = [("size", c_uint32), ("foreign_loop", c_uint32), ("memory_bytes_max", c_uint64)]


class ChannelOptions(Structure):
    _fields_ = [("size", c_uint32), ("calls_max", c_uint32), ("timeout_us", c_int64),
                ("connect_us", c_int64), ("message_bytes_max", c_uint32),
                ("no_reconnect", c_uint32), ("sends_fds", c_uint32), ("reserved", c_uint32)]


class CallOptions(Structure):
    _fields_ = [("size", c_uint32), ("priority", c_uint32), ("timeout_us", c_int64),
                ("detached", c_uint32), ("no_wait", c_uint32), ("fds", POINTER(c_int)),
                ("fd_count", c_size_t)]


class PortOptions(Structure):
    _fields_ = [("size", c_uint32), ("handlers_max", c_uint32), ("sessions_max", c_uint32),
                ("message_bytes_max", c_uint32), ("reentrant", c_uint32)]


class Receipt(Structure):
    _fields_ = [("size", c_uint32), ("reserved", c_uint32), ("handled", c_uint64),
                ("delivered", c_uint64), ("undelivered", c_uint64), ("in_doubt", c_uint64)]


class RequestInfo(Structure):
    _fields_ = [("size", c_uint32), ("type", c_uint32), ("one_way", c_uint32),
                ("cancelled", c_uint32), ("is_stream", c_uint32), ("priority", c_uint32),
                ("remaining_us", c_int64), ("peer", c_char_p), ("peer_known", c_uint32),
                ("peer_uid", c_uint32), ("peer_gid", c_uint32), ("peer_pid", c_int32),
                ("caller", c_char_p)]


class ServiceOptions(Structure):
    _fields_ = [("size", c_uint32), ("foreign_loop", c_uint32)]


class ServiceInfo(Structure):
    _fields_ = [("size", c_uint32), ("stopping", c_uint32), ("node", c_void_p),
                ("name", c_char_p), ("args", POINTER(c_char_p)), ("arg_count", c_size_t),
                ("roles", POINTER(c_char_p)), ("role_count", c_size_t), ("grace_us", c_int64)]


class Server(Structure):
    _fields_ = [("channel", c_void_p), ("name", c_char_p)]


class MethodInfo(Structure):
    _fields_ = [("size", c_uint32), ("type", c_uint32), ("name", c_char_p), ("kind", c_uint32),
                ("reserved", c_uint32), ("timeout_us", c_int64)]


class ErrorInfo(Structure):
    _fields_ = [("size", c_uint32), ("code", c_int), ("outcome", c_int), ("reason", c_int),
                ("text", c_char_p), ("outcome_name", c_char_p), ("reason_name", c_char_p)]


AnswerFn = ctypes.CFUNCTYPE(None, c_void_p, c_int, c_void_p)
PostFn = ctypes.CFUNCTYPE(None, c_void_p)
HandlerFn = ctypes.CFUNCTYPE(None, c_void_p, c_void_p)
ServiceFn = ctypes.CFUNCTYPE(c_int, c_void_p, c_void_p)

_OUT = POINTER(c_void_p)
_BYTES = [c_void_p, c_size_t]  # data, bytes
_CALL = [c_void_p, c_uint32] + _BYTES + [POINTER(CallOptions)]

# Result and arguments; a result of None: an int, which is a status.
_FUNCTIONS = {
    "jf_abi": (c_uint32, []),
    "jf_error": (POINTER(ErrorInfo), []),
    "jf_type": (c_uint32, [c_char_p]),
    "jf_node_open": (None, [c_char_p, POINTER(NodeOptions), _OUT]),
    "jf_node_close": (None, [c_void_p]),
    "jf_run": (None, [c_void_p]),
    "jf_stop": (None, [c_void_p]),
    "jf_post": (None, [c_void_p, PostFn, c_void_p]),
    "jf_turn": (None, [c_void_p, c_int64, POINTER(c_int)]),
    "jf_prepare": (None, [c_void_p, POINTER(c_int64)]),
    "jf_fd": (None, [c_void_p, POINTER(c_int)]),
    "jf_message_data": (c_void_p, [c_void_p, POINTER(c_size_t)]),
    "jf_message_fd": (None, [c_void_p, c_size_t]),
    "jf_message_free": (None, [c_void_p]),
    "jf_channel_open": (None, [c_void_p, c_char_p, POINTER(ChannelOptions), _OUT]),
    "jf_channel_wait": (None, [c_void_p]),
    "jf_channel_close": (None, [c_void_p, c_int64, POINTER(Receipt)]),
    "jf_channel_describe": (c_size_t, [c_void_p, c_char_p, c_size_t]),
    "jf_call": (None, _CALL + [_OUT]),
    "jf_call_async": (None, _CALL + [AnswerFn, c_void_p, _OUT]),
    "jf_cancel": (None, [c_void_p]),
    "jf_send": (None, _CALL),
    "jf_stream_open": (None, _CALL + [_OUT]),
    "jf_stream_read": (None, [c_void_p, _OUT]),
    "jf_stream_read_async": (None, [c_void_p, AnswerFn, c_void_p]),
    "jf_stream_write": (None, [c_void_p] + _BYTES + [c_int]),
    "jf_stream_write_async": (None, [c_void_p] + _BYTES + [AnswerFn, c_void_p]),
    "jf_stream_end": (None, [c_void_p]),
    "jf_stream_finish": (None, [c_void_p, _OUT]),
    "jf_stream_finish_async": (None, [c_void_p, AnswerFn, c_void_p]),
    "jf_stream_close": (None, [c_void_p]),
    "jf_port_open": (None, [c_void_p, POINTER(c_char_p), c_size_t, POINTER(PortOptions), _OUT]),
    "jf_handle": (None, [c_void_p, c_uint32, HandlerFn, c_void_p]),
    "jf_port_schema": (None, [c_void_p, c_char_p] + _BYTES),
    "jf_port_address": (c_char_p, [c_void_p, c_size_t]),
    "jf_port_drain": (None, [c_void_p, POINTER(c_int)]),
    "jf_port_close": (None, [c_void_p, c_int64]),
    "jf_request_facts": (None, [c_void_p, POINTER(RequestInfo)]),
    "jf_request_message": (c_void_p, [c_void_p]),
    "jf_hold": (None, [c_void_p]),
    "jf_request_on_cancel": (None, [c_void_p, PostFn, c_void_p]),
    "jf_reply": (None, [c_void_p] + _BYTES),
    "jf_fail": (None, [c_void_p, c_int, c_char_p]),
    "jf_request_stream": (None, [c_void_p, _OUT]),
    "jf_service_main": (None, [c_int, POINTER(c_char_p), POINTER(ServiceOptions), ServiceFn,
                               c_void_p]),
    "jf_service_facts": (None, [c_void_p, POINTER(ServiceInfo)]),
    "jf_service_connect": (None, [c_void_p, c_char_p, POINTER(ChannelOptions), _OUT]),
    "jf_service_connect_all": (None, [c_void_p, c_char_p, POINTER(ChannelOptions),
                                      POINTER(Server), c_size_t, POINTER(c_size_t)]),
    "jf_service_serve": (None, [c_void_p, POINTER(PortOptions), _OUT]),
    "jf_service_ready": (None, [c_void_p]),
    "jf_service_run": (None, [c_void_p]),
    "jf_schema_open": (None, [c_char_p] + _BYTES + [_OUT]),
    "jf_schema_close": (None, [c_void_p]),
    "jf_schema_bytes": (c_void_p, [c_void_p, POINTER(c_size_t)]),
    "jf_schema_method": (None, [c_void_p, c_size_t, POINTER(MethodInfo)]),
    "jf_schema_write": (None, [c_void_p, c_char_p, c_int, c_char_p, _OUT, POINTER(c_size_t)]),
    "jf_schema_read": (None, [c_void_p, c_char_p, c_int] + _BYTES + [POINTER(c_char_p)]),
}


def _load() -> ctypes.CDLL:
    named = os.environ.get("JACKFIELD_LIBRARY")
    beside = os.path.join(os.path.dirname(os.path.abspath(__file__)), _NAME)
    path = named or (beside if os.path.exists(beside) else _NAME)
    try:
        loaded = ctypes.CDLL(path)
    except OSError as why:
        tried = ("JACKFIELD_LIBRARY names it" if named else
                 f"JACKFIELD_LIBRARY is not set, {beside} is not there, and the system has none")
        raise ImportError(f"jackfield cannot load its library, {path}: {why} ({tried})") from why
    for name, (result, arguments) in _FUNCTIONS.items():
        function = getattr(loaded, name, None)
        if function is None:
            raise ImportError(f"{path} has no {name}: it is too old for this jackfield")
        function.restype = c_int if result is None else result
        function.argtypes = arguments
    if loaded.jf_abi() < ABI_LEAST:
        raise ImportError(f"{path} is of ABI {loaded.jf_abi()}: {ABI_LEAST} is the least")
    return loaded


lib = _load()


def sized(kind, **fields):
    """An options struct of that kind, with its size."""
    return kind(size=ctypes.sizeof(kind), **fields)
