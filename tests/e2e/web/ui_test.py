"""`jackfield ui` in a real browser: what the page shows, to whom, and how it can be used.

ui_test.py JACKFIELD

Leaves pictures of the page in TEST_UNDECLARED_OUTPUTS_DIR; docs/pictures/ui.png is one of them.
"""

import os
import pathlib
import signal
import sys
import unittest
import urllib.error
import urllib.request

import browser
from processes import Shop

PROGRAM = ""
BROWSER = browser.installed()
PICTURES = pathlib.Path(os.environ.get("TEST_UNDECLARED_OUTPUTS_DIR", "."))
EDGES = [["gate", "orders"], ["orders", "ledger"], ["orders", "packer.1"], ["orders", "packer.2"],
         ["orders", "stock"], ["orders", "stock"]]

# Text whose contrast with what lies behind it is less than 4.5, and its contrast: WCAG 2, AA.
PALE = """(() => {
  const parse = (text) => (text.match(/[\\d.]+/g) ?? []).map(Number);
  const light = (rgb) => rgb.slice(0, 3).map((c) => c / 255)
    .map((c) => (c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4))
    .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
  const ground = (node) => {
    for (; node; node = node.parentElement) {
      const box = node.matches('g.node') ? getComputedStyle(node.querySelector('rect')).fill
                                         : getComputedStyle(node).backgroundColor;
      const color = parse(box);
      if (color.length === 3 || color[3] === 1) return color;
    }
    return [255, 255, 255];
  };
  const pale = [];
  for (const node of document.querySelectorAll('h1,h2,p,li,th,td,button,select,label,svg text')) {
    if (!node.textContent.trim() || !node.getClientRects().length) continue;
    const style = getComputedStyle(node);
    const text = light(parse(node.closest('svg') ? style.fill : style.color));
    const behind = light(ground(node));
    const contrast = (Math.max(text, behind) + 0.05) / (Math.min(text, behind) + 0.05);
    if (contrast < 4.5) pale.push([node.textContent, contrast]);
  }
  return pale;
})()"""
OVERLAPS = """(() => {
  const boxes = [...document.querySelectorAll('g.node rect')].map((r) => r.getBoundingClientRect());
  return boxes.flatMap((a, i) => boxes.slice(i + 1).filter((b) =>
    a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom)).length;
})()"""


def node(service):
    return f"document.querySelector('g.node[data-service=\"{service}\"]')"


@unittest.skipUnless(BROWSER, "no browser here: apt-get install chromium-headless-shell")
class UiTest(unittest.TestCase):
    def setUp(self):
        self.shop = Shop(PROGRAM)
        self.addCleanup(self.shop.close)
        self.ui = self.shop.start("ui", self.shop.name)
        self.url = self.ui.wait_for(r"http://127\.0\.0\.1:\d+/\?token=[0-9a-f]{32}\n")[0].strip()
        self.page = browser.Browser(BROWSER, self.shop.directory / "browser")
        self.addCleanup(self.page.close)

    def open(self):
        self.page.open(self.url)
        self.page.wait_for("document.querySelectorAll('g.node').length > 0")

    def stop(self, service):
        os.kill(self.shop.services()[service]["pid"], signal.SIGSTOP)

    def go_on(self, service):
        os.kill(self.shop.services()[service]["pid"], signal.SIGCONT)

    def test_shows_all_services_and_channels(self):
        self.open()
        services = self.page.value(
            "[...document.querySelectorAll('g.node')].map((n) => n.dataset.service).sort()")
        self.assertEqual(services, sorted(self.shop.services()))
        edges = self.page.value("[...document.querySelectorAll('g.edge')]"
                                ".map((e) => [e.dataset.client, e.dataset.server]).sort()")
        self.assertEqual(edges, EDGES)
        self.assertEqual(self.page.value(OVERLAPS), 0)
        for table, rows in (("services", 6), ("channels", 6)):
            self.assertEqual(
                self.page.value(f"document.querySelectorAll('#{table} tbody tr').length"), rows)
        self.page.wait_for(r"/^shm +[\d.]+k?\/s +p99 [\d.]+(ns|us|ms|s)$/.test("
                           "document.querySelector('g.edge[data-role=stock] text').textContent)")
        self.page.wait_for("document.querySelectorAll('#curve canvas').length === 1")
        self.assertNotIn("token", self.page.value("location.href"))
        paint = self.page.value(
            "performance.getEntriesByName('first-contentful-paint')[0].startTime")
        print(f"first paint after {paint:.0f} ms", file=sys.stderr)
        self.assertEqual(self.page.complaints, [])

    def test_a_stopped_service_is_marked_and_so_is_who_waits_for_it(self):
        self.open()
        self.page.wait_for("document.querySelectorAll('#curve canvas').length === 1")
        self.page.wait_for("performance.getEntriesByType('resource')"
                           ".filter((one) => one.name.endsWith('/data')).length > 8")
        self.stop("stock")
        self.page.wait_for(node("stock") + ".classList.contains('bad')")
        self.assertIn("stopped", self.page.value(node("stock") + ".textContent"))
        self.assertIn("kill -CONT", self.page.value(node("stock") + ".getAttribute('aria-label')"))
        self.page.wait_for("document.querySelector('g.edge[data-role=stock]')"
                           ".classList.contains('bad')")
        self.page.wait_for("document.querySelector('#stuck-list').innerText"
                           ".includes('orders waits for stock (jackfield.shop.Stock/')")
        for theme in ("dark", "light"):
            self.page.prefer(prefers_color_scheme=theme, prefers_reduced_motion="reduce")
            self.page.wait_for(f"matchMedia('(prefers-color-scheme: {theme})').matches")
            self.assertEqual(self.page.value(PALE), [], theme)
            self.page.screenshot(PICTURES / f"ui-{theme}.png")
        self.go_on("stock")
        self.page.wait_for("!" + node("stock") + ".classList.contains('bad')")
        self.page.wait_for("document.querySelector('#stuck').hidden")
        self.assertEqual(self.page.complaints, [])

    def test_all_can_be_done_with_the_keyboard(self):
        self.open()
        seen = []
        for _ in range(40):
            self.page.press("Tab", 9)
            seen.append(self.page.value("document.activeElement.dataset.service ?? "
                                        "document.activeElement.id"))
            if seen[-1] == "orders":
                break
        self.assertEqual(seen[-1], "orders", seen)
        self.assertIn("pause", seen)
        self.page.press("Enter", 13)
        self.page.wait_for("document.querySelectorAll('#calls-table tbody tr').length > 0")
        self.page.wait_for("document.activeElement.id === 'calls-title'")
        self.assertEqual(self.page.value("document.activeElement.innerText"), "Calls of orders")
        self.page.wait_for("(document.querySelector('#calls-again').click(), "
                           "document.querySelector('#calls-table').innerText.includes('Reserve'))")
        self.page.screenshot(PICTURES / "ui-calls.png")
        self.assertEqual(self.page.complaints, [])

    def test_without_its_token_nothing_is_shown(self):
        place = self.url.split("?")[0]
        for url in (place, place + "?token=" + "0" * 32, place + "data", place + "page.js",
                    place + "metrics"):
            with self.assertRaises(urllib.error.HTTPError) as refused:
                urllib.request.urlopen(url)
            self.assertEqual(refused.exception.code, 401, url)
            refused.exception.close()
        self.page.open(place)
        self.assertIn("needs the token of the address that jackfield ui has printed",
                      self.page.value("document.body.innerText"))

    def test_a_wiring_that_has_gone_is_said(self):
        self.open()
        self.shop.demo.end(signal.SIGINT)
        trouble = "document.querySelector('#trouble')"
        self.page.wait_for(f"!{trouble}.hidden && "
                           f"{trouble}.innerText.includes('shop is not up: it ended')")
        self.assertEqual(self.page.complaints, [])

    def test_a_program_that_has_gone_is_said(self):
        self.open()
        self.assertEqual(self.ui.end(), 130)
        trouble = "document.querySelector('#trouble')"
        self.page.wait_for(f"{trouble}.innerText.includes('jackfield ui does not answer')")


if __name__ == "__main__":
    PROGRAM = sys.argv.pop(1)
    unittest.main(verbosity=2)
