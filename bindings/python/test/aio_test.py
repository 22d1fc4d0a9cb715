"""What is awaited: nodes that an asyncio loop drives."""

import asyncio
import logging
import subprocess
import sys
import threading
import unittest

import jackfield
from jackfield import Code, Reason, aio

ECHO = "py.Echo/Say"
CALLER = """
import sys, jackfield
node = jackfield.Node("caller")
node.connect(sys.argv[1]).call("py.Echo/Waits", timeout=600)
"""


class AioTest(unittest.IsolatedAsyncioTestCase):
    async def asyncSetUp(self):
        logging.getLogger("jackfield").setLevel(logging.CRITICAL)  # what handlers raise on purpose
        asyncio.get_running_loop().set_debug(False)  # it is slow, and talks
        self.node = aio.Node("test")
        self.port = self.node.serve("unix:", {ECHO: lambda request: request.payload})
        self.channel = self.node.connect(self.port.address)

    async def asyncTearDown(self):
        self.node.close()

    async def test_many_calls_at_once_are_answered_each(self):
        answers = await asyncio.gather(*[self.channel.call(ECHO, b"%d" % i) for i in range(200)])
        self.assertEqual(answers, [b"%d" % i for i in range(200)])

    async def test_more_calls_than_the_channel_has_room_for_wait(self):
        calls = [self.channel.call(ECHO, b"%d" % i, timeout=60) for i in range(3000)]
        self.assertEqual(await asyncio.gather(*calls), [b"%d" % i for i in range(3000)])

    async def test_call_whose_time_has_passed_is_refused_at_once(self):
        with self.assertRaises(jackfield.Refused) as raised:
            self.channel.call(ECHO, timeout=-1)
        self.assertEqual(raised.exception.reason, Reason.DEADLINE)

    async def test_async_handlers_run_side_by_side(self):
        first = asyncio.Event()
        async def waits(_):
            await first.wait()
            return b"waited"
        async def goes(_):
            first.set()
            return b"went"
        self.port.handle("py.Echo/Waits", waits)
        self.port.handle("py.Echo/Goes", goes)
        answers = await asyncio.gather(self.channel.call("py.Echo/Waits"),
                                       self.channel.call("py.Echo/Goes"))
        self.assertEqual(answers, [b"waited", b"went"])

    async def test_async_handler_that_raises_fails_its_call(self):
        async def fails(_):
            raise jackfield.Error(Code.NOT_FOUND, "nothing")
        async def divides(_):
            return 1 // 0
        async def forgets(_):
            return None
        async def answers_text(_):
            return "no bytes"
        for name, handler, code in (("Fails", fails, Code.NOT_FOUND),
                                    ("Divides", divides, Code.INTERNAL),
                                    ("Forgets", forgets, Code.INTERNAL),
                                    ("Text", answers_text, Code.INTERNAL)):
            self.port.handle("py.Echo/" + name, handler)
            with self.assertRaises(jackfield.Error) as raised:
                await self.channel.call("py.Echo/" + name)
            self.assertEqual(raised.exception.code, code, name)

    async def test_async_handler_is_cancelled_when_nobody_waits(self):
        cancelled = asyncio.Event()
        async def waits(_):
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                cancelled.set()
                raise
        self.port.handle("py.Echo/Waits", waits)
        with self.assertRaises(jackfield.InDoubt):
            await self.channel.call("py.Echo/Waits", timeout=0.02)
        await cancelled.wait()

    async def test_async_handler_is_cancelled_when_its_caller_is_killed(self):
        came, cancelled = asyncio.Event(), asyncio.Event()
        async def waits(_):
            came.set()
            try:
                await asyncio.Event().wait()
            finally:
                cancelled.set()
        self.port.handle("py.Echo/Waits", waits)
        with subprocess.Popen([sys.executable, "-c", CALLER, self.port.address]) as caller:
            try:
                await came.wait()
            finally:
                caller.kill()
        await cancelled.wait()
        self.assertEqual(await self.channel.call(ECHO, b"on"), b"on")

    async def test_blocking_handler_does_not_hold_up_the_loop(self):
        go_on = threading.Event()
        def blocks(request):
            go_on.wait()
            return request.payload
        self.port.handle("py.Echo/Blocks", blocks, blocking=True)
        slow = self.channel.call("py.Echo/Blocks", b"slow")
        self.assertEqual(await self.channel.call(ECHO, b"quick"), b"quick")
        self.assertFalse(slow.done())
        go_on.set()
        self.assertEqual(await slow, b"slow")

    async def test_cancelled_call_is_cancelled_at_its_service(self):
        came, cancelled = asyncio.Event(), asyncio.Event()
        async def waits(_):
            came.set()
            try:
                await asyncio.Event().wait()
            finally:
                cancelled.set()
        self.port.handle("py.Echo/Waits", waits)
        task = asyncio.ensure_future(asyncio.wait_for(self.channel.call("py.Echo/Waits"), 60))
        await came.wait()
        task.cancel()
        with self.assertRaises(asyncio.CancelledError):
            await task
        await cancelled.wait()
        self.assertEqual(await self.channel.call(ECHO, b"on"), b"on")

    async def test_answer_that_crosses_its_cancel_is_dropped(self):
        call = self.channel.call(ECHO, b"x")
        call.cancel()
        self.assertFalse(call.cancel())
        with self.assertRaises(asyncio.CancelledError):
            await call
        self.assertEqual(await self.channel.call(ECHO, b"on"), b"on")

    async def test_streams_go_both_ways(self):
        async def chat(request):
            stream, items = request.stream(), 0
            async for item in stream:
                items += 1
                await stream.write(item.upper())
            return b"%d" % items
        self.port.handle("py.Echo/Chat", chat)
        async with self.channel.stream("py.Echo/Chat") as stream:
            for i in range(300):
                await stream.write(b"item %d" % i)
                self.assertEqual(await stream.read(), b"ITEM %d" % i)
            stream.end()
            self.assertIsNone(await stream.read())
            self.assertEqual(await stream.finish(), b"300")

    async def test_writer_waits_for_a_slow_reader(self):
        written = []
        async def count(request):
            stream = request.stream()
            for i in range(1000):
                await stream.write(b"%d" % i)
                written.append(i)
            return b"done"
        self.port.handle("py.Echo/Count", count)
        async with self.channel.stream("py.Echo/Count") as stream:
            self.assertEqual(await stream.read(), b"0")
            while len(written) < 2:
                await asyncio.sleep(0)
            self.assertLess(len(written), 1000)
            rest = [item async for item in stream]
            self.assertEqual(rest, [b"%d" % i for i in range(1, 1000)])
            self.assertEqual(await stream.finish(), b"done")

    async def test_read_that_waits_hears_why_the_call_is_over(self):
        async def never(request):
            await asyncio.Event().wait()
        self.port.handle("py.Echo/Never", never)
        async with self.channel.stream("py.Echo/Never", timeout=0.02) as stream:
            with self.assertRaises(jackfield.InDoubt) as raised:
                await stream.read()
            self.assertEqual(raised.exception.code, Code.DEADLINE_EXCEEDED)

    async def test_second_read_is_refused(self):
        self.port.handle("py.Echo/Hold", lambda request: request.hold())
        stream = self.channel.stream("py.Echo/Hold")
        first = asyncio.ensure_future(stream.read())
        await asyncio.sleep(0)
        with self.assertRaisesRegex(jackfield.Refused, "under way"):
            await stream.read()
        stream.close()
        with self.assertRaises(jackfield.InDoubt):
            await first

    async def test_one_way_waits_for_room(self):
        heard = []
        self.port.handle("py.Echo/Hear", lambda request: heard.append(request.payload))
        for i in range(5000):
            await self.channel.send_soon("py.Echo/Hear", b"%d" % i)
        self.assertEqual(self.channel.close(5).handled, 5000)
        self.assertEqual(heard, [b"%d" % i for i in range(5000)])

    async def test_async_handler_hears_one_way_messages(self):
        heard = asyncio.Queue()
        async def hear(request):
            await asyncio.sleep(0)
            await heard.put(request.payload)
        self.port.handle("py.Echo/Hear", hear)
        self.channel.send("py.Echo/Hear", b"word")
        self.assertEqual(await heard.get(), b"word")

    async def test_calls_under_way_hear_of_the_nodes_end(self):
        self.port.handle("py.Echo/Hold", lambda request: request.hold())
        call = self.channel.call("py.Echo/Hold")
        self.node.close()
        with self.assertRaises(jackfield.Error) as raised:
            await call
        self.assertEqual(raised.exception.code, Code.CANCELLED)

    async def test_post_wakes_the_loop(self):
        posted = asyncio.Event()
        thread = threading.Thread(target=lambda: self.node.post(posted.set))
        thread.start()
        await posted.wait()
        thread.join()

    def test_node_without_a_loop_is_refused(self):
        with self.assertRaises(RuntimeError):
            aio.Node("lonely")


if __name__ == "__main__":
    unittest.main()
