"""No wake is lost: many calls under asyncio, one after the other and with pauses, all answered.

many_calls_test.py [CALLS]: 100000 are the whole proof; a build does fewer. A lost wake would be
seen as a pause in which nothing happens at all: a guard ends the test then. Over epoll the node
sleeps between the calls, over io_uring never (docs/decisions/0019).
"""

import asyncio
import sys
import threading
import unittest

import jackfield
from jackfield import aio

CALLS = int(sys.argv.pop(1)) if len(sys.argv) > 1 and sys.argv[1].isdigit() else 4000
GUARD_SECONDS = 20
CALLS_BETWEEN_PAUSES = 10
ECHO = "py.Echo/Say"


class Server:
    """In a thread of its own, so that the client has to wait for it."""

    def __init__(self):
        self._serves = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()
        self._serves.wait()

    def _run(self):
        with jackfield.Node("server") as self.node:
            port = self.node.serve("unix:", {ECHO: lambda request: request.payload})
            self.address = port.address
            self._serves.set()
            self.node.run()

    def close(self):
        self.node.stop()
        self._thread.join()


class ManyCallsTest(unittest.TestCase):
    def setUp(self):
        self.server = Server()

    def tearDown(self):
        self.server.close()

    async def _call(self, sleeps):
        async with aio.Node("client", sleeps=sleeps) as node:
            channel = node.connect(self.server.address, timeout=10 * GUARD_SECONDS)
            for i in range(CALLS):
                answer = await asyncio.wait_for(channel.call(ECHO, b"%d" % i), GUARD_SECONDS)
                self.assertEqual(answer, b"%d" % i)
                if i % CALLS_BETWEEN_PAUSES == 0:
                    await asyncio.sleep(0.0002)
            return node._driver.sleeps

    def test_each_is_answered_while_the_loop_sleeps_between(self):
        self.assertGreater(asyncio.run(self._call(True)), CALLS)

    def test_each_is_answered_over_io_uring(self):
        asyncio.run(self._call(False))

    def test_each_timer_is_met(self):
        async def deadlines():
            async with aio.Node("client") as node:
                port = node.serve("unix:", {1: lambda request: request.hold()})
                channel = node.connect(port.address)
                for i in range(CALLS // 100):
                    with self.assertRaises(jackfield.InDoubt):
                        await asyncio.wait_for(channel.call(1, timeout=0.001 * (1 + i % 5)),
                                               GUARD_SECONDS)
        asyncio.run(deadlines())


if __name__ == "__main__":
    unittest.main()
