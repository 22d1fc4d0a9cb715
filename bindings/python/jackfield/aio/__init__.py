"""Jackfield in asyncio: the loop drives the node, and what blocks elsewhere is awaited here.

    from jackfield import aio

    async def main():
        async with aio.Node("me") as node:
            greeter = node.connect("unix:@greeter")
            print(await greeter.call("greet.Greeter/Greet", request))

A handler may be an async function: it is cancelled when nobody waits for its answer any more. One
that blocks is served in a thread: port.handle(method, f, blocking=True).

Thread: the loop's.
"""

from .channel import Channel
from .node import Node
from .port import Port
from .service import Service, run_service
from .stream import Stream

__all__ = ["Channel", "Node", "Port", "Service", "Stream", "run_service"]
