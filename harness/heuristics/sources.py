"""The sources of the advice: who wrote it, when, and where it is published."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from harness.core.registry import Registry


@dataclass(frozen=True)
class Source:
    """A document; what is empty is not known."""

    title: str
    author: str = ""
    year: str = ""
    place: str = ""  # where it is published
    link: str = ""

    @property
    def short(self) -> str:
        """For its first mention in a text: author and year, or its title."""
        return f"{self.author} {self.year}".strip() if self.author else self.title

    @property
    def full(self) -> str:
        """Everything that is known, and what is not."""
        known = (self.author, self.title, self.place, self.year)
        unknown = [name for name in ("author", "year") if not getattr(self, name)]
        lacking = f"{' and '.join(unknown)} unknown" if unknown else ""
        return ", ".join(filter(None, (*known, lacking, self.link)))


SOURCES: Mapping[str, Source] = {
    "S0": Source(
        title="Data-efficient GANs with Adaptive Discriminator Augmentation",
        author="A. Béres",
        year="2021",
        place="Keras example",
        link="https://keras.io/examples/generative/gan_ada/",
    ),
    "S1": Source(
        title="Tips for Training Stable Generative Adversarial Networks",
        author="J. Brownlee",
        year="2019",
        place="Machine Learning Mastery",
        link="https://machinelearningmastery.com/how-to-train-stable-generative-adversarial-networks/",
    ),
    "S2": Source(
        title="GAN: Ways to improve GAN performance",
        author="J. Hui",
        year="2018",
        place="Towards Data Science",
        link="https://towardsdatascience.com/gan-ways-to-improve-gan-performance-acf37f9f59b",
    ),
    "S3": Source(
        title="Making GANs train",
        place="notes on Pix2Pix",
        link="https://theshank.gitbook.io/ai/deep-learning/untitled",
    ),
    "S4": Source(
        title="Beating the GAN Game",
        place="Artificial Intelligence on Medium",
        link="https://mc.ai/beating-the-gan-game/",
    ),
}
CITED: Registry[str] = Registry(
    "source",
    {name: source.full for name, source in SOURCES.items()},
    "sources",
    lambda plugin: str(plugin.value),
)
"""The sources that claims may cite: ours, and those that come with tips from outside."""


def mentioned(text: str) -> list[str]:
    """The sources of the harness that a text names, in the order of their first mention."""
    return list(dict.fromkeys(name for name in re.findall(r"\b\w+\b", text) if name in SOURCES))


def introduced(text: str, known: Iterable[str] = ()) -> str:
    """The text with each source explained where it is first named; `known` are explained before.

    Of "S0's recipe" the explanation follows the genitive.
    """
    for name in mentioned(text):
        if name not in known:
            text = re.sub(rf"\b({name}\b(?:'s)?)", rf"\1 ({SOURCES[name].short})", text, count=1)
    return text


_INTRODUCED = re.compile(
    "|".join(
        rf"(?<=\b{name} \(){re.escape(source.short)}(?=\))"
        rf"|(?<=\b{name}'s \(){re.escape(source.short)}(?=\))"
        for name, source in SOURCES.items()
    )
)
_LINKS = {source.short: source.link for source in SOURCES.values()}


def addressed(text: str) -> list[tuple[str, str]]:
    """A text in pieces, each with its address: what `introduced` wrote of a source has the
    source's, all else none.
    """
    pieces, start = [], 0
    for hit in _INTRODUCED.finditer(text):
        pieces += [(text[start : hit.start()], ""), (hit[0], _LINKS[hit[0]])]
        start = hit.end()
    return [piece for piece in (*pieces, (text[start:], "")) if piece[0]]
