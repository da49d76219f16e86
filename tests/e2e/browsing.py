"""A headless browser, for tests of pages: what it shows, complains of, and prints."""

import json
import re
import shutil
import subprocess
from html import unescape
from typing import NamedTuple

import numpy as np
from PIL import Image

NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
BINARY = next(filter(None, map(shutil.which, NAMES)), None)
FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--hide-scrollbars"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
    *("--disable-quic", "--host-resolver-rules=MAP * 0.0.0.0", "--enable-logging=stderr"),
)
FRAME = """<body style="margin: 0">
<iframe src="{page}" style="border: 0; width: {width}px; height: {height}px"></iframe>
<script>onload = async () => {{
  const window = document.querySelector("iframe").contentWindow;
  const page = window.document;
  const found = await (async () => {{ {script} }})();
  document.body.textContent = "fo" + "und" + JSON.stringify(found) + "end";
}}</script>"""
# a name for each block: its place, its kind, and its table; names that are linked to are in a PDF
NAMED = """<script>
const tables = [...document.querySelectorAll("table")];
document.querySelectorAll("h2, h3, summary, caption, thead, tbody tr, p, dt, .strip, figure, pre")
  .forEach((block, place) => {
    const link = document.createElement("a");
    const hidden = document.createElement("div");
    block.id = `at-${place}-${block.localName}-${tables.indexOf(block.closest("table")) + 1}`;
    link.href = `#${block.id}`;
    hidden.hidden = true;
    hidden.append(link);
    document.body.append(hidden);
  });
</script></body>"""
POLICY = re.compile(r'<meta http-equiv="Content-Security-Policy"[^>]*>')


class Landed(NamedTuple):
    """A block of a page on paper: its place in the page, kind, table (0: none) and sheet."""

    place: int
    kind: str
    table: int
    sheet: int


class Browser:
    """A headless browser with a profile of its own."""

    def __init__(self, profile):
        self.profile = profile

    def run(self, page, *flags):
        command = [BINARY, *FLAGS, f"--user-data-dir={self.profile}", *flags, page.as_uri()]
        return subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)

    def complaints(self, page):
        """What the page itself made the browser say: refused requests, errors."""
        lines = self.run(page, "--dump-dom").stderr.splitlines()
        return [line for line in lines if "CONSOLE" in line]

    def dom(self, page):
        return self.run(page, "--dump-dom").stdout

    def ask(self, page, script, width=1280, height=900, refused=False, flags=()):
        """What a script finds in a page of that width; `refused`: the page's own script is."""
        frame = page.with_name("frame.html")
        text = FRAME.format(page=page.name, width=width, height=height, script=script)
        frame.write_text(text, "utf-8")
        more = ("--allow-file-access-from-files", "--virtual-time-budget=20000", *flags)
        run = self.run(frame, *more, "--dump-dom")
        frame.unlink()
        assert ("CONSOLE" in run.stderr) == refused, run.stderr
        return json.loads(unescape(re.search(r"found(.*)end", run.stdout)[1]))

    def screenshot(self, page, path, *flags):
        self.run(page, f"--screenshot={path}", "--window-size=1280,900", *flags)
        with Image.open(path) as image:
            return np.asarray(image.convert("RGB"))

    def printed(self, page, css=""):
        """Blocks of a page in their order, with the sheets on which they land; further `css`."""
        copy, pdf = page.with_name("print.html"), page.with_name("print.pdf")
        text = POLICY.sub("", page.read_text("utf-8")).replace("</body>", NAMED)
        copy.write_text(text.replace("</style>", f"{css}</style>", 1), "utf-8")
        self.run(copy, "--no-pdf-header-footer", f"--print-to-pdf={pdf}")
        written = pdf.read_bytes()
        copy.unlink()
        pdf.unlink()
        root = re.search(rb"/Type /Catalog\s+/Pages (\d+) 0 R", written)[1]
        sheets = {sheet: number for number, sheet in enumerate(_sheets(written, root), 1)}
        named = rb"/at-(\d+)-(\w+)-(\d+) \[(\d+) 0 R /XYZ"
        return sorted(
            Landed(int(place), kind.decode(), int(table), sheets[sheet])
            for place, kind, table, sheet in re.findall(named, written)
        )


def _sheets(written, node):
    """The objects of the pages of a PDF, in their order."""
    (about,) = re.findall(rb"\n%s 0 obj\s(.*?)endobj" % node, written, re.DOTALL)
    kids = re.search(rb"/Kids \[(.*?)\]", about, re.DOTALL)
    if not kids:
        return [node]
    return [one for kid in re.findall(rb"(\d+) 0 R", kids[1]) for one in _sheets(written, kid)]
