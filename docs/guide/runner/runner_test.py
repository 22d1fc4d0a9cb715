"""The rules by which a page is run: what passes, and what is refused, with which words."""

import os
import pathlib
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).absolute().parent.parent))

import guide_test  # noqa: E402
from runner.page import PageError  # noqa: E402
from runner.wanted import matches  # noqa: E402


class RunnerTest(unittest.TestCase):
    def setUp(self):
        self.directory = tempfile.TemporaryDirectory(prefix="guide-runner-")
        self.addCleanup(self.directory.cleanup)

    def run_text(self, text: str, seconds_max: float = 60) -> str:
        page = pathlib.Path(self.directory.name, "page.md")
        page.write_text(text)
        said = guide_test.run_page(page, page.parent, {}, seconds_max)
        return said.replace(self.directory.name + "/", "")

    def refusal(self, text: str, seconds_max: float = 60) -> str:
        with self.assertRaises((guide_test.Failed, PageError)) as raised:
            self.run_text(text, seconds_max)
        return str(raised.exception).replace(self.directory.name + "/", "")

    def test_runs_all_commands_in_one_shell(self):
        self.assertEqual(self.run_text("# A page\n\n    $ name=Ada\n    $ echo hello $name\n"
                                       "    hello Ada\n"),
                         "page.md: 2 commands run, 0 of ./jackfield not")

    def test_names_the_line_of_what_differs_and_shows_both(self):
        self.assertEqual(self.refusal("Text.\n\n    $ echo one; echo two\n    one\n    three\n"),
                         "page.md:3: $ echo one; echo two\nwanted:\n    one\n    three\n"
                         "got:\n    one\n    two\nexit 0")

    def test_refuses_output_that_the_page_does_not_show(self):
        self.assertIn("got:\n    x", self.refusal("    $ echo x\n"))

    def test_refuses_an_exit_status_that_the_page_does_not_state(self):
        self.assertIn("exit 3, and the page says 0", self.refusal("    $ (exit 3)\n"))
        self.assertIn("exit 3, and the page says 2", self.refusal("    $ (exit 3)\n    # exit 2\n"))
        self.run_text("    $ (exit 3)\n    # exit 3\n")

    def test_writes_files_that_a_paragraph_names(self):
        self.run_text("Write this to\n`in/a.toml`:\n\n    x = 1\n\n      y\n\nThen\n\n"
                      "    $ cat in/a.toml\n    x = 1\n\n      y\n")

    def test_refuses_a_block_that_is_neither(self):
        self.assertEqual(self.refusal("It looks so:\n\n    x = 1\n"),
                         "page.md:3: a block that is no commands (\"$ …\"), and no file: the "
                         "paragraph before it does not end in \"`NAME`:\"")

    def test_refuses_a_page_of_which_nothing_is_run(self):
        self.assertEqual(self.refusal("    $ ./jackfield up x\n    x is up\n"),
                         "page.md: none of its commands was run")

    def test_counts_commands_of_the_launcher_and_blocks_whose_tool_is_missing(self):
        self.addCleanup(setattr, guide_test, "MAYBE_MISSING", guide_test.MAYBE_MISSING)
        guide_test.MAYBE_MISSING = ("no-such-tool",)
        self.assertEqual(
            self.run_text("    $ true\n    $ ./jackfield test\n    wrong\n\nText.\n\n"
                          "    $ false\n    $ no-such-tool -v\n"),
            "page.md: 1 commands run, 1 of ./jackfield not, a block not: no no-such-tool here")

    def test_waits_for_what_runs_in_the_background(self):
        self.run_text("    $ (sleep 0.2; echo ready) &\n    ready\n    $ wait\n")

    def test_calls_again_until_what_is_said_comes_soon(self):
        self.run_text("    $ (sleep 0.3; echo it is there >note) &\n"
                      "    $ cat note   # soon\n    it is there\n    $ wait\n")

    def test_gives_up_what_never_comes(self):
        self.assertIn("page.md:1: $ sleep 1000\nwanted:\ngot:\nit did not come to this in time",
                      self.refusal("    $ sleep 1000\n", seconds_max=0.5))
        self.assertIn("it did not come to this in time",
                      self.refusal("    $ cat note   # soon\n    it is there\n", seconds_max=0.5))

    def test_ends_every_process_when_the_page_ends_or_fails(self):
        pids = pathlib.Path(self.directory.name, "pids")
        start = f"    $ setsid sh -c 'echo $$ >>{pids}; exec sleep 1000' &\n" \
                f"    $ (sleep 1000 & echo $! >>{pids})\n" \
                f"    $ cat {pids} | wc -l   # soon\n    2\n"
        self.run_text(start)
        self.refusal(start.replace("    2\n", "    4\n") + "    $ false\n")
        started = [int(pid) for pid in pids.read_text().split()]
        self.assertEqual(len(started), 4)
        for pid in started:
            self.assertRaises(ProcessLookupError, os.kill, pid, 0)

    def test_a_job_heeds_an_interrupt_as_in_a_terminal(self):
        self.run_text("    $ sleep 1000 &\n    $ kill -INT $!; wait $!\n    # exit 130\n")


class WantedTest(unittest.TestCase):
    def test_dots_in_a_line_stand_for_anything_in_it(self):
        self.assertTrue(matches(["pid … of …"], ["pid 12 of greet"]))
        self.assertFalse(matches(["pid … of greet"], ["pid 12", "of greet"]))

    def test_a_line_of_dots_stands_for_any_lines(self):
        self.assertTrue(matches(["a", "…", "z"], ["a", "z"]))
        self.assertTrue(matches(["a", "  …", "z"], ["a", "b", "", "c", "z"]))
        self.assertFalse(matches(["a", "…", "z"], ["a", "b"]))

    def test_runs_of_spaces_are_alike_but_not_none(self):
        self.assertTrue(matches(["A   B "], ["A B"]))
        self.assertFalse(matches(["A B"], ["AB"]))

    def test_what_is_special_in_patterns_is_not_special_here(self):
        self.assertFalse(matches(["a.c (x)*"], ["abc (x)*"]))
        self.assertTrue(matches(["a.c (x)*"], ["a.c (x)*"]))


if __name__ == "__main__":
    unittest.main()
