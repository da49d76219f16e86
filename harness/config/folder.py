"""A folder of images: which files it holds, and which are trained on. Nothing is decoded here."""

import hashlib
from pathlib import Path

from harness.config.trial import DataConfig
from harness.errors import HarnessError

IMAGES = frozenset({".bmp", ".gif", ".jpeg", ".jpg", ".png", ".ppm", ".tif", ".tiff", ".webp"})


def image_files(folder: Path) -> list[Path]:
    """All image files below `folder`, sorted by their relative path; hidden ones are left out."""
    if not folder.is_dir():
        raise HarnessError(f"data.path: {folder} is no folder")
    files = [
        path
        for path in folder.rglob("*")
        if path.suffix.lower() in IMAGES
        and path.is_file()
        and not any(part.startswith(".") for part in path.relative_to(folder).parts)
    ]
    if not files:
        kinds = ", ".join(sorted(IMAGES))
        raise HarnessError(f"data.path: {folder} holds no image ({kinds})")
    return sorted(files, key=lambda path: path.relative_to(folder).as_posix())


def split_files(data: DataConfig) -> list[list[Path]]:
    """The training and the validation files of a folder."""
    root = Path(data.path or "")
    files = image_files(root)
    if roots := split_folders(root, data):
        return [[file for file in files if folder in file.parents] for folder in roots]
    return _hold_out(files, data.validation_fraction)


def split_folders(root: Path, data: DataConfig) -> tuple[Path, ...]:
    """The sub-folders that are the splits; none where a share is held out instead."""
    names = (data.train_split, data.validation_split)
    there = [name for name in names if (root / name).is_dir()]
    if len(there) == 1:
        folders = sorted(path.name for path in root.iterdir() if path.is_dir())
        missing = next(name for name in names if name not in there)
        raise HarnessError(
            f"data.path: {root} has a sub-folder {there[0]!r} but none named {missing!r}; name "
            "both with data.train_split and data.validation_split, or neither "
            f"(sub-folders: {', '.join(folders)})"
        )
    return tuple(root / name for name in there)


def class_labels(data: DataConfig, parts: list[list[Path]]) -> dict[Path, int] | None:
    """The class of every file of the splits: its sub-folder's number, in the order of names.

    None where a file lies in no sub-folder, or all lie in one. Both splits have the same classes.
    """
    root = Path(data.path or "")
    names: dict[Path, str] = {}
    for part, place in zip(parts, split_folders(root, data) or (root, root), strict=True):
        for file in part:
            folders = file.relative_to(place).parts[:-1]
            if not folders:
                return None
            names[file] = folders[0]
    classes = {name: number for number, name in enumerate(sorted(set(names.values())))}
    return {file: classes[name] for file, name in names.items()} if len(classes) > 1 else None


def count_classes(data: DataConfig) -> int:
    """How many classes the images of a folder have, or an error if they have none."""
    labels = class_labels(data, split_files(data))
    if labels is None:
        raise HarnessError(
            f"labels.conditioning: the images in {data.path} have no labels: put those of each "
            "class into a sub-folder of its own, in both splits, or set labels.conditioning to "
            "none or infogan"
        )
    return max(labels.values()) + 1


def _hold_out(files: list[Path], fraction: float) -> list[list[Path]]:
    """Split by content: the same images are held out wherever they lie and whatever they are named.

    Copies of one file stay on one side.
    """
    contents = {file: hashlib.sha256(file.read_bytes()).hexdigest() for file in files}
    unique = sorted(set(contents.values()))
    count = max(1, round(fraction * len(unique)))
    if len(unique) <= count:
        raise HarnessError(
            f"data.path: {len(unique)} different images are too few to hold out a share of "
            f"{fraction} (data.validation_fraction)"
        )
    from harness import rng  # here, since NumPy is slow to load and few plans need it

    order = rng.generator(0, "data", "hold_out").permutation(len(unique))
    held = {unique[i] for i in order[:count]}
    return [[f for f in files if (contents[f] in held) == side] for side in (False, True)]
