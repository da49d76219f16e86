"""Tips from outside: the file that a study names, and tips of plug-ins, with their checks."""

import hashlib
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, get_args

from harness.config.load import Document, read_yaml
from harness.config.patch import check_value
from harness.config.plugged import typed
from harness.core.errors import HarnessError, shown, unknown
from harness.core.plugins import NAME, Plugin
from harness.heuristics.schema import Claim, Effect, Of, Tip
from harness.heuristics.sources import CITED, SOURCES
from harness.heuristics.topics import BY_ID

Where = Callable[..., str]  # keys → file and line
_TEXTS = ("title", "statement", "literature", "needs", "limits")
_NEEDED = ("title", "statement", "claims", "following", "ignoring")
_CLAIM = ("source", "effect", "gist", "condition", "of")
_SOURCE = ("author", "year", "title", "link")


def read_tips(file: Path) -> list[Plugin]:
    """The tips and sources of a file; every mistake names its line and the nearest word."""
    document = read_yaml(file)
    digest = hashlib.sha256(file.read_bytes()).hexdigest()[:16]
    for key in document.data:
        if key not in ("sources", "tips"):
            where = document.where(key)
            raise HarnessError(f"{where}: {unknown('key', key, ('sources', 'tips'))}")
    sources = {name: _source(document, name) for name in _mapping(document, "sources")}
    tips = {name: _tip(document, name, sources) for name in _mapping(document, "tips")}
    if not tips:
        raise HarnessError(f"{file}: holds no tip: give some under the key `tips`")
    return [
        *(Plugin("sources", name, text, str(file), digest) for name, text in sources.items()),
        *(Plugin("tips", name, tip, str(file), digest) for name, tip in tips.items()),
    ]


def _mapping(document: Document, *place: str) -> Mapping[str, Any]:
    value: Any = document.data
    for key in place:
        value = value.get(key, {})
    if not isinstance(value, Mapping):
        raise HarnessError(f"{document.where(*place)}: {place[-1]} must map names to values")
    return value


def _known(
    document: Document, place: tuple[str | int, ...], keys: Iterable[str], known: Any
) -> None:
    for key in keys:
        if key not in known:
            raise HarnessError(f"{document.where(*place, key)}: {unknown('key', key, known)}")


def _source(document: Document, name: str) -> str:
    """A source as a line: who, when, what, where."""
    where = document.where("sources", name)
    if name in SOURCES:
        raise HarnessError(f"{where}: the harness has a source {name}: choose another name")
    values = document.data["sources"][name]
    if isinstance(values, str):
        return values
    values = _mapping(document, "sources", name)
    _known(document, ("sources", name), values, _SOURCE)
    parts = [str(values[key]) for key in _SOURCE if values.get(key)]
    if not parts:
        raise HarnessError(f"{where}: a source has {', '.join(_SOURCE)}, or is a line of text")
    return ", ".join(parts)


def _tip(document: Document, name: str, sources: Mapping[str, str]) -> Tip:
    place, values = ("tips", name), _mapping(document, "tips", name)
    where = document.where(*place)
    if not NAME.fullmatch(name):
        raise HarnessError(
            f"{where}: {shown(name)}: an id is made of letters, digits and _, a letter first"
        )
    _known(document, place, values, (*_TEXTS, *_NEEDED))
    for key in _NEEDED:
        if not values.get(key):
            raise HarnessError(f"{where}: the key {key!r} is missing")
    for key in _TEXTS:
        if not isinstance(values.get(key, ""), str):
            raise HarnessError(f"{document.where(*place, key)}: {key} must be text")
    claims = values["claims"]
    if not isinstance(claims, list):
        raise HarnessError(f"{document.where(*place, 'claims')}: claims must be a list")
    tip = Tip(
        id=name,
        claims=tuple(_claim(document, name, index) for index in range(len(claims))),
        following=_mapping(document, *place, "following"),
        ignoring=_mapping(document, *place, "ignoring"),
        **{"literature": "", **{key: values[key] for key in _TEXTS if key in values}},
    )
    check_tip(tip, lambda *path: document.where(*place, *path), sources)
    return tip


def _claim(document: Document, name: str, index: int) -> Claim:
    place = ("tips", name, "claims", index)
    values = document.data["tips"][name]["claims"][index]
    where = document.where(*place)
    if not isinstance(values, Mapping) or not {"source", "effect"} <= values.keys():
        raise HarnessError(
            f"{where}: a claim has source and effect, and may have gist, of, condition"
        )
    _known(document, place, values, _CLAIM)
    fields: dict[str, Any] = {"gist": "", **{key: str(value) for key, value in values.items()}}
    return Claim(**fields)


def check_tip(tip: Tip, where: Where, sources: Collection[str] = ()) -> None:
    """Raise an error where a tip from outside is not one; `sources` are those of the same file."""
    if tip.id in BY_ID:
        raise HarnessError(f"{where()}: the harness has a heuristic {tip.id}: choose another id")
    for index, claim in enumerate(tip.claims):
        # packages are asked only for a source that nobody else has
        known_source = claim.source in sources or claim.source in CITED
        cited = [claim.source] if known_source else [*sources, *CITED.names()]
        words = (("source", cited), ("effect", get_args(Effect)), ("of", get_args(Of)))
        for key, known in words:
            if (given := getattr(claim, key)) not in known:
                raise HarnessError(f"{where('claims', index, key)}: {unknown(key, given, known)}")
    _check_sides(tip, where)


def _check_sides(tip: Tip, where: Where) -> None:
    for knob, value, side in _settings(tip):
        try:
            check_value(knob, value)
        except HarnessError as error:
            raise HarnessError(f"{where(side, knob)}: {error}") from None
    if tip.following.keys() != tip.ignoring.keys():
        knob = min(tip.following.keys() ^ tip.ignoring.keys())
        raise HarnessError(f"{where('following')}: {knob} is set by one side alone")
    if tip.following == tip.ignoring:
        raise HarnessError(f"{where('following')}: following and ignoring set the same")


def _settings(tip: Tip) -> Iterator[tuple[str, Any, str]]:
    for side in ("following", "ignoring"):
        for knob, value in getattr(tip, side).items():
            yield knob, value, side


def adopt(plugin: Plugin) -> Tip:
    """The tip that a plug-in gives, checked."""
    tip = typed(plugin, Tip)
    if tip.id != plugin.name:
        raise HarnessError(f"{plugin.place}: the tip calls itself {tip.id}")
    check_tip(tip, lambda *place: ".".join(map(str, (plugin.place, *place))))
    return tip


def check_plugins(plugins: Iterable[Plugin]) -> None:
    """Raise an error where a tip or source that a module gives is none, or has a name of ours."""
    for plugin in plugins:
        if plugin.group == "sources" and plugin.name in SOURCES:
            raise HarnessError(f"{plugin.place}: the harness has a source of that name")
        if plugin.group == "sources" and not isinstance(plugin.value, str):
            raise HarnessError(f"{plugin.place}: must be text (given: {shown(plugin.value)})")
        if plugin.group == "tips":
            adopt(plugin)
