"""Messages as dicts, between Python and C++. schema_test.py GREET.fbs GREETER_OF_C++"""

import asyncio
import logging
import subprocess
import sys
import tempfile
import unittest

import jackfield
from jackfield import Code, Node, Schema, aio

FBS, GREETER = sys.argv[1:3]
del sys.argv[1:3]
GREET, INTERFACE = "greet.Greeter/Greet", "greet.Greeter"
GUARD_SECONDS = 60

STREAMS = """
attribute "one_way";
namespace feed;
table Word { text: string; n: int; }
rpc_service Feed {
  Count(Word): Word (streaming: "server");
  Sum(Word): Word (streaming: "client");
  Tell(Word): Word (one_way);
}
"""


def hello(person, _):
    return {"text": "hello " + person["name"]}


class SchemaTest(unittest.TestCase):
    def setUp(self):
        logging.getLogger("jackfield").setLevel(logging.CRITICAL)
        self.greet = Schema.load(FBS)
        self.node = Node("test")
        self.port = self.node.serve("unix:")
        self.channel = self.node.connect(self.port.address)

    def tearDown(self):
        self.node.close()

    def test_message_goes_there_and_back(self):
        self.assertEqual(self.greet.methods, {GREET: jackfield.MethodKind.CALL})
        data = self.greet.pack(GREET, {"name": "Ådä"})
        self.assertEqual(self.greet.unpack(GREET, data), {"name": "Ådä"})
        self.assertEqual(self.greet.unpack(GREET, bytearray(data)), {"name": "Ådä"})

    def test_what_is_wrong_is_said(self):
        for wrong, says in (({"nme": 1}, "nme"), ({}, "name"), ([], "")):
            with self.assertRaises(jackfield.Refused) as raised:
                self.greet.pack(GREET, wrong)
            self.assertEqual(raised.exception.code, Code.INVALID_ARGUMENT)
            self.assertIn(says, raised.exception.text)
        with self.assertRaises(jackfield.Error) as raised:
            self.greet.unpack(GREET, b"garbage!")
        self.assertEqual(raised.exception.code, Code.DATA_LOSS)
        with self.assertRaisesRegex(jackfield.Refused, "did you mean"):
            self.greet.pack("greet.Greeter/Gret", {})
        with self.assertRaisesRegex(jackfield.Error, "nowhere"):
            Schema.load("/nowhere/greet.fbs")
        with self.assertRaisesRegex(jackfield.Refused, "it has greet.Greeter"):
            self.greet.client(self.channel, "greet.Greter")

    def test_interface_is_served_and_called(self):
        self.greet.serve(self.port, INTERFACE, {"Greet": hello})
        greeter = self.greet.client(self.channel, INTERFACE)
        self.assertEqual(greeter.Greet({"name": "Ada"}, timeout=5), {"text": "hello Ada"})
        self.assertIn("Greet", dir(greeter))
        with self.assertRaisesRegex(AttributeError, "it has Greet"):
            greeter.Gret({})

    def test_caller_of_garbage_hears_what_is_wrong(self):
        self.greet.serve(self.port, INTERFACE, {"Greet": hello})
        with self.assertRaises(jackfield.Error) as raised:
            self.channel.call(GREET, b"garbage!")
        self.assertEqual(raised.exception.code, Code.INVALID_ARGUMENT)
        with self.assertRaises(jackfield.Error) as raised:
            self.channel.stream(GREET, b"").finish()
        self.assertEqual(raised.exception.code, Code.INVALID_ARGUMENT)

    def test_unknown_method_is_refused(self):
        with self.assertRaisesRegex(jackfield.Refused, "has no method Gret; it has Greet"):
            self.greet.serve(self.port, INTERFACE, {"Gret": hello})

    def test_schema_is_fetched_from_the_service(self):
        self.greet.serve(self.port, INTERFACE, {"Greet": hello}, blocking=True)
        fetched = Schema.fetch(self.channel, INTERFACE)
        self.assertEqual(fetched.client(self.channel, INTERFACE).Greet({"name": "Ben"}),
                         {"text": "hello Ben"})
        with self.assertRaises(jackfield.Error) as raised:
            Schema.fetch(self.channel, "greet.Nobody")
        self.assertEqual(raised.exception.code, Code.NOT_FOUND)

    def test_streams_and_one_way_messages(self):
        with tempfile.NamedTemporaryFile("w", suffix=".fbs") as file:
            file.write(STREAMS)
            file.flush()
            feed = Schema.load(file.name)
        told = []

        def count(word, request):
            for n in range(word["n"]):
                request.stream().try_write(feed.pack("Count", {"n": n}, reply=True))

        feed.serve(self.port, "feed.Feed", {"Count": count,
                                            "Tell": lambda word, _: told.append(word["text"])})
        client = feed.client(self.channel, "feed.Feed")
        client.Tell({"text": "one way"})
        with client.Count({"n": 3}) as stream:
            self.assertEqual([feed.unpack("Count", item, reply=True)["n"] for item in stream],
                             [0, 1, 2])
            self.assertEqual(stream.finish(), b"")
        self.assertEqual(told, ["one way"])

    def test_service_in_cpp_is_called(self):
        with tempfile.TemporaryDirectory() as at, \
                subprocess.Popen([GREETER, "--serve", f"unix:{at}/greet.sock"]) as program:
            try:
                channel = self.node.connect(f"unix:{at}/greet.sock", connect=GUARD_SECONDS)
                greeter = Schema.fetch(channel, INTERFACE).client(channel, INTERFACE)
                self.assertEqual(greeter.Greet({"name": "Ada"}, timeout=GUARD_SECONDS),
                                 {"text": "hello Ada"})
            finally:
                program.kill()


class AioSchemaTest(unittest.IsolatedAsyncioTestCase):
    async def test_interface_is_served_and_awaited(self):
        greet = Schema.load(FBS)

        async def later(person, request):
            await asyncio.sleep(0)
            return hello(person, request)

        async with aio.Node("test") as node:
            port = node.serve("unix:")
            greet.serve(port, INTERFACE, {"Greet": later})
            channel = node.connect(port.address)
            fetched = await Schema.fetch(channel, INTERFACE)
            greeter = fetched.client(channel, INTERFACE)
            answers = await asyncio.gather(*[greeter.Greet({"name": str(i)}) for i in range(50)])
            self.assertEqual(answers, [{"text": f"hello {i}"} for i in range(50)])


if __name__ == "__main__":
    unittest.main()
