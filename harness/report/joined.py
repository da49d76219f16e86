"""Words that stay on one line of a page: number and unit, sides of a sign, names with a number.

Such words stand in an element that does not wrap, so they are copied, found and filtered as the
text that they are. Nothing else of a page changes, and a notebook is one, too.
"""

import re

UNITS = ("px", "kimg", "images/s", "s", "min", "h", "d", "B", "kB", "MB", "GB", "%")
LONGEST = 20  # characters: half of the width of a phone holds them
_LESS, _MORE = "&lt;", "&gt;"  # a page's text is escaped
_AS_ONE = "\0"  # in place of a space, while words are joined
_SPACES = re.compile(
    "|".join(
        (
            "(?<=[±=×≈≤≥→−]) (?=[^ ])",
            f"(?<={_LESS}) | (?={_LESS} )|(?<={_MORE}) (?=[+−\\d])",
            "(?<=[^ ]) (?=[=≈≤≥] )",
            "(?<=\\d) (?=[±×] )|(?<=KID) (?=× )",
            f"(?<=[\\d\\])]) (?=(?:{'|'.join(UNITS)})(?!\\w))",
            "(?<=\\d [hd]) (?=\\d)",  # 2 h 05 min
            "(?<=10³) (?=[−+\\d])",
            "(?<=\\b[pQn]) (?=\\d)|(?<=I²) (?=\\d)",
        )
    )
)
_INTERVAL = re.compile("(\\[[^\\s\\[\\],]+,) ([^\\s\\[\\],]+\\])")
# CIFAR-10, Fashion-MNIST, t-interval
_HYPHENS = re.compile("(?<![\\w-])(?:[A-Z]\\w*-(?=[A-Z\\d])|\\w-(?=\\w))")
_PIECES = re.compile("<(script|style|svg|pre|code|title)\\b.*?</\\1>|<[^>]*>|[^<]+", re.DOTALL)
_WORDS = re.compile("[^ \\t\\n]+")


def join(page: str) -> str:
    """HTML with an element around all that stays on one line; code and figures as they are."""
    return _PIECES.sub(lambda piece: piece[0] if piece[0][0] == "<" else _joined(piece[0]), page)


def unparted(text: str) -> str:
    """Text for an attribute, which holds no element, with spaces that do not break."""
    return _marked(text).replace(_AS_ONE, "\u00a0")


def _marked(text: str) -> str:
    return _INTERVAL.sub(f"\\1{_AS_ONE}\\2", _SPACES.sub(_AS_ONE, text))


def _joined(text: str) -> str:
    return _WORDS.sub(_word, _marked(text)).replace(_AS_ONE, " ")


def _word(word: re.Match[str]) -> str:
    text = word[0]
    shown = text.replace(_LESS, "<").replace(_MORE, ">")
    parted = _AS_ONE in text or _HYPHENS.search(text)
    return f'<span class="whole">{text}</span>' if parted and len(shown) <= LONGEST else text
