"""The architecture of a model as a picture: a block for each group of layers, as high as its output is large.

Read from the built model, without training it: an autoencoder is an hourglass, with the latent code at its waist.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from html import escape

from aenb.core.backend import Layer, Model
from aenb.figures.plots import BLUE, GREEN, GREY, ORANGE
from aenb.models.autoencoder import interface, parts

COLOURS = {"encoder": BLUE, "decoder": GREEN, "generator": GREEN, "denoiser": GREEN}
MOST = 7  # blocks of one part: the middle ones of more are counted
SLOT, BLOCK, HIGH, LOW = 82, 34, 96, 14  # pixels
TEXT = 'text-anchor="middle" font-size="11.5" fill="currentColor"'
SHORT = {"Conv2DTranspose": "Conv2D ᵀ", "Conv1DTranspose": "Conv1D ᵀ", "MultiHeadAttention": "Attention"}
RESIZING = ("Pooling", "UpSampling")  # layers without weights that are blocks of their own; others join the one before


@dataclass(frozen=True)
class Block:
    """A group of layers: one that computes, and those after it that only normalise, activate or reshape.

    Attributes:
        name: The class of the layer that computes.
        shape: The shape of its output, without the batch axis.
        parameters: How many parameters the group has.
        count: How many layers of this class it holds.
    """

    name: str
    shape: tuple[int | None, ...]
    parameters: int = 0
    count: int = 1


def blocks(part: Model) -> list[Block]:
    """Return the blocks of a part of a model, from its input on.

    Args:
        part: A Keras model such as an encoder.

    Example:
        >>> import aenb
        >>> model = aenb.build_model("deep", (8, 8, 1), latent_dim=4, hidden_units=(32,))
        >>> [(block.name, block.shape) for block in blocks(model.get_layer("encoder"))]
        [('input', (8, 8, 1)), ('Dense', (32,)), ('Dense', (4,))]
    """
    found: list[Block] = []
    for layer in part.layers:
        shape, name = _shape(layer), type(layer).__name__
        if shape is None:
            continue
        if name == "InputLayer":
            found += [] if found else [Block("input", shape)]
        elif _is_block(layer, name):
            named = layer.name if hasattr(layer, "layers") else name
            found = _added(found, Block(named, shape, layer.count_params()))
        elif found:
            keeps = name in ("Flatten", "Concatenate") or found[-1].name == "input"  # the shape before it says more
            last = found[-1]
            parameters = last.parameters + layer.count_params()
            found[-1] = replace(last, shape=last.shape if keeps else shape, parameters=parameters)
    return found


def architecture_html(model: Model) -> str:
    """Return the picture of a model's parts as HTML, with their shapes and parameters; all text is escaped.

    Args:
        model: A model as `aenb.build_model` returns it.
    """
    known = {name: part for name, part in parts(model).items() if not name.startswith("averaged_")}  # copies
    chain: list[str] = [name for name in ("encoder", "decoder", "generator") if name in known]
    chain = chain or [name for name in ("denoiser",) if name in known]  # it leads from noise, the code, to examples
    code = Block("code", tuple(interface(model).code_shape))
    row: list[tuple[str, Block]] = []
    for name in chain:
        own = blocks(known[name])
        own = own[:-1] if name == "encoder" and own[-1].shape == code.shape else own
        own = own[1:] if name != "encoder" else own  # the input of a decoder is the code
        row += [("code", code)] if name != "encoder" and all(kind != "code" for kind, _ in row) else []
        row += [(name, block) for block in _shortened(own)]
        row += [("code", code)] if name == "encoder" else []
    rows = [row] if row else []
    rows += [[(name, block) for block in _shortened(blocks(part))] for name, part in known.items() if name not in chain]
    words = [f"{name}: {part.count_params():,}" for name, part in known.items()]
    pictures = "".join(_row(each) for each in rows if each)
    counted = f"{model.count_params():,} parameters ({', '.join(words)})"
    return f'<div class="aenb-architecture">{pictures}<div>{escape(counted)}</div></div>'


def _added(found: list[Block], block: Block) -> list[Block]:
    """Add a block; with the same kind and shape as the last one it is counted there."""
    last = found[-1] if found else None
    if last is None or (last.name, last.shape) != (block.name, block.shape):
        return [*found, block]
    return [*found[:-1], replace(last, parameters=last.parameters + block.parameters, count=last.count + 1)]


def _is_block(layer: Layer, name: str) -> bool:
    if name.endswith("Normalization"):
        return False
    return bool(layer.count_params()) or any(word in name for word in RESIZING)


def _shape(layer: Layer) -> tuple[int | None, ...] | None:
    """Return the shape of a layer's first output; None if it is not known before it is called."""
    try:
        output = layer.output
    except (AttributeError, ValueError):  # a layer that was not built by the functional interface
        return None
    first = output[0] if isinstance(output, list | tuple) else output
    return tuple(first.shape[1:])


def _known(shape: tuple[int | None, ...]) -> list[int]:
    return [side for side in shape if side]


def _shortened(found: Sequence[Block]) -> list[Block]:
    if len(found) <= MOST:
        return list(found)
    half = MOST // 2
    left = found[half : len(found) - half]
    middle = Block(f"{len(left)} more", left[-1].shape, sum(block.parameters for block in left))
    return [*found[:half], middle, *found[len(found) - half :]]


def _row(row: Sequence[tuple[str, Block]]) -> str:
    """Draw blocks beside each other, as SVG in a box that scrolls sideways."""
    sizes = [math.log2(1 + math.prod(_known(block.shape))) for _, block in row]
    wide, tall, middle = SLOT * len(row), HIGH + 44, HIGH / 2 + 4
    drawn = []
    for place, ((kind, block), size) in enumerate(zip(row, sizes, strict=True)):
        x, high = SLOT * place + SLOT / 2, LOW + (HIGH - LOW) * (size / max(sizes)) ** 2
        colour = ORANGE if kind == "code" else COLOURS.get(kind, GREY)
        label = SHORT.get(block.name, block.name)[:13] + (f" ×{block.count}" if block.count > 1 else "")
        about = f"{kind}: {block.name}, {_sides(block)}, {block.parameters:,} parameters"
        left, half = x - BLOCK / 2, BLOCK / 2 + 4
        if place:
            line = f'd="M{x - SLOT + half:g},{middle:g}H{x - half:g}"'
            drawn.append(f'<path {line} stroke="currentColor" stroke-width="1.2" opacity=".5"/>')
        box = f'x="{left:g}" y="{middle - high / 2:.1f}" width="{BLOCK}" height="{high:.1f}" rx="4"'
        drawn.append(f'<rect {box} fill="{colour}"><title>{escape(about)}</title></rect>')
        for below, text in ((20, _sides(block)), (34, label)):
            drawn.append(f'<text x="{x:g}" y="{HIGH + below}" {TEXT}>{escape(text)}</text>')
    said = escape("; ".join(f"{block.name} {_sides(block)}" for _, block in row), quote=True)
    title = escape(" → ".join(dict.fromkeys(kind for kind, _ in row)), quote=True)
    return (
        f'<div style="margin-top:.3em">{title}</div>'
        f'<div style="overflow-x:auto" tabindex="0" role="region" aria-label="{title}">'
        f'<svg role="img" aria-label="{said}" width="{wide}" height="{tall}" viewBox="0 0 {wide} {tall}">'
        f"{''.join(drawn)}</svg></div>"
    )


def _sides(block: Block) -> str:
    return "×".join(str(side) if side else "?" for side in block.shape)
