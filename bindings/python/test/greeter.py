#!/usr/bin/env python3
"""Programs of a wiring, for service_test.py: BODY in the environment says which."""

import asyncio
import os
import sys
import time

import jackfield
from jackfield import aio

GREET, SLOW, PID = "py.Greeter/Greet", "py.Greeter/Slow", "py.Greeter/Pid"


def greet(service):
    port = service.serve({GREET: lambda request: b"hello " + request.payload,
                          PID: lambda _: b"%d" % os.getpid()})
    port.handle(SLOW, lambda request: (time.sleep(0.05), b"slow")[1], blocking=True)
    service.run()


async def agreet(service):
    async def slow(_):
        await asyncio.sleep(0.05)
        return b"slow"
    service.serve({GREET: lambda request: b"hello " + request.payload, SLOW: slow,
                   PID: lambda _: b"%d" % os.getpid()})
    await service.run()


def ask(service):
    greeter = service.connect()
    for name in service.args:
        print(greeter.call(GREET, name.encode()).decode(), flush=True)
    print(greeter.call(SLOW).decode(), flush=True)


def everybody(service):
    greeters = service.connect_all("greet")
    for name, greeter in sorted(greeters.items()):
        print(name, greeter.call(GREET, name.encode()).decode(), flush=True)


async def aask(service):
    greeter = service.connect("greet")
    service.ready()
    answers = await asyncio.gather(*[greeter.call(GREET, name.encode()) for name in service.args])
    print(*[answer.decode() for answer in answers], sep="\n", flush=True)


def wrong(service):
    service.connect("nobody")


def breaks(_):
    raise ValueError("on purpose")


def exits(_):
    sys.exit(7)


if __name__ == "__main__":
    body = globals()[os.environ["BODY"]]
    run = aio.run_service if asyncio.iscoroutinefunction(body) else jackfield.run_service
    sys.exit(run(body))
