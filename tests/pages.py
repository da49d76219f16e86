"""What a page says, for tests that look for its sentences."""

import re

WHOLE = re.compile('<span class="whole">(.*?)</span>')


def read_page(path):
    """The HTML of a page, without the elements that keep words on one line."""
    return WHOLE.sub(r"\1", path.read_text("utf-8"))
