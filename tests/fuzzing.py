"""Odd input, made from a seed: study files that are valid but for a few places, and `--set`.

A case is a document with some of its parts exchanged, so that many pass the first checks and are
planned whole. Strings that begin with `RAW` are written as they are, as YAML that no document has.
"""

import copy
import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from harness.config import catalog
from harness.config.patch import DEFAULTS, KNOBS, NOT_PATCHED, check_value
from harness.config.trial import TrialConfig
from harness.config.trial.base import OneOf
from harness.core.errors import HarnessError
from harness.heuristics import HEURISTICS, Tip

RAW = "\0raw "
STUDIES = Path(__file__).parents[1] / "studies"
TIPS = sorted(name for name in HEURISTICS if isinstance(HEURISTICS[name], Tip))
FREE = tuple(knob for knob in KNOBS if knob not in NOT_PATCHED)
NAMES = {
    "data.name": ("digits", "cifar10", "mnist", "folder", "tfds:cars"),
    "loss.name": tuple(catalog.LOSSES),
    "evaluation.protocol": tuple(catalog.PROTOCOLS),
    "evaluation.encoder": tuple(catalog.ENCODERS),
    "labels.conditioning": ("none", *catalog.CONDITIONINGS),
    "optimizer.generator.name": tuple(catalog.OPTIMIZERS),
    "optimizer.discriminator.name": tuple(catalog.OPTIMIZERS),
}
TYPICAL = {
    int: (0, 1, 2, 3, 4, 8, 16, 32, 64, 100, 128, 1000),
    float: (0.0, 1e-5, 2e-4, 0.01, 0.1, 0.5, 0.9, 0.99, 1.0, 2.0, 10.0, 100),
    bool: (True, False),
}
ODD_NUMBERS = (-1, 0, 0.0, -0.0, 1.5, 1e-320, 1e308, 2**31, 2**53, 2**63, 10**30, -(10**18))
ODD = (
    None, True, "", " ", "x", "on", "none", "1", "é", "a\nb", "../x", "/dev/zero", "~", "%s{}",
    [], {}, [[]], [1, "a", None], {"a": 1}, {"times": 2}, {"times": None}, {"times": "2"},
    {"times": 1e308}, {"times": -1}, {"times": 0}, {"times": 1e-320}, {"times": True},
    {"of": "generator.width", "times": 2}, {"of": "no.knob", "times": 1}, {"of": [], "times": 1},
    {"of": "training.epochs", "times": 2}, {"of": "data.name", "times": 2}, {"times": [1]},
    {"times": {"times": 2}}, {"": 1}, *ODD_NUMBERS,
    "word " * 25_000, "w" * 300, ["x" * 5000] * 20, "a/b" * 400, {"k" * 5000: 1},
    *(RAW + text for text in (
        ".nan", ".inf", "-.inf", "1e400", "9" * 5000, "0x" + "f" * 5000, "2020-01-01", "2020-99-99",
        "!!python/object/apply:os.system [ls]", "!!binary aGVsbG8=", "!!int x", "!!bool x", "0x_",
        "!!set {a, b}", "!!omap [a: 1]", "!foo bar", "!!str 5", "=", "{[1]: 2}", "{{a: 1}: 2}",
        "{null: 1}", "{1: a, '1': b}", "{a: 1, a: 2}", "&x [*x]", "&x {a: *x}", "*none", "<<",
        "{<<: 3}", "[" * 3000, "[" * 40 + "]" * 40, "{a: " * 60 + "1" + "}" * 60, "'", "|\n", "%",
        "&b [&c [1, 1, 1, 1], *c, *c]", "@", "{0x" + "f" * 5000 + ": 1}", "? [a]\n",
    )),
)  # fmt: skip


class Fuzzer:
    """Cases from one seed."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)

    def study(self) -> str:
        """The text of a study file."""
        base = self.valid() if self.random.random() < 0.5 else self.shipped()
        for _ in range(self.random.choice((0, 0, 1, 1, 1, 2))):
            self.random.choice(CHANGES)(self, base)
        return self.torn(written(base))

    def shipped(self) -> dict[str, Any]:
        """One that is shipped, on data that is here and with a budget that says its length."""
        path = self.random.choice(sorted(STUDIES.glob("*.yaml")))
        study: dict[str, Any] = YAML(typ="safe", pure=True).load(path.read_text())
        return study

    def valid(self) -> dict[str, Any]:
        """One that is generated: knobs of their own types, tips, factors, any design."""
        pick = self.random
        study: dict[str, Any] = {
            "title": "T",
            "question": "Q?",
            "baseline": {"data.name": "digits", "data.image_size": pick.choice((16, 32))},
            "heuristics": pick.sample(TIPS, pick.randrange(0, 4)),
            "design": pick.choice(sorted(catalog.DESIGNS)),
            "seeds": pick.choice((1, 2, 6, [0, 3], [7])),
        }
        study["factors"] = {
            knob: [self.value(knob) for _ in range(pick.randrange(1, 4))]
            for knob in pick.sample(FREE, pick.randrange(0, 3))
        }
        if study["design"] == "search":
            study |= {"seeds": 1, "search": {"trials": 5, "space": self.space()}}
        if pick.random() < 0.2:
            values = {"training.ema": [0.5, 0.9]}
            study["tune"] = {"values": values, "seeds": [100, 101]}
        if pick.random() < 0.3:
            study["profiles"] = {"p": {"patch": self.patch(), "seeds": pick.choice((2, [5]))}}
        return study

    def value(self, knob: str) -> Any:
        """A value of the knob's type, mostly within its bounds."""
        for _ in range(8):
            value = self._value(knob)
            try:
                check_value(knob, value)
            except HarnessError:
                if self.random.random() < 0.05:
                    break
            else:
                break
        return value

    def _value(self, knob: str) -> Any:
        if knob in NAMES:
            return self.random.choice(NAMES[knob])
        words = _words(knob)
        if words:
            return self.random.choice(words)
        default = DEFAULTS[knob]
        if isinstance(default, bool | int | float):
            return self.random.choice((default, *TYPICAL[type(default)]))
        return self.random.choice((default, 8, 16, 0.5, None))

    def patch(self) -> dict[str, Any]:
        knobs = self.random.sample(FREE, self.random.randrange(1, 3))
        return {knob: self.value(knob) for knob in knobs}

    def space(self) -> dict[str, Any]:
        ranges = {
            "optimizer.generator.learning_rate": {"low": 1e-5, "high": 1e-3, "log": True},
            "generator.width": {"low": 16, "high": 48, "step": 16},
            "loss.name": {"choices": ["hinge", "non_saturating"]},
        }
        return {name: ranges[name] for name in self.random.sample(sorted(ranges), 2)}

    def odd(self) -> Any:
        return copy.deepcopy(self.random.choice(ODD))

    def place(self, study: dict[str, Any]) -> tuple[Any, Any]:
        """A mapping or list anywhere in the study, and one of its keys."""
        found: list[tuple[Any, Any]] = []

        def walk(node: Any) -> None:
            keys = list(node) if isinstance(node, dict) else range(len(node))
            for key in keys:
                found.append((node, key))
                if isinstance(node[key], dict | list):
                    walk(node[key])

        walk(study)
        return self.random.choice(found) if found else (study, "title")

    def torn(self, text: str) -> str:
        """Rarely, the text with a piece gone or a character more."""
        if self.random.random() > 0.05:
            return text
        at = self.random.randrange(len(text))
        more = self.random.choice(("", "\t", "\0", "\ufeff", "\x85", "\n---\n", "'", "&", ": "))
        return text[:at] + more + text[at + self.random.randrange(20) :]

    def setting(self) -> str:
        """What is given to `--set`: a knob and a value of its type, a relation, or an odd one."""
        knob = self.random.choice((*KNOBS, "training.epochs"))
        kind = self.random.random()
        if kind < 0.35 and knob in DEFAULTS:
            value = self.value(knob)
        elif kind < 0.55:
            factor = self.random.choice((*TYPICAL[float], *ODD_NUMBERS))
            value = {"times": factor}
            if self.random.random() < 0.5:
                value["of"] = self.random.choice(KNOBS)
        else:
            value = self.odd()
        text = written(value)
        if self.random.random() < 0.05:
            knob = self.random.choice(("", "seed", "x" * 9000, "=", f"{knob}.x", "data", "é"))
        return f"{knob}={text}" if self.random.random() < 0.97 else text


def _words(knob: str) -> tuple[str, ...]:
    model: Any = TrialConfig
    *sections, leaf = knob.split(".")
    for name in sections:
        model = model.model_fields[name].annotation
    field = model.model_fields[leaf]
    choices = [*getattr(field.annotation, "__args__", ())]
    choices += [name for item in field.metadata if isinstance(item, OneOf) for name in item.names]
    return tuple(choice for choice in choices if isinstance(choice, str))


def _replace(fuzzer: Fuzzer, study: dict[str, Any]) -> None:
    node, key = fuzzer.place(study)
    node[key] = fuzzer.odd()


def _delete(fuzzer: Fuzzer, study: dict[str, Any]) -> None:
    node, key = fuzzer.place(study)
    del node[key]


def _rename(fuzzer: Fuzzer, study: dict[str, Any]) -> None:
    node, key = fuzzer.place(study)
    if isinstance(node, dict):
        odd = fuzzer.random.choice(("", "x", "../x", "a b", "k" * 5000, f"{key}x", "p", "é\n", "-"))
        node[odd] = node.pop(key)


def _patch(fuzzer: Fuzzer, study: dict[str, Any]) -> None:
    if isinstance(study.get("baseline"), dict):
        study["baseline"].update(fuzzer.patch())


def _relate(fuzzer: Fuzzer, study: dict[str, Any]) -> None:
    if isinstance(study.get("baseline"), dict):
        times = fuzzer.random.choice((*TYPICAL[float], *ODD_NUMBERS))
        study["baseline"][fuzzer.random.choice(FREE)] = {"times": times}


def _exchange(fuzzer: Fuzzer, study: dict[str, Any]) -> None:
    """A part of another valid study."""
    other = fuzzer.valid()
    key = fuzzer.random.choice(sorted(other))
    study[key] = other[key]


def _judge(fuzzer: Fuzzer, study: dict[str, Any]) -> None:
    pick = fuzzer.random
    study |= {
        "objective": pick.choice(("final", "best", "area", "time_to_threshold")),
        "threshold": pick.choice((None, 0.1, 0, -1, 1e308)),
        "alpha": pick.choice((0.05, 0, 0.5, 1e-300)),
        "equivalence": pick.choice((0.05, 1, 1e-300)),
    }


def _count(fuzzer: Fuzzer, study: dict[str, Any]) -> None:
    odd = (
        10**9,
        2**62,
        0,
        -1,
        1000,
        [2**31],
        [-1],
        [1, 1],
        [2**31 - 1],
        [1.0],
        ["1"],
        True,
        [True],
    )
    study["seeds"] = fuzzer.random.choice((*odd, list(range(1500))))


CHANGES: tuple[Callable[[Fuzzer, dict[str, Any]], None], ...] = (
    _replace, _replace, _replace, _delete, _rename, _patch, _relate, _exchange, _judge, _count,
)  # fmt: skip


def written(value: Any) -> str:
    """YAML in one line, as JSON is, but for what is raw."""
    if isinstance(value, dict):
        inside = ", ".join(f"{json.dumps(str(k))}: {written(v)}" for k, v in value.items())
        return f"{{{inside}}}"
    if isinstance(value, list):
        return f"[{', '.join(written(item) for item in value)}]"
    if isinstance(value, str) and value.startswith(RAW):
        return value.removeprefix(RAW)
    return json.dumps(value)
