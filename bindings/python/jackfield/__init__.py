"""Jackfield, a service bus for Linux: calls, one-way messages and streams between processes.

    import jackfield

    with jackfield.Node("me") as node:
        greeter = node.connect("unix:@greeter")
        print(greeter.call("greet.Greeter/Greet", request))

A service, as a program of a wiring:

    def main(service):
        service.serve({"greet.Greeter/Greet": lambda request: request.payload})
        service.run()

    sys.exit(jackfield.run_service(main))

jackfield.aio has the same for asyncio. Messages are bytes: FlatBuffers by the service's schema.
Schema makes dicts of them; flatc --python makes classes.

Thread: a node, and all that hangs on it, belongs to the thread that made it; another is refused
(Refused, misuse). post() and stop() may be called in any.
"""

from ._wire import Data, Method, type_of
from .channel import Channel, Receipt
from .errors import Code, Error, Failed, InDoubt, Outcome, Reason, Refused
from .node import Node
from .port import Handler, Peer, Port, Request
from .schema import Client, MethodKind, Schema
from .service import Service, run_service
from .stream import Stream

__all__ = [
    "Channel", "Client", "Code", "Data", "Error", "Failed", "Handler", "InDoubt", "Method",
    "MethodKind", "Node", "Outcome", "Peer", "Port", "Reason", "Receipt", "Refused", "Request",
    "Schema", "Service", "Stream", "run_service", "type_of",
]
