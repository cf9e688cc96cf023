"""A family of a name that is taken: it is refused."""

import aenb


@aenb.family(summary="another one")
def vae(input_shape, *, latent_dim: int = 2):
    """Never built."""
