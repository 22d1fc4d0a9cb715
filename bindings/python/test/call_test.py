"""What blocks: nodes, channels, streams and ports that one thread drives."""

import logging
import os
import subprocess
import sys
import threading
import time
import unittest

import jackfield
from jackfield import Code, Node, Outcome, Reason

ECHO = "py.Echo/Say"


def echo(request):
    return request.payload


class World(unittest.TestCase):
    def setUp(self):
        logging.getLogger("jackfield").setLevel(logging.CRITICAL)  # what handlers raise on purpose
        self.node = Node("test")
        self.port = self.node.serve("unix:", {ECHO: echo})
        self.channel = self.node.connect(self.port.address)

    def tearDown(self):
        self.node.close()


class CallTest(World):
    def test_call_is_answered(self):
        self.assertEqual(self.channel.call(ECHO, b"hello"), b"hello")
        self.assertEqual(self.channel.call(jackfield.type_of(ECHO), b""), b"")
        for data in (bytearray(b"any"), memoryview(b"any")):
            self.assertEqual(self.channel.call(ECHO, data), b"any")

    def test_megabyte_is_whole(self):
        large = os.urandom((1 << 20) - 4096)
        self.assertEqual(self.channel.call(ECHO, large), large)

    def test_handlers_error_is_the_callers(self):
        def fails(_):
            raise jackfield.Error(Code.NOT_FOUND, "no such order: 7")
        self.port.handle("py.Echo/Fail", fails)
        with self.assertRaises(jackfield.Error) as raised:
            self.channel.call("py.Echo/Fail")
        self.assertEqual((raised.exception.code, raised.exception.outcome),
                         (Code.NOT_FOUND, Outcome.ANSWERED))
        self.assertEqual(str(raised.exception), "NOT_FOUND: no such order: 7")

    def test_handler_that_raises_something_else_is_an_internal_error_with_its_name(self):
        self.port.handle("py.Echo/Divide", lambda _: 1 // 0)
        with self.assertRaises(jackfield.Error) as raised:
            self.channel.call("py.Echo/Divide")
        self.assertEqual(raised.exception.code, Code.INTERNAL)
        self.assertIn("py.Echo/Divide: ZeroDivisionError", raised.exception.text)
        self.assertEqual(self.channel.call(ECHO, b"on"), b"on")

    def test_handler_that_forgets_is_an_internal_error(self):
        self.port.handle("py.Echo/Forget", lambda _: None)
        with self.assertRaises(jackfield.Error) as raised:
            self.channel.call("py.Echo/Forget")
        self.assertEqual(raised.exception.code, Code.INTERNAL)

    def test_deadline_leaves_the_call_in_doubt(self):
        self.port.handle("py.Echo/Hold", lambda request: request.hold())
        with self.assertRaises(jackfield.InDoubt) as raised:
            self.channel.call("py.Echo/Hold", timeout=0.02)
        self.assertEqual((raised.exception.code, raised.exception.reason),
                         (Code.DEADLINE_EXCEEDED, Reason.DEADLINE))
        with self.assertRaises(jackfield.Refused):
            self.channel.call(ECHO, timeout=-1)

    def test_held_request_is_answered_later(self):
        held = []
        def later(request):
            request.hold()
            held.append(request)
            self.node.post(lambda: held[0].reply(b"at last"))
        self.port.handle("py.Echo/Later", later)
        self.assertEqual(self.channel.call("py.Echo/Later"), b"at last")
        self.assertTrue(held[0].answered)
        with self.assertRaises(jackfield.Refused):
            held[0].reply(b"again")

    def test_handler_sees_who_calls(self):
        seen = []
        def look(request):
            seen.append((request.peer, request.remaining, request.one_way, request.is_stream))
            return b""
        self.port.handle("py.Echo/Look", look)
        self.channel.call("py.Echo/Look", timeout=60)
        peer, remaining, one_way, is_stream = seen[0]
        self.assertEqual((peer.name, peer.uid, peer.pid), ("test", os.getuid(), os.getpid()))
        self.assertTrue(0 < remaining <= 60)
        self.assertFalse(one_way or is_stream)

    def test_one_way_is_in_the_receipt(self):
        heard = []
        self.port.handle("py.Echo/Hear", lambda request: heard.append(request.payload))
        for i in range(10):
            self.channel.send("py.Echo/Hear", b"%d" % i)
        receipt = self.channel.close(5)
        self.assertEqual(receipt.handled, 10)
        self.assertEqual(heard, [b"%d" % i for i in range(10)])
        with self.assertRaises(jackfield.Refused):
            self.channel.send("py.Echo/Hear")

    def test_no_room_is_refused_where_it_may_not_wait(self):
        with self.assertRaises(jackfield.Refused) as raised:
            for _ in range(100_000):
                self.channel.send("py.Echo/Hear", b"x", no_wait=True)
        self.assertEqual(raised.exception.reason, Reason.BACK_PRESSURE)

    def test_descriptor_goes_along(self):
        def say(request):
            fd = request.take_fd()
            os.write(fd, b"here")
            os.close(fd)
            return b""
        self.port.handle("py.Echo/Pass", say)
        reads, writes = os.pipe()
        passes = self.node.connect(self.port.address, sends_fds=True)
        passes.wait()
        passes.call("py.Echo/Pass", fds=[writes])
        self.assertEqual(os.read(reads, 8), b"here")
        os.close(reads)


class StreamTest(World):
    def test_items_of_a_server_end_with_the_answer(self):
        def count(request):
            stream = request.stream()
            for i in range(5):
                stream.try_write(b"%d" % i)
            return b"done"
        self.port.handle("py.Echo/Count", count)
        with self.channel.stream("py.Echo/Count") as stream:
            self.assertEqual(list(stream), [b"0", b"1", b"2", b"3", b"4"])
            self.assertEqual(stream.finish(), b"done")

    def test_plain_call_has_no_stream(self):
        self.port.handle("py.Echo/Stream", lambda request: request.stream() and b"")
        with self.assertRaises(jackfield.Error) as raised:
            self.channel.call("py.Echo/Stream")
        self.assertIn("stream", raised.exception.text)

    def test_closed_stream_is_refused(self):
        stream = self.channel.stream(ECHO)
        stream.close()
        stream.close()
        with self.assertRaises(jackfield.Refused):
            stream.read()


class ThreadTest(World):
    def test_blocking_handler_does_not_hold_up_the_node(self):
        ask_again = threading.Event()
        def slow(_):
            ask_again.wait()
            return b"slow"
        self.port.handle("py.Echo/Slow", slow, blocking=True)
        answers = []
        with Node("other") as other:
            # Two clients of one node, in threads of their own: the second is served meanwhile.
            del other
            at = self.port.address
            def call(method, then):
                with Node("client") as node:
                    answers.append(node.connect(at).call(method, b"quick"))
                then()
            threads = [threading.Thread(target=call, args=("py.Echo/Slow", lambda: None)),
                       threading.Thread(target=call, args=(ECHO, ask_again.set))]
            for thread in threads:
                thread.start()
            while any(thread.is_alive() for thread in threads):
                self.node.turn(0.01)
            for thread in threads:
                thread.join()
        self.assertEqual(answers, [b"quick", b"slow"])

    def test_blocking_handler_that_raises_fails_its_call(self):
        def fails(_):
            raise jackfield.Error(Code.ABORTED, "not today")
        self.port.handle("py.Echo/Fails", fails, blocking=True)
        with self.assertRaises(jackfield.Error) as raised:
            self.channel.call("py.Echo/Fails")
        self.assertEqual(raised.exception.code, Code.ABORTED)

    def test_another_thread_is_refused_at_once(self):
        refused = []
        def call():
            for use in (lambda: self.channel.call(ECHO, b"x"), lambda: self.node.turn(0),
                        lambda: self.node.connect("unix:@x")):
                try:
                    use()
                except jackfield.Refused as why:
                    refused.append(why.reason)
        thread = threading.Thread(target=call)
        thread.start()
        thread.join()
        self.assertEqual(refused, [Reason.MISUSE] * 3)
        self.assertEqual(self.channel.call(ECHO, b"on"), b"on")

    def test_post_and_stop_work_in_any_thread(self):
        ran_in = []
        def work():
            self.node.post(lambda: ran_in.append(threading.get_ident()))
            self.node.post(self.node.stop)
        thread = threading.Thread(target=work)
        thread.start()
        self.node.run()
        thread.join()
        self.assertEqual(ran_in, [threading.get_ident()])

    def test_async_handler_is_refused_without_asyncio(self):
        async def later(_):
            return b""
        with self.assertRaisesRegex(jackfield.Refused, "aio.Node"):
            self.port.handle("py.Echo/Async", later)


class LifeTest(World):
    def test_what_is_on_a_closed_node_is_closed(self):
        stream = self.channel.stream(ECHO)
        self.node.close()
        self.node.close()
        self.assertTrue(self.node.closed)
        for use in (lambda: self.channel.call(ECHO), stream.read, lambda: self.port.address,
                    lambda: self.node.post(print), lambda: self.node.stop()):
            with self.assertRaises(jackfield.Refused) as raised:
                use()
            self.assertEqual(raised.exception.reason, Reason.CLOSED)
        self.channel.close()
        self.port.close()

    def test_second_handler_is_refused(self):
        with self.assertRaisesRegex(jackfield.Refused, "has a handler already"):
            self.port.handle(ECHO, echo)

    def test_wrong_address_says_what_is_wrong(self):
        with self.assertRaises(jackfield.Error) as raised:
            self.node.connect("unx:@greeter")
        self.assertEqual(raised.exception.code, Code.INVALID_ARGUMENT)
        self.assertIn("unix", raised.exception.text)

    def test_no_bytes_are_no_message(self):
        with self.assertRaises(TypeError):
            self.channel.call(ECHO, "text")

    def test_library_that_is_not_there_is_named(self):
        env = dict(os.environ, JACKFIELD_LIBRARY="/nowhere/libjackfield.so.1")
        ran = subprocess.run([sys.executable, "-c", "import jackfield"], env=env, text=True,
                             capture_output=True, check=False)
        self.assertEqual(ran.returncode, 1)
        self.assertIn("cannot load its library, /nowhere/libjackfield.so.1", ran.stderr)
        self.assertIn("JACKFIELD_LIBRARY names it", ran.stderr)


if __name__ == "__main__":
    unittest.main()
