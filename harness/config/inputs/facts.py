"""Image counts of a trial: the same facts in plan, record, report and W&B."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from harness.config.catalog import DATASETS, PROTOCOLS, dataset
from harness.config.inputs.folder import Folder
from harness.config.inputs.images import about, known, ranges, size
from harness.config.trial import DataConfig, TrialConfig
from harness.core.format import whole

SIDES = ("train", "validation")
MOST = 12  # classes counted one by one in a sentence


class Counted(NamedTuple):
    """One split as it was loaded."""

    images: int
    classes: Mapping[str, int]


def image_facts(
    data: DataConfig, folder: Folder | None, cache: Path, counted: Sequence[Counted] = ()
) -> dict[str, Any]:
    """Facts of a data set as JSON: images found, used, left out and per class, by split.

    Without `counted`, only facts known before loading: used images are None unless they were
    decoded on this machine.
    """
    sizes = known(data, folder, cache)
    classes = dataset(data.name).classes if folder is None else len(folder.classes.names) or None
    facts: dict[str, Any] = {
        "name": data.name,
        "classes": classes,
        "left_out": {why: len(names) for why, names in folder.left_out.items()} if folder else {},
        "notes": list(folder.told) if folder else [],
    }
    for side, (name, split) in enumerate(
        zip(SIDES, (data.train_split, data.validation_split), strict=True)
    ):
        split_facts: dict[str, Any] = {"split": split, "found": sizes[side], "used": None}
        noted: Mapping[str, Any] = {}
        if folder is not None:
            part = folder.parts[side]
            noted = about(folder.identity(side, data.image_size), cache)
            split_facts |= {
                "split": folder.sides[side],
                "found": len(part),
                "used": noted.get("images"),
            }
            split_facts["by_class"] = folder.classes.counts(part)
        if counted:
            split_facts |= {"used": counted[side].images, "by_class": dict(counted[side].classes)}
            split_facts["found"] = split_facts["found"] or counted[side].images
            facts["classes"] = classes or len(counted[0].classes) or None
        facts["notes"] += noted.get("notes", [])
        split_facts |= {
            name: noted.get(name, empty) for name, empty in (("left_out", {}), ("enlarged", 0))
        }
        facts[name] = split_facts
    if data.train_images is not None:
        facts["train"]["subset"] = data.train_images
    return facts


def flat(facts: Mapping[str, Any] | None) -> dict[str, Any]:
    """The numbers among the facts by dotted names, for W&B."""
    if not facts:
        return {}
    numbers = {
        f"images.{side}.{name}": facts[side].get(name)
        for side in SIDES
        for name in ("split", "found", "used", "subset", "enlarged")
    }
    numbers |= {f"images.{side}.left_out": _count(facts[side]) for side in SIDES}
    return {
        **{name: value for name, value in numbers.items() if value is not None},
        "images.classes": facts["classes"],
        "images.other_files": _count(facts),
    }


def _count(part: Mapping[str, Any]) -> int:
    return sum(part.get("left_out", {}).values())


def _reasons(part: Mapping[str, Any]) -> str:
    return "; ".join(f"{number} × {why}" for why, number in part["left_out"].items())


def terms(facts: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Headings and sentences on each split, on other files and on irregularities."""
    for side, what in zip(SIDES, ("Training images", "Validation images"), strict=True):
        yield what, _split(facts[side])
    if classes := facts["classes"]:
        yield "Classes", str(classes)
    for note in facts["notes"]:
        yield "Note", note


def _split(part: Mapping[str, Any]) -> str:
    split, count = part["split"], part["found"]
    if count is None:
        return f"counted when split {split} is loaded"
    sentence = f"{whole(count)} of split {split}"
    if part.get("used") not in (None, count):
        sentence += f" found, {whole(part['used'])} used (left out: {_reasons(part)})"
    if part.get("subset"):
        sentence += f", of which {whole(part['subset'])} are trained on"
    if part.get("enlarged"):
        sentence += f", {whole(part['enlarged'])} enlarged"
    return sentence + _by_class(part.get("by_class") or {})


def _by_class(counts: Mapping[str, int]) -> str:
    if not counts:
        return ""
    if len(counts) > 2 and len(set(counts.values())) == 1:
        return f"; {whole(next(iter(counts.values())))} of each of {len(counts)} classes"
    if len(counts) <= MOST:
        return "; " + ", ".join(f"{name}: {whole(count)}" for name, count in counts.items())
    present = [count for count in counts.values() if count]
    return f"; {len(present)} classes of {min(present)} to {max(present)} images"


def scoring(config: TrialConfig, validation: int | None) -> Iterator[str]:
    """A note if a protocol does not use all validation images."""
    if validation is None:
        return
    wanted = config.evaluation.samples or validation
    block, size = PROTOCOLS[config.evaluation.protocol or ""].block, config.evaluation.subset_size
    if block and wanted % block:
        yield (
            f"{wanted % block} of {wanted} validation images are not used, since "
            f"{config.evaluation.protocol} uses blocks of {block}"
        )
    if size and size > wanted:
        yield (
            f"evaluation.subset_size: subsets have {wanted} images instead of {size}, all that "
            "there are"
        )


def trained_on(knobs: Mapping[str, Any], facts: Mapping[str, Any] | None) -> int | None:
    """Number of training images of a trial: as recorded, else from the catalogue."""
    if knobs["data.train_images"]:
        return int(knobs["data.train_images"])
    if facts:
        count: int | None = facts["train"]["used"] or facts["train"]["found"]
        return count
    if knobs["data.name"] not in DATASETS:
        return None
    return size(ranges(knobs["data.train_split"], dataset(knobs["data.name"])))
