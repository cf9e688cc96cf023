"""Listed files, of images or of texts, as `Data` to train on, or as a run's inputs."""

from __future__ import annotations

from typing import Any

from aenb.core.errors import AenbError, warn
from aenb.data.files.listed_images import from_image_files, read_images
from aenb.data.files.listed_texts import from_text_files, read_texts
from aenb.data.files.listing import Listing
from aenb.data.preprocessing import Preprocessing
from aenb.data.record import Data


def from_listing(listing: Listing, labels: Any = None) -> Data:
    """Make `Data` from listed files.

    Args:
        listing: The files; those that cannot be read are left out, and named in a note.
        labels: (n,), the labels of all files in their order, to use instead of the listing's; or None.

    Raises:
        AenbError: Too few can be read.
    """
    if isinstance(labels, str) and listing.labels is not None:  # the name of the column that has them
        labels = None
    make = from_image_files if listing.kind == "image" else from_text_files
    return make(listing.labelled(labels))


def read_listing(listing: Listing, preprocessing: Preprocessing) -> tuple[Any, Any]:
    """Read listed files for a run: return its examples, and the name of each; a warning names files left out.

    Raises:
        AenbError: None can be read, or they are not of the run's kind.
    """
    import pandas as pd

    if listing.kind != preprocessing.kind:
        raise AenbError(f"`{listing.origin}`: expected {preprocessing.what}; received files of {listing.kind}s.")
    x: Any
    if listing.kind == "image":
        x, kept, notes = read_images(listing, preprocessing.input_shape)
    else:
        x, kept, notes = read_texts(listing)
    for note in notes:
        warn(f"`{listing.origin}`: {note}")
    return x, kept.names if isinstance(kept.names, pd.Index) else pd.Index(kept.names, name="file")
