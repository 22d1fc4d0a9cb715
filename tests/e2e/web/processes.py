"""Programs that a test starts, and ends with it."""

import contextlib
import json
import os
import pathlib
import re
import select
import signal
import subprocess
import tempfile
import time

WATCHDOG_SECONDS = 120.0  # nothing here takes a tenth of it


class Started:
    """A program that runs; what it prints is read line by line."""

    def __init__(self, words, environment):
        self._process = subprocess.Popen(words, env=environment, stdin=subprocess.DEVNULL,
                                         stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self._read = {self._process.stdout: b"", self._process.stderr: b""}
        self.pid = self._process.pid

    def wait_for(self, pattern):
        """Reads on until a line of either output has it. Returns the match."""
        deadline = time.monotonic() + WATCHDOG_SECONDS
        while True:
            for text in self._read.values():
                if found := re.search(pattern, text.decode(errors="replace")):
                    return found
            ready, _, _ = select.select(list(self._read), [], [],
                                        max(0, deadline - time.monotonic()))
            for pipe in ready:
                self._read[pipe] += os.read(pipe.fileno(), 65536)
            if not ready or (self._process.poll() is not None and not self._drain()):
                raise AssertionError(f"no {pattern!r} in {list(self._read.values())}")

    def _drain(self):
        more = [os.read(pipe.fileno(), 65536) for pipe in self._read
                if select.select([pipe], [], [], 0)[0]]
        for pipe, text in zip(list(self._read), more):
            self._read[pipe] += text
        return any(more)

    def end(self, number=signal.SIGTERM):
        """Returns its exit status."""
        if self._process.poll() is None:
            self._process.send_signal(number)
        for pipe in self._read:
            pipe.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            return self._process.wait(WATCHDOG_SECONDS / 4)
        self._process.kill()
        self._process.wait()
        raise AssertionError(f"{self._process.args} did not end")


class Shop:
    """`jackfield demo` without an end, and the program to ask it with."""

    def __init__(self, program):
        self.program = str(pathlib.Path(program).absolute())
        self._directory = tempfile.TemporaryDirectory(prefix="web.", dir="/tmp",
                                                      ignore_cleanup_errors=True)
        self.directory = pathlib.Path(self._directory.name)
        self.environment = {**os.environ, "XDG_RUNTIME_DIR": self._directory.name,
                            "HOME": self._directory.name}
        self._started = []
        self.demo = self.start("demo", "--orders", "0")
        self.demo.wait_for("shop is up: 6 services")
        self.name = f"shop@{self.demo.pid}"

    def start(self, *words):
        started = Started([self.program, *words], self.environment)
        self._started.append(started)
        return started

    def run(self, *words):
        """Returns the exit status and both outputs."""
        done = subprocess.run([self.program, *words], env=self.environment, text=True,
                              capture_output=True, check=False, timeout=WATCHDOG_SECONDS)
        return done.returncode, done.stdout, done.stderr

    def services(self):
        """What `ps` says of each, by name."""
        _, text, _ = self.run("ps", self.name, "-o", "json")
        return {service["name"]: service for service in json.loads(text)["services"]}

    def close(self):
        for started in reversed(self._started):
            with contextlib.suppress(AssertionError):
                started.end()
        self._directory.cleanup()
