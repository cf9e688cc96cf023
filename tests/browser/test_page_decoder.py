"""The page's decoder computes what Keras does."""

from __future__ import annotations

import base64

import numpy as np

import aenb
from aenb.notebook.widgets.browser_decoder import page_decoder
from aenb.notebook.widgets.explorer import LatentExplorer

CASES = [
    ("deep", (8, 8, 1), {"activation": activation})
    for activation in ("relu", "elu", "selu", "gelu", "silu", "leaky_relu", "tanh", "sigmoid", "linear")
] + [
    ("deep", (7,), {}),
    ("deep", (9, 2), {}),
    ("vae", (28, 28, 1), {}),
    ("vae", (25, 13, 3), {"kernel_size": 5}),
    ("vae", (15, 14, 1), {"kernel_size": 1, "filters": (4, 8, 8)}),
    ("gan", (28, 28, 1), {}),
]


def test_it_makes_what_keras_makes(new_page):
    source = LatentExplorer._esm.read_text() if hasattr(LatentExplorer._esm, "read_text") else str(LatentExplorer._esm)
    url = f"data:text/javascript;base64,{base64.b64encode(source.encode()).decode()}"
    page = new_page()
    page.goto("about:blank")
    for family, shape, settings in CASES:
        model = aenb.build_model(family, shape, latent_dim=6, **settings)
        steps, weights = page_decoder(model)
        names = [layer.name for layer in model.layers]
        part = model.get_layer("decoder" if "decoder" in names else "averaged_generator")
        for variable in part.weights:  # biases and norms are not 0 and 1 in a model that was trained
            variable.assign(variable + 0.1 * np.random.default_rng(0).standard_normal(variable.shape))
        steps, weights = page_decoder(model)
        code = np.random.default_rng(1).standard_normal(6).astype("float32")
        made = page.evaluate(
            "async ([url, steps, weights, code]) => { const { decode } = await import(url);"
            "const raw = Uint8Array.from(atob(weights), (c) => c.charCodeAt(0));"
            "return Array.from(decode(steps, new Float32Array(raw.buffer), Float32Array.from(code))); }",
            [url, steps, base64.b64encode(weights).decode(), code.tolist()],
        )
        np.testing.assert_allclose(
            made, np.asarray(part(code[None])).ravel(), atol=2e-5, err_msg=str((family, shape, settings))
        )
