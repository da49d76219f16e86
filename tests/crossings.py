"""What runs through the words of a figure, as it is drawn: lines, marks, other words, its edge."""

from itertools import combinations

from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.lines import Line2D
from matplotlib.text import Text
from matplotlib.transforms import Bbox

EDGE = 1.0  # pixels at which two things may touch


def crossings(figure):
    """Each text that a line, a mark, another text or the edge runs through, with what does."""
    figure.draw_without_rendering()  # lays it out
    drawn = [text for text in _seen(figure, Text) if text.get_text().strip()]
    boxes = [(text, text.get_window_extent().padded(-EDGE)) for text in drawn]
    paths = list(_paths(figure))
    hits = [
        (text.get_text(), kind)
        for text, box in boxes
        for artist, path, kind in paths
        if _meet(path, artist, box) and not _hides(text, artist)
    ]
    hits += [(text.get_text(), "edge") for text, box in boxes if _beyond(box, figure.bbox)]
    hits += [
        (one.get_text(), other.get_text())
        for (one, a), (other, b) in combinations(boxes, 2)
        if Bbox.intersection(a, b)
    ]
    return hits


def _seen(figure, kind):
    """The artists of a kind that are drawn: not those of hidden axes, nor ticks out of view."""
    unseen = set()
    for axes in figure.findobj(Axes):
        if not axes.get_visible():
            unseen |= set(axes.findobj(kind))
        for axis in (axes.xaxis, axes.yaxis):
            shown = axis._update_ticks() if axes.axison else []
            ticks = {*axis.get_major_ticks(), *axis.get_minor_ticks()} - {*shown}
            unseen |= {artist for tick in ticks for artist in tick.findobj(kind)}
    return [one for one in figure.findobj(kind) if one.get_visible() and one not in unseen]


def _paths(figure):
    """Artist, its path or box in pixels, and which of both."""
    for line in _seen(figure, Line2D):
        path = line.get_transform().transform_path(line.get_path())
        if line.get_linestyle() != "None":
            yield line, path, "line"
        if line.get_marker() not in (None, "None", ""):
            half = line.get_markersize() * figure.dpi / 72 / 2
            for x, y in path.vertices:
                yield line, Bbox([[x - half, y - half], [x + half, y + half]]), "mark"
    for lines in _seen(figure, LineCollection):
        for path in lines.get_paths():
            yield lines, lines.get_transform().transform_path(path), "line"


def _beyond(box, page):
    return min(box.x0 - page.x0, box.y0 - page.y0, page.x1 - box.x1, page.y1 - box.y1) < 0


def _meet(path, artist, box):
    if artist.get_clip_on() and artist.axes is not None:
        box = Bbox.intersection(box, artist.axes.bbox)
        if box is None:
            return False
    if isinstance(path, Bbox):
        return Bbox.intersection(path, box) is not None
    return path.intersects_bbox(box, filled=False)


def _hides(text, artist):
    """Whether a text stands in front, on a ground that nothing shines through."""
    ground = text.get_bbox_patch()
    opaque = ground is not None and ground.get_alpha() in (None, 1.0)
    return opaque and text.get_zorder() > artist.get_zorder()
