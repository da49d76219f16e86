"""A study file: question, tips, factors, baseline, seeds and profiles."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from harness.config.catalog import DESIGNS, OBJECTIVES, PROTOCOLS
from harness.config.further import Metrics, check_setting
from harness.config.load import Document, read_yaml
from harness.config.lookup import NAME, find_study
from harness.config.part import Levels, Part, check_seeds, count_seeds
from harness.config.patch import Patch, check_path, check_value
from harness.config.plugins import Module, activate, beside
from harness.config.search import Range, Search
from harness.config.sequential import EXCLUDED, Declared, Sequential
from harness.config.tune import Tune
from harness.core.errors import HarnessError, shown, unknown

PROFILE = re.compile(r"[A-Za-z0-9_-]{1,60}")
TIPS = re.compile(r"[A-Za-z0-9_-]{1,100}\.ya?ml")
MISTAKES = 10  # that one message lists
TIME = "time_to_threshold"  # the objective that needs a threshold, and is a time
Location = tuple[str | int, ...]


def _seeds(value: int | list[int]) -> int | list[int]:
    return count_seeds(value) if isinstance(value, int) else check_seeds(value)


def _profile_names(profiles: dict[str, Any]) -> dict[str, Any]:
    for name in profiles:
        if not PROFILE.fullmatch(name):  # it names folders
            raise HarnessError(
                f"the name of a profile consists of letters, digits, _ and - (given: {shown(name)})"
            )
    return profiles


def _beside(name: str) -> str:
    if not TIPS.fullmatch(name):
        raise HarnessError(
            f"{shown(name)} is no file of tips: give the name of a .yaml file next to the study"
        )
    return name


Seeds = Annotated[int | list[int], AfterValidator(_seeds)]
Protocol = Annotated[str, AfterValidator(PROTOCOLS.check)]


class Profile(Part):
    """A named budget of a study."""

    patch: dict[str, Any] = Field(default_factory=dict)
    seeds: Seeds | None = None
    sequential: Declared = None
    metric: Protocol | None = None
    evidence: bool = True  # false: it shows the path, and its report draws no conclusion
    note: str = ""


class Study(Part):
    """The content of a study file."""

    title: str
    question: str
    sources: list[str] = Field(default_factory=list)
    baseline: dict[str, Any] = Field(default_factory=dict)
    heuristics: list[str] = Field(default_factory=list)
    factors: dict[str, Levels] = Field(default_factory=dict)
    design: str = "ablation"
    recipe: list[str] = Field(default_factory=list)
    resolution: Literal[4, 5] | None = None  # of a fraction; None: Plackett and Burman's
    tune: Tune | None = None
    search: Search | None = None
    sequential: Declared = None
    seeds: Seeds = 8
    metric: Protocol | None = None
    metrics: Metrics = Field(default_factory=list)  # further ones, which judge nothing
    objective: Annotated[str, AfterValidator(OBJECTIVES.check)] = "final"
    threshold: float | None = Field(None, gt=0)  # a KID, of time_to_threshold
    equivalence: float = Field(0.05, gt=0, lt=1)
    alpha: float = Field(0.05, gt=0, lt=0.5)
    plugins: list[str] = Field(default_factory=list)  # modules next to the file
    tips: Annotated[str, AfterValidator(_beside)] | None = None  # a file of tips next to the file
    profiles: Annotated[dict[str, Profile], AfterValidator(_profile_names)] = Field(
        default_factory=dict
    )

    def seed_list(self, profile: str | None) -> list[int]:
        """The seeds of a profile."""
        seeds = self._declared_seeds(profile)
        if seeds is None:
            rule = self.stopping_rule(profile)
            seeds = rule.most() if rule else self.seeds
        return list(range(seeds)) if isinstance(seeds, int) else list(seeds)

    def _declared_seeds(self, profile: str | None) -> int | list[int] | None:
        """The key `seeds` of a profile, or else of the study; None where neither has it."""
        seeds = self.profiles[profile].seeds if profile else None
        declared = "seeds" in self.model_fields_set
        return self.seeds if seeds is None and declared else seeds

    def stopping_rule(self, profile: str | None) -> Sequential | None:
        """The key `sequential` of a profile; None without, and where nothing is judged."""
        chosen = self.profiles[profile] if profile else None
        declared = self.sequential
        if chosen and chosen.sequential is not None:
            declared = chosen.sequential
        judged = chosen is None or chosen.evidence
        return declared if judged and isinstance(declared, Sequential) else None


class StudyFile(BaseModel):
    """A study with its name and the lines of its file."""

    model_config = ConfigDict(frozen=True, arbitrary_types_allowed=True)

    name: str
    study: Study
    document: Document
    modules: tuple[Module, ...] = ()  # plug-ins that lie next to it


def declared(name: str, *folders: Path) -> StudyFile:
    """A study as its file declares it, without its plug-ins, which may be gone."""
    return _parsed(*_document(name, folders))


def read(name: str, *folders: Path) -> StudyFile:
    """Read and check a study; every mistake names file, line and key.

    `name` is looked up in `folders`, the nearest first; or it is the path of a .yaml file.
    """
    return check(*_document(name, folders))


def _document(name: str, folders: Sequence[Path]) -> tuple[str, Document]:
    path = find_study(name, folders)
    if not NAME.fullmatch(path.stem):
        raise HarnessError(f"{path}: the name of a study consists of a to z, 0 to 9 and _")
    return path.stem, read_yaml(path)


def _parsed(name: str, document: Document) -> StudyFile:
    try:
        study = Study.model_validate(document.data)
    except ValidationError as error:
        raise HarnessError(_listed(list(_explain(document, error.errors())))) from None
    return StudyFile(name=name, study=study, document=document)


def check(name: str, document: Document) -> StudyFile:
    """The study that a document holds; every mistake names its place there."""
    file = _parsed(name, document)
    study = file.study
    modules = beside(document.file, study.plugins, lambda index: document.where("plugins", index))
    activate(modules)
    try:
        DESIGNS.check(study.design)
    except HarnessError as error:
        raise HarnessError(f"{document.where('design')}: design: {error}") from None
    for place, patch in _patches(study):
        for knob, value in patch.items():
            try:
                check_path(knob)
                check_value(knob, value)
            except HarnessError as error:
                raise HarnessError(f"{document.where(*place, knob)}: {error}") from None
    for index, metric in enumerate(study.metrics):
        for name, value in metric.items():
            try:
                check_setting(name, value)
            except HarnessError as error:
                where = document.where("metrics", index, name)
                raise HarnessError(f"{where}: {error}") from None
    _check_objective(document, study)
    _check_tuning(study, document)
    _check_sequential(study, document)
    return file.model_copy(update={"modules": modules})


def _check_objective(document: Document, study: Study) -> None:
    wanted = study.objective == TIME
    if wanted and study.threshold is None:
        raise HarnessError(
            f"{document.where('objective')}: objective time_to_threshold needs a key `threshold`, "
            "the KID to reach"
        )
    if study.threshold is not None and not wanted:
        raise HarnessError(
            f"{document.where('threshold')}: threshold is used by the objective time_to_threshold "
            f"only, but the objective is {study.objective}"
        )


def _check_tuning(study: Study, document: Document) -> None:
    if study.tune is None:
        return
    for profile in (None, *study.profiles):
        try:
            study.tune.check_apart(study.seed_list(profile), profile)
        except HarnessError as error:
            raise HarnessError(f"{document.where('tune', 'seeds')}: {error}") from None


def _check_sequential(study: Study, document: Document) -> None:
    # without a profile it is only run where it has none
    for profile in study.profiles or (None,):
        if (rule := study.stopping_rule(profile)) is None:
            continue
        in_profile = ("profiles", profile, "sequential") if profile else ("sequential",)
        place = in_profile if in_profile in document.lines else ("sequential",)
        try:
            rule.check_alone([name for name in EXCLUDED if getattr(study, name) is not None])
            rule.check_seeds(len(study.seed_list(profile)))
        except HarnessError as error:
            under = f" (profile {profile})" if profile else ""
            raise HarnessError(f"{document.where(*place)}: {error}{under}") from None


def _patches(study: Study) -> Iterator[tuple[Location, Patch]]:
    """Every patch in a study file, with its location."""
    yield ("baseline",), study.baseline
    for name, profile in study.profiles.items():
        yield ("profiles", name, "patch"), profile.patch
    yield from _levels(("factors",), study.factors)
    yield from _levels(("tune", "values"), study.tune.values if study.tune else {})
    for name, span in study.search.space.items() if study.search else ():
        for value in span.values:
            yield ("search", "space"), {name: value}


def _levels(place: Location, factors: Mapping[str, Levels]) -> Iterator[tuple[Location, Patch]]:
    for name, levels in factors.items():
        if isinstance(levels, Mapping):
            for label, patch in levels.items():
                yield (*place, name, label), patch
        else:
            for index, value in enumerate(levels):
                yield (*place, name, index), {name: value}


def _listed(mistakes: list[str]) -> str:
    more = len(mistakes) - MISTAKES
    return "\n".join(mistakes[:MISTAKES] + ([f"and {more} more mistakes"] if more > 0 else []))


def _explain(document: Document, details: Iterable[Any]) -> Iterator[str]:
    """One message per location; of two nested locations, only the inner one."""
    places: dict[Location, list[Any]] = {}
    for detail in details:
        places.setdefault(_place(document, detail), []).append(detail)
    for place, group in places.items():
        if not any(other[: len(place)] == place for other in places if other != place):
            yield f"{document.where(*place)}: {_mistake(place, document.key(*place), group)}"


# (first key, depth) → whose keys they are there
_PARTS: dict[tuple[str | int, int], type[BaseModel]] = {
    ("profiles", 3): Profile,
    ("profiles", 4): Sequential,
    ("sequential", 2): Sequential,
    ("tune", 2): Tune,
    ("search", 2): Search,
    ("search", 4): Range,
}


def _mistake(place: Location, key: str, details: list[Any]) -> str:
    kind = details[0]["type"]
    if kind == "extra_forbidden":
        parent = _PARTS.get((place[0], len(place)), Study)
        return unknown("key", str(place[-1]), parent.model_fields)
    if kind == "missing":
        return f"the key {str(place[-1])!r} is missing"
    if kind == "value_error":  # one of ours, which says what was given
        return f"{key}: {details[0]['ctx']['error']}"
    # the alternatives of one type
    message = " or ".join(detail["msg"] for detail in details).replace(" or Input should be", " or")
    return f"{key}: {message} (given: {shown(details[0]['input'])})"


def _place(document: Document, detail: Any) -> Location:
    """The part of an error's location that is in the file (pydantic adds names of types)."""
    known: Location = ()
    for part in detail["loc"]:
        if (*known, part) in document.lines:
            known = (*known, part)
    return (*known, detail["loc"][-1]) if detail["type"] == "missing" else known
