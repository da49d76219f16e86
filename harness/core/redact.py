"""Masking of secrets in messages, tracebacks, logs and records.

Secrets are the values of environment variables with a matching name (WANDB_API_KEY,
AWS_SECRET_ACCESS_KEY, HF_TOKEN, PGPASSWORD, ...), and passwords in URLs, in a variable or in the
text itself. Secrets of variables are also masked in percent-encoding.
"""

import os
import re
from functools import lru_cache
from urllib.parse import quote, quote_plus, unquote, unquote_plus

MASK = "***"
SHORTEST = 6  # characters; a shorter value would mask pieces of words
_NAMES = re.compile(
    r"(?:^|_)KEY(?:$|_)|APIKEY|TOKEN|SECRET|PASSW|PASSPHRASE|CREDENTIAL", re.IGNORECASE
)
_PLACES = re.compile(r"(FILE|PATH|DIR|CREDENTIALS)$", re.IGNORECASE)  # where a secret lies
# user:password@, up to the last @ of a word: a password may hold one that nobody has encoded
_USERINFO = re.compile(r"(://[^\s/:@'\"]*:)([^\s'\"]+)(?=@)")
_QUERY = re.compile(
    r"\b((?:ssl)?passw(?:or)?d|passphrase|secret|api_?key|(?:access_?)?token)"
    r"(=)('[^']+'|\"[^\"]+\"|[^\s&;,'\")]+)",
    re.IGNORECASE,
)


def redacted(text: str) -> str:
    """`text` with every secret masked: of the environment, and of URLs in it."""
    if not text:
        return text
    secrets = frozenset[str]().union(*(_secrets(*variable) for variable in os.environ.items()))
    for secret in sorted(secrets, key=len, reverse=True):
        text = text.replace(secret, MASK)
    text = _USERINFO.sub(rf"\1{MASK}", text)
    return _QUERY.sub(rf"\1\2{MASK}", text)


@lru_cache(maxsize=1024)
def _secrets(name: str, value: str) -> frozenset[str]:
    """The secrets in a variable: its whole value, or the passwords of a URL."""
    named = _NAMES.search(name) and not _PLACES.search(name) and len(value) >= SHORTEST
    secrets = {value} if named else set()
    if "://" in value:
        secrets |= {match.group(2) for match in _USERINFO.finditer(value)}
        secrets |= {match.group(3) for match in _QUERY.finditer(value)}
    return frozenset(form for secret in secrets for form in _forms(secret))


def _forms(secret: str) -> set[str]:
    """A secret as it is, percent-decoded and percent-encoded."""
    plain = {secret, unquote(secret), unquote_plus(secret)}
    return {*plain, *(quote(form, safe="") for form in plain), *map(quote_plus, plain)} - {"", MASK}
