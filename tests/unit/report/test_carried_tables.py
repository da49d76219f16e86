"""A page holds its tables, but for those that would make it large."""

import base64
import gzip
import json
import re

from harness.report import html
from harness.report.html import Front, render_html

FRONT = Front("a-run", "A run", "Q?", [], [])
TABLES = {"tables/large.csv": "a\n" * 600, "tables/one.csv": "b\n", "tables/two.csv": "c\n" * 90}


def held(page):
    (packed,) = re.findall(r'id="packed-tables"[^>]*>([^<]*)<', page)
    return json.loads(gzip.decompress(base64.b64decode(packed)))


def test_all_where_there_is_room():
    page = render_html(FRONT, [], TABLES)
    assert held(page) == TABLES
    assert "for their size" not in page


def test_the_largest_stay_in_the_folder(monkeypatch):
    monkeypatch.setattr(html, "ROOM", 1000)
    page = render_html(FRONT, [], TABLES)
    assert list(held(page)) == ["tables/one.csv", "tables/two.csv"]
    assert 'data-paths="tables/one.csv tables/two.csv"' in page
    assert "In the folder alone, for their size: tables/large.csv." in page
    assert 'data-path="tables/large.csv"' not in page
