"""Import this module to open any saved `model.keras` with Keras: it registers the custom classes in these files.

The files of the parts (`encoder.keras`, `decoder.keras`, …) are stock Keras and open without it.

Example:
    >>> import aenb.models.custom_objects
    >>> import keras
    >>> model = keras.models.load_model("runs/v2/model.keras")  # doctest: +SKIP
"""

from aenb.models import network as network
from aenb.models.losses import masked_loss as masked_loss
from aenb.models.losses import mixed_loss as mixed_loss
from aenb.models.losses import perceptual_loss as perceptual_loss
from aenb.models.losses import sparsity as sparsity
