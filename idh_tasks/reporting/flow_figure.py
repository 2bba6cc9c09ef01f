"""The flow of the cohort as a figure, as in a CONSORT diagram."""

from collections.abc import Mapping, Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from idh_tasks.domain.cohort import Step
from idh_tasks.domain.sequence import MrSequence
from idh_tasks.reporting.figures import svg

HEIGHT, WIDTH, ASIDE = 0.62, 3.4, 4.3
INCLUDED = "included, with patches"


def flow_figure(steps: Sequence[Step], sequences: Mapping[MrSequence, tuple[int, int]]) -> str:
    """Draw the steps of the cohort with the reasons for exclusion, and the patients of each sequence; return SVG."""
    figure = Figure(figsize=(9.5, 1.05 * (len(steps) + 2.4)), layout="constrained")
    axis = figure.subplots()
    axis.axis("off")
    _box(axis, 0, 0, f"found: {steps[0].before if steps else 0} patients")
    for number, step in enumerate(steps, start=1):
        _box(axis, 0, -number, f"{step.stage if number < len(steps) else INCLUDED}: {step.after}")
        axis.annotate("", (0, -number + HEIGHT / 2), (0, 1 - number - HEIGHT / 2), arrowprops={"arrowstyle": "->"})
        if step.excluded:
            reasons = "\n".join(f"{count} × {code}" for code, count in sorted(step.excluded.items()))
            axis.annotate("", (ASIDE - WIDTH / 2, 0.5 - number), (0, 0.5 - number), arrowprops={"arrowstyle": "->"})
            _box(axis, ASIDE, 0.5 - number, reasons, colour="#f3e6df")
    per_sequence = "   ".join(f"{name} {patients} ({mutants})" for name, (patients, mutants) in sequences.items())
    _box(axis, ASIDE / 2, -len(steps) - 1, f"patients (mutants)\n{per_sequence}", width=WIDTH + ASIDE, colour="#e3ebf3")
    axis.set(xlim=(-WIDTH / 2 - 0.1, ASIDE + WIDTH / 2 + 0.1), ylim=(-len(steps) - 1.6, HEIGHT))
    return svg(figure)


def _box(axis: Axes, x: float, y: float, text: str, width: float = WIDTH, colour: str = "#ffffff") -> None:
    box = Rectangle((x - width / 2, y - HEIGHT / 2), width, HEIGHT, facecolor=colour, edgecolor="#333333")
    axis.add_patch(box)
    axis.text(x, y, text, ha="center", va="center", fontsize=9)
