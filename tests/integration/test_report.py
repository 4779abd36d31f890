# SPDX-License-Identifier: BSD-3-Clause
"""typosink report in a real browser: figures, style and what must not run, from events that a real
Unbound has written."""

import re
import shutil
import struct
import subprocess
import zlib

import pytest

from harness import Policy
from harness.unbound import command_path, missing

TYPOS = {"army.ml": 3, "navy.ml": 2, "af.ml": 1}


class Browser:
    def __init__(self, folder):
        self.path = shutil.which("chromium")
        if not self.path:
            missing("no chromium (package chromium)")
        self.folder = folder

    def _run(self, *args):
        done = subprocess.run(
            [self.path, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars",
             "--disable-dev-shm-usage", f"--user-data-dir={self.folder}/profile", *args],
            capture_output=True, timeout=120, check=False, env={"HOME": str(self.folder),
                                                               "PATH": "/usr/bin:/bin"})
        assert done.returncode == 0, done.stderr.decode(errors="replace")
        return done.stdout

    def dom(self, page):
        """The document as the browser has built it."""
        return self._run("--dump-dom", page.as_uri()).decode()

    def corner(self, page, dark=False):
        """Colour of the page's upper left corner, and how many colours there are."""
        picture = self.folder / "picture.png"
        self._run(f"--screenshot={picture}", "--window-size=900,700",
                  f"--blink-settings=preferredColorScheme={0 if dark else 1}", page.as_uri())
        rows = list(pixels(picture.read_bytes()))
        return rows[0][0], len({pixel for row in rows for pixel in row})

    def printed(self, page):
        """The text of the page as it is printed."""
        paper = self.folder / "paper.pdf"
        self._run(f"--print-to-pdf={paper}", "--no-pdf-header-footer", page.as_uri())
        return paper.read_bytes()


def pixels(png):
    """Rows of (red, green, blue) of a picture with 8 bits a channel."""
    at, data, width, channels = 8, b"", 0, 0
    while at < len(png):
        size, kind = struct.unpack(">I4s", png[at:at + 8])
        body = png[at + 8:at + 8 + size]
        if kind == b"IHDR":
            width, depth, colour = struct.unpack(">I4xBB", body[:10])
            assert depth == 8
            channels = {2: 3, 6: 4}[colour]
        if kind == b"IDAT":
            data += body
        at += size + 12
    raw, stride = zlib.decompress(data), width * channels
    above = bytearray(stride)
    for start in range(0, len(raw), stride + 1):
        kind, row = raw[start], bytearray(raw[start + 1:start + 1 + stride])
        for i in range(stride):
            left = row[i - channels] if i >= channels else 0
            corner = above[i - channels] if i >= channels else 0
            guess = left + above[i] - corner
            paeth = min((abs(guess - left), 0, left), (abs(guess - above[i]), 1, above[i]),
                        (abs(guess - corner), 2, corner))[2]
            row[i] = (row[i] + (0, left, above[i], (left + above[i]) // 2, paeth)[kind]) & 255
        yield [tuple(row[i:i + 3]) for i in range(0, stride, channels)]
        above = row


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    return Browser(tmp_path_factory.mktemp("browser"))


@pytest.fixture(scope="module")
def page(world, browser, tmp_path_factory):
    """A report of what a resolver saw, one client of which asks for markup."""
    resolver = world.resolver(policy=Policy(), conf="alert-window: 0\n")
    for name, times in TYPOS.items():
        for i in range(times):
            resolver.ask(name, "MX", source=f"198.51.100.{i + 1}")
    resolver.ask("<script>document.title=0</script>.army.ml", "MX")
    resolver.alerts.wait_count(sum(TYPOS.values()) + 1)
    resolver.stop()
    made = tmp_path_factory.mktemp("page") / "report.html"
    subprocess.run([str(command_path()), "report", "-o", str(made), str(resolver.alerts.path)],
                   check=True)
    return made


def figure(dom, name):
    return int(re.search(rf'<data id="{name}" value="(\d+)"', dom).group(1))


def test_report__figures_in_the_browser(page, browser):
    dom = browser.dom(page)
    assert figure(dom, "lookups") == sum(TYPOS.values()) + 1
    assert figure(dom, "names") == len(TYPOS) + 1
    assert figure(dom, "client-count") == 4
    assert figure(dom, "missing") == 0
    assert "Nothing, as far as these files can tell." in dom
    rows = re.findall(r'<th scope="row"><bdi class="name">([^<]*)</bdi></th>.*?<data value="(\d+)"',
                      dom.partition('<section id="typos"')[2].partition("</section>")[0], re.S)
    assert {name: int(count) for name, count in rows if name in TYPOS} == TYPOS


def test_report__markup_in_a_name_stays_a_name(page, browser):
    dom = browser.dom(page)
    assert "<script" not in dom
    assert "&lt;script&gt;document.title=0&lt;/script&gt;" in dom
    assert "<title>Mistyped names</title>" in dom


def test_report__light_and_dark(page, browser):
    light, colours = browser.corner(page)
    assert light == (0xf6, 0xf5, 0xf2) and colours > 20
    dark, colours = browser.corner(page, dark=True)
    assert dark == (0x14, 0x18, 0x1c) and colours > 20


def test_report__another_style_or_a_script_does_not_apply(page, browser, tmp_path):
    """The policy in the head is what would hold if a name did become markup."""
    broken = tmp_path / "broken.html"
    source = page.read_text(encoding="utf-8")
    broken.write_text(source.replace("--page:#f6f5f2", "--page:#123456"), encoding="utf-8")
    assert browser.corner(broken)[0] == (255, 255, 255)
    script = "<script>document.title='run'</script>"
    broken.write_text(source.replace("</main>", script + "</main>"), encoding="utf-8")
    assert "<title>Mistyped names</title>" in browser.dom(broken)
    # And without the policy it would run: the test sees what it looks for.
    broken.write_text(re.sub(r"<meta http-equiv[^>]*>", "", source).replace(
        "</main>", script + "</main>"), encoding="utf-8")
    assert "<title>run</title>" in browser.dom(broken)


def test_report__prints(page, browser):
    paper = browser.printed(page)
    assert paper.startswith(b"%PDF-")
    assert 1 <= len(re.findall(rb"/Type\s*/Page\b", paper)) <= 4
