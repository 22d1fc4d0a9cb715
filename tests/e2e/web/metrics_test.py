"""`jackfield metrics`: what it answers, to whom, and that Prometheus takes it.

metrics_test.py JACKFIELD
"""

import http.client
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import time
import unittest
import urllib.parse
import urllib.request

from processes import Shop, Started, WATCHDOG_SECONDS

PROGRAM = ""
SERVICES = {"gate", "ledger", "orders", "packer.1", "packer.2", "stock"}


def ask(place, path="/metrics", method="GET", host=None):
    """Returns the status, the type and the text."""
    connection = http.client.HTTPConnection(place, timeout=WATCHDOG_SECONDS)
    connection.request(method, path, headers={"Host": host} if host else {})
    answer = connection.getresponse()
    text = answer.read().decode()
    connection.close()
    return answer.status, answer.getheader("Content-Type"), text


def samples(text, name):
    """{labels: value} of one family; labels as a tuple of (name, value)."""
    found = {}
    for labels, value in re.findall(rf"^{name}\{{(.*)\}} (\S+)$", text, re.MULTILINE):
        found[tuple(re.findall(r'(\w+)="([^"]*)"', labels))] = float(value)
    return found


def listening_port(pid):
    """The port at which that process listens; 0: none yet."""
    inodes = set()
    for fd in pathlib.Path(f"/proc/{pid}/fd").iterdir():
        try:
            inodes.add(str(fd.readlink()).removeprefix("socket:[").removesuffix("]"))
        except OSError:
            pass
    for table in ("tcp", "tcp6"):
        for line in pathlib.Path(f"/proc/net/{table}").read_text().splitlines()[1:]:
            words = line.split()
            if words[3] == "0A" and words[9] in inodes:
                return int(words[1].rsplit(":", 1)[1], 16)
    return 0


class MetricsTest(unittest.TestCase):
    def setUp(self):
        self.shop = Shop(PROGRAM)
        self.addCleanup(self.shop.close)
        self.metrics = self.shop.start("metrics", self.shop.name, "--listen", "127.0.0.1:0")
        self.place = self.metrics.wait_for(r"http://(127\.0\.0\.1:\d+)/metrics\n")[1]

    def text(self):
        status, kind, text = ask(self.place)
        self.assertEqual((status, kind), (200, "text/plain; version=0.0.4; charset=utf-8"))
        return text

    def wait_for_samples(self, name, wanted):
        deadline = time.monotonic() + WATCHDOG_SECONDS
        while not wanted(found := samples(text := self.text(), name)):
            self.assertLess(time.monotonic(), deadline, f"{name}: {found}\n{text}")
        return found

    def test_says_of_each_service_and_channel_what_ps_says(self):
        up = self.wait_for_samples("jackfield_service_up", lambda all_up: len(all_up) == 6)
        self.assertEqual({dict(labels)["service"] for labels in up}, SERVICES)
        channels = {tuple(dict(labels)[key] for key in ("client", "role", "server", "over"))
                    for labels in samples(self.text(), "jackfield_channel_open")}
        self.assertEqual(channels, {("gate", "orders", "orders", "tcp"),
                                    ("orders", "stock", "stock", "shm"),
                                    ("orders", "prices", "stock", "unix"),
                                    ("orders", "packer", "packer.1", "unix"),
                                    ("orders", "packer", "packer.2", "unix"),
                                    ("orders", "ledger", "ledger", "fragment+mq")})
        reserves = self.wait_for_samples(
            "jackfield_recent_calls", lambda calls: any("Reserve" in str(key) for key in calls))
        self.assertIn(("method", "jackfield.shop.Stock/Reserve"),
                      next(key for key in reserves if "Reserve" in str(key)))

    def test_counters_grow_and_never_fall(self):
        name = "jackfield_channel_messages_sent_total"
        first = samples(self.text(), name)
        gate = next(labels for labels in first if ("client", "gate") in labels)
        later = self.wait_for_samples(name, lambda now: now[gate] > first[gate])
        for labels, value in first.items():
            self.assertGreaterEqual(later[labels], value, labels)

    def test_a_service_that_is_stopped_is_down_and_its_counters_are_not_told(self):
        pid = self.shop.services()["stock"]["pid"]
        stopped = (("wiring", "shop"), ("service", "stock"))
        os.kill(pid, signal.SIGSTOP)
        self.wait_for_samples("jackfield_service_stopped", lambda now: now[stopped] == 1)
        text = self.text()
        self.assertEqual(samples(text, "jackfield_service_up")[stopped], 0)
        self.assertNotIn(stopped, samples(text, "jackfield_service_messages_handled_total"))
        os.kill(pid, signal.SIGCONT)
        self.wait_for_samples("jackfield_service_up", lambda now: now[stopped] == 1)

    def test_promtool_accepts_it(self):
        promtool = shutil.which("promtool")
        if not promtool:
            self.skipTest("no promtool here: apt-get install prometheus")
        self.wait_for_samples("jackfield_recent_call_seconds", bool)
        checked = subprocess.run([promtool, "check", "metrics"], input=self.text(), text=True,
                                 capture_output=True, check=False, timeout=WATCHDOG_SECONDS)
        self.assertEqual((checked.returncode, checked.stdout + checked.stderr), (0, ""))

    def test_a_real_prometheus_scrapes_it(self):
        prometheus = shutil.which("prometheus")
        if not prometheus:
            self.skipTest("no prometheus here: apt-get install prometheus")
        config = self.shop.directory / "prometheus.yml"
        config.write_text("scrape_configs:\n- job_name: jackfield\n  scrape_interval: 1s\n"
                          f"  static_configs:\n  - targets: ['{self.place}']\n")
        started = Started([prometheus, f"--config.file={config}", "--log.level=warn",
                           f"--storage.tsdb.path={self.shop.directory}/tsdb",
                           "--web.listen-address=127.0.0.1:0"], self.shop.environment)
        self.addCleanup(started.end)
        deadline = time.monotonic() + WATCHDOG_SECONDS
        result = []
        while len(result) != 6:
            self.assertLess(time.monotonic(), deadline, "Prometheus has not scraped it")
            time.sleep(0.1)
            if not (port := listening_port(started.pid)):
                continue
            query = urllib.parse.quote("jackfield_service_up == 1")
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/api/v1/query?query={query}",
                                            timeout=WATCHDOG_SECONDS) as answer:
                    result = json.load(answer)["data"]["result"]
            except OSError:
                pass  # it has not begun to answer
        self.assertEqual({one["metric"]["service"] for one in result}, SERVICES)

    def test_answers_only_get_under_an_address_and_only_what_there_is(self):
        status, _, text = ask(self.place, method="POST")
        self.assertEqual((status, text),
                         (405, "jackfield: this is only to be read: GET, not POST\n"))
        status, _, text = ask(self.place, host="evil.example")
        self.assertEqual(status, 403)
        self.assertIn('not by the name "evil.example"', text)
        self.assertEqual(ask(self.place, "/data")[0], 404)
        self.assertEqual(ask(self.place, "/")[0], 200)

    def test_an_address_in_use_is_said(self):
        status, _, err = self.shop.run("metrics", self.shop.name, "--listen", self.place)
        self.assertEqual(status, 1)
        self.assertEqual(err, f"jackfield: {self.place} is in use by another program\n"
                              "  try: --listen 127.0.0.1:0, which takes a free port\n")
        status, _, err = self.shop.run("metrics", self.shop.name, "--listen", "everywhere")
        self.assertEqual(status, 2, err)

    def test_a_wiring_that_is_not_up_is_refused_and_one_that_has_gone_is_zero(self):
        status, _, err = self.shop.run("metrics", "shopp", "--listen", "127.0.0.1:0")
        self.assertEqual(status, 3, err)
        self.shop.demo.end(signal.SIGINT)
        self.assertEqual(self.wait_for_samples("jackfield_wiring_up", lambda up: 0 in up.values()),
                         {(("wiring", "shop"),): 0})

    def test_sigterm_ends_it(self):
        self.assertEqual(self.metrics.end(signal.SIGTERM), 130)


if __name__ == "__main__":
    PROGRAM = sys.argv.pop(1)
    unittest.main(verbosity=2)
