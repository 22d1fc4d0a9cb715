"""Python programs as services: by hand, and of a wiring that `jackfield up` starts.

service_test.py JACKFIELD GREETER.py
"""

import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import unittest

import jackfield

JACKFIELD, GREETER = (os.path.abspath(path) for path in sys.argv[1:3])
del sys.argv[1:3]
GREET, SLOW, PID = "py.Greeter/Greet", "py.Greeter/Slow", "py.Greeter/Pid"
GUARD_SECONDS = 60


def started(body, *words, **more):
    return subprocess.Popen([sys.executable, GREETER, *words], env=dict(os.environ, BODY=body),
                            text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **more)


class ByHandTest(unittest.TestCase):
    def ended(self, body, *words):
        with started(body, *words) as program:
            out, err = program.communicate(timeout=GUARD_SECONDS)
        return program.returncode, out, err

    def test_exit_status_says_how_it_ended(self):
        self.assertEqual(self.ended("greet", "--help")[0], 0)
        for body, words, status, says in (
                ("greet", ["--nosuch"], 2, "cannot read"),
                ("greet", [], 2, "no address to serve at"),
                ("wrong", ["--call", "greet=unix:@x"], 1, 'may not call "nobody"'),
                ("breaks", ["--call", "greet=unix:@x"], 1, "ValueError: on purpose"),
                ("exits", ["--call", "greet=unix:@x"], 7, "")):
            ended = self.ended(body, *words)
            self.assertEqual(ended[0], status, (body, ended))
            self.assertIn(says, ended[2])

    def test_it_serves_and_sigterm_lets_it_finish(self):
        for body in "greet", "agreet":
            with tempfile.TemporaryDirectory() as at, \
                    started(body, "--serve", f"unix:{at}/greet.sock") as program:
                try:
                    self.calls_and_stops(f"unix:{at}/greet.sock", program)
                finally:
                    program.kill()

    def calls_and_stops(self, address, program):
        with jackfield.Node("client") as node:
            greeter = node.connect(address, connect=GUARD_SECONDS)
            self.assertEqual(greeter.call(GREET, b"Ada", timeout=GUARD_SECONDS), b"hello Ada")
            self.assertEqual(int(greeter.call(PID)), program.pid)
            # What has come before it is asked to stop is still answered.
            with greeter.stream(SLOW) as slow:
                greeter.call(GREET, b"")  # so SLOW has come
                program.send_signal(signal.SIGTERM)
                self.assertEqual(slow.finish(), b"slow")
            self.assertEqual(program.wait(GUARD_SECONDS), 0)


class WiringTest(unittest.TestCase):
    def setUp(self):
        self._directory = tempfile.TemporaryDirectory()
        self.directory = pathlib.Path(self._directory.name)
        self.env = dict(os.environ, XDG_RUNTIME_DIR=self._directory.name)
        self.name = f"py{os.getpid()}"

    def tearDown(self):
        self.jackfield("down", self.name, check=False)
        self._directory.cleanup()

    def jackfield(self, *words, check=True):
        ran = subprocess.run([JACKFIELD, *words], cwd=self.directory, env=self.env, text=True,
                             capture_output=True, check=False, timeout=2 * GUARD_SECONDS)
        if check:
            self.assertEqual(ran.returncode, 0, ran.stdout + ran.stderr)
        return ran.stdout + ran.stderr

    def write(self, text):
        (self.directory / "py.toml").write_text(f'jackfield = 1\nname = "{self.name}"\n' + text)

    def test_python_calls_python_over_each_medium(self):
        for body, asks, over in (("greet", "ask", "unix:"), ("agreet", "ask", "tcp:"),
                                 ("greet", "ask", "shm:"), ("agreet", "aask", "unix:")):
            self.write(f"""
                over = "{over}"
                [service.greet]
                run = ["{sys.executable}", "{GREETER}"]
                env = {{ BODY = "{body}" }}
                [service.ask]
                run = ["{sys.executable}", "{GREETER}", "Ada", "Ben"]
                env = {{ BODY = "{asks}" }}
                calls = ["greet"]
                """)
            said = self.jackfield("up", "-q", "./py.toml").splitlines()
            wanted = ["hello Ada", "hello Ben"] + (["slow"] if asks == "ask" else [])
            self.assertEqual(said, wanted, (body, asks, over))

    def test_role_with_many_servers_has_a_channel_to_each(self):
        self.write(f"""
            over = "unix:"
            [service.greet]
            run = ["{sys.executable}", "{GREETER}"]
            env = {{ BODY = "greet" }}
            instances = 2
            [service.ask]
            run = ["{sys.executable}", "{GREETER}"]
            env = {{ BODY = "everybody" }}
            calls = ["greet"]
            """)
        self.assertEqual(self.jackfield("up", "-q", "./py.toml").splitlines(),
                         ["greet.1 hello greet.1", "greet.2 hello greet.2"])

    def test_it_is_started_again_after_a_kill_and_its_client_goes_on(self):
        self.write(f"""
            [service.greet]
            run = ["{sys.executable}", "{GREETER}"]
            env = {{ BODY = "greet" }}
            serve = ["unix:{self.directory}/greet.sock"]
            restart = "on-failure"
            """)
        self.jackfield("up", "-d", "./py.toml")
        with jackfield.Node("client") as node:
            greeter = node.connect(f"unix:{self.directory}/greet.sock", connect=GUARD_SECONDS)
            first = int(greeter.call(PID))
            os.kill(first, signal.SIGKILL)
            second = first
            while second == first:
                try:
                    second = int(greeter.call(PID, timeout=GUARD_SECONDS))
                except jackfield.InDoubt:
                    pass  # it died with the call
            self.assertEqual(greeter.call(GREET, b"again"), b"hello again")
        self.assertIn("ready", self.jackfield("ps", self.name))


if __name__ == "__main__":
    unittest.main()
