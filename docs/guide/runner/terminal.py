"""One bash in a directory of its own, in which the commands of a page are run one after another.

Owns: the directory, and every process that is started in it. `close` kills them, those too that
have made a session of their own: this process is their reaper (PR_SET_CHILD_SUBREAPER), so what
loses its parent stays below it.
"""

import ctypes
import os
import pathlib
import re
import select
import shlex
import shutil
import signal
import subprocess
import tempfile
import time

_PR_SET_CHILD_SUBREAPER = 36

# What bash itself says of a job that has ended.
_NOTICE = re.compile(r"(\[\d+\][+-]?|\S*: line \d+:) +(\d+ +)?"
                     r"(Done|Exit \d+|Killed|Terminated|Interrupt|Hangup|Stopped)\b.*")


class WatchdogError(Exception):
    """The page has not come to its end in time."""


class Terminal:
    def __init__(self, programs: pathlib.Path, files: dict[str, pathlib.Path], seconds_max: float):
        """`programs` stands first in PATH; `files`, from where each comes, lie in the directory."""
        ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
        self._root = pathlib.Path(tempfile.mkdtemp(prefix="guide-", dir="/tmp"))
        self.directory = self._root / "checkout"
        runtime = self._root / "run"
        self.directory.mkdir()
        runtime.mkdir(mode=0o700)
        (self.directory / "WORKSPACE").touch()
        for name, origin in files.items():
            self.write(name, origin.read_bytes())
            shutil.copymode(origin, self.directory / name)
        self.path = f"{programs}:/usr/local/bin:/usr/bin:/bin"
        commands, self._commands = os.pipe()
        self._printed, printed = os.pipe()
        self._bash = subprocess.Popen(
            ["bash", "--norc", "--noprofile", f"/dev/fd/{commands}"],
            cwd=self.directory,
            env={"PATH": self.path, "HOME": str(self.directory), "LANG": "C.UTF-8",
                 "TERM": "dumb", "XDG_RUNTIME_DIR": str(runtime)},
            stdin=subprocess.DEVNULL, stdout=printed, stderr=printed, pass_fds=[commands],
            start_new_session=True)
        os.close(commands)
        os.close(printed)
        self._ends_at = time.monotonic() + seconds_max
        self._mark = f"guide.{os.getpid()}.{id(self)}"
        self._rest = ""
        # As in a terminal: each job is a group of its own, which heeds ^C.
        self.run(f"exec {commands}<&-; set -m")

    def write(self, name: str, content: bytes) -> None:
        path = self.directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)

    def run(self, command: str) -> tuple[list[str], int]:
        """Runs it to its end. Returns what was printed meanwhile, by whomever, and its status."""
        line = f"eval -- {shlex.quote(command)}; printf '%s %d\\n' {self._mark} $?\n"
        os.write(self._commands, line.encode())
        end = re.compile(rf"{re.escape(self._mark)} (\d+)\n")
        while not (found := end.search(self._rest)):
            self._read()
        printed, self._rest = self._rest[:found.start()], self._rest[found.end():]
        return _lines(printed), int(found.group(1))

    def more(self) -> list[str]:
        """Waits for what is printed by what runs in the background. Returns that."""
        while not self._rest.endswith("\n"):
            self._read()
        printed, self._rest = self._rest, ""
        return _lines(printed)

    def pause(self, seconds: float) -> None:
        if time.monotonic() > self._ends_at:
            raise WatchdogError()
        time.sleep(seconds)

    def close(self) -> None:
        while below := _descendants(os.getpid()):
            for pid in below:
                try:
                    os.kill(pid, signal.SIGKILL)
                except ProcessLookupError:
                    pass
            _reap()
            time.sleep(0.001)
        self._bash.returncode = 0  # it is reaped
        os.close(self._commands)
        os.close(self._printed)
        shutil.rmtree(self._root)

    def _read(self) -> None:
        seconds = self._ends_at - time.monotonic()
        if seconds <= 0 or not select.select([self._printed], [], [], seconds)[0]:
            raise WatchdogError()
        piece = os.read(self._printed, 1 << 16)
        if not piece:
            raise WatchdogError()  # the page has ended its own shell
        self._rest += piece.decode(errors="backslashreplace")


def _lines(printed: str) -> list[str]:
    return [line for line in printed.splitlines() if not _NOTICE.fullmatch(line)]


def _reap() -> None:
    try:
        while os.waitpid(-1, os.WNOHANG) != (0, 0):
            pass
    except ChildProcessError:
        pass


def _descendants(pid: int) -> list[int]:
    found: list[int] = []
    try:
        for thread in os.listdir(f"/proc/{pid}/task"):
            for child in pathlib.Path(f"/proc/{pid}/task/{thread}/children").read_text().split():
                found += [int(child), *_descendants(int(child))]
    except (FileNotFoundError, ProcessLookupError):
        pass
    return found
