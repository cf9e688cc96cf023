"""Views: pictures of what a model learnt, each a function to a matplotlib Figure.

Which there are of a run is asked of its model's parts and its history, never of its family:

    listening.py             sounds: spectrograms and players
    reconstructions.py       examples, their reconstructions and the errors
    translations.py          translations of held-out texts, and the attention between two sentences
    series.py                the held-out part of a series, its anomaly score, and events
    latent_scatter.py        the latent codes in a plane, compared with PCA
    posterior.py             KL of each dimension; posterior and prior
    traversals.py            what each latent dimension changes
    samples.py               generated samples, how they changed in training, and their classes
    adversarial_training.py  losses and accuracy of generator and discriminator
    codebook.py              which entries are used, and what they stand for
    attention_heads.py       what each head attends to
    filters.py               what the first layer looks for
    health.py                dead units, values out of reach
"""

from __future__ import annotations

from aenb.core.errors import failure
from aenb.core.numerics import usual_errors
from aenb.figures.plots import to_png
from aenb.figures.shown_run import ShownRun
from aenb.figures.views.gallery import Gallery
from aenb.figures.views.view import views
from aenb.figures.views.view_inputs import ViewInputs

__all__ = ["Gallery", "result", "show", "telling", "views"]

OWN = (
    "alignment",
    "attention",
    "codebook",
    "timeline",
    "posterior",
    "codes",
)  # the first of them tells most of a kind of model
OF_FINDINGS = {  # a finding → the view that shows it, where the run's own picture does not
    "posterior-collapse": "posterior",
    "unused-dimensions": "posterior",
    "dead-codes": "codebook",
    "mode-collapse": "classes",
    "saturated-discriminator": "adversarial",
    "dead-units": "units",
    "input-range": "values",
    "other-units": "values",
    "out-of-reach": "values",
    "output-range": "values",
}


def show(run: ShownRun, names: tuple[str, ...] = ()) -> Gallery:
    """Return views of a run: those named, or all that there are of it.

    Raises:
        AenbError: There is no view of a name, or not of this run.
    """
    return Gallery(ViewInputs(run), views(), names)


def telling(run: ShownRun) -> Gallery:
    """Return the views that belong with a run's result: what its kind of model learnt, and what was found wrong."""
    inputs, known = ViewInputs(run), views()
    found = [OF_FINDINGS[finding.code] for finding in run.diagnose() if finding.code in OF_FINDINGS]
    own = [name for name in OWN if known[name].fits(inputs)][:1]
    if own == ["posterior"] and known["traversals"].fits(inputs):
        own = ["traversals"]
    return Gallery(inputs, known, tuple(name for name in dict.fromkeys([*found, *own]) if known[name].fits(inputs)))


@usual_errors
def result(run: ShownRun, *, whole: bool) -> tuple[dict[str, bytes], list[str]]:
    """Draw a run's figure, and the views that belong with its result.

    Args:
        run: The `Run`.
        whole: Whether to draw the views too.

    Returns:
        PNG files by their words, the figure first, and a note for each that could not be drawn.
    """
    words = f"Loss by epoch of {run.spec.family}, and held-out examples above their reconstructions"
    drawn, notes = {}, []
    try:
        drawn[words] = to_png(run.plot())
    except Exception as error:  # of odd data or a model of the user's own, anything: the training is worth more
        notes.append(failure("The run's figure could not be drawn", error))
    if not whole:
        return drawn, notes
    try:
        chosen = telling(run)
        return drawn | chosen.pictures(), notes + chosen.notes
    except Exception as error:
        return drawn, [*notes, failure("What the model learnt could not be drawn", error)]
