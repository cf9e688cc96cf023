"""Import this, and Keras opens every `model.keras` of ours: these modules register the custom classes in it.

The parts beside it (`encoder.keras`, `decoder.keras`, …) are stock Keras and open without.

Example:
    >>> import aenb.models.custom_objects
    >>> import keras
    >>> model = keras.models.load_model("runs/v2/model.keras")  # doctest: +SKIP
"""

from aenb.models import network as network
from aenb.models import sparsity as sparsity
