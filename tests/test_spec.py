import json

import pytest

import aenb
from aenb.core.errors import AenbError
from aenb.notebook.magic.commandline import parse
from aenb.runs.spec import Spec, options


def test_a_spec_survives_json():
    spec = Spec("deep", "d", {"latent_dim": 3, "hidden_units": (8, 4)}, data="digits", epochs=5, patience=2)
    again = Spec.from_dict(json.loads(json.dumps(spec.to_dict())))
    assert again.to_cell() == spec.to_cell()
    assert again.epochs == 5


def test_a_spec_is_frozen():
    with pytest.raises(AttributeError):
        Spec("deep").epochs = 3


def test_the_cell_says_all_that_differs_from_the_defaults():
    spec = Spec("deep", "d", {"latent_dim": 3}, data="my data.npy", learning_rate=0.01)
    first, body = spec.to_cell().split("\n")
    assert first == '%%autoencoder deep d --data "my data.npy" --learning-rate 0.01 --seed 0'
    assert body == "latent_dim = 3"
    asked = parse(first.removeprefix("%%autoencoder"))
    assert asked.options["data"] == "my data.npy"
    assert asked.options["learning_rate"] == 0.01


def test_a_keras_model_goes_into_json_as_its_configuration():
    import keras

    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(2)])
    spec = Spec("deep", None, {"encoder": model})
    cell = Spec.from_dict(json.loads(json.dumps(spec.to_dict()))).to_cell()
    again = aenb.families()["deep"].check(json.loads(json.dumps(spec.to_dict()))["hyperparameters"])
    assert again["encoder"].output_shape == (None, 2)
    namespace = {"keras": keras}
    exec(cell.split("\n", 1)[1], namespace)
    assert namespace["encoder"].output_shape == (None, 2)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"family": "deep", "epoch": 3}, "Did you mean `epochs`"),
        ({"epochs": 3}, "a `family`"),
        ([], "a `family`"),
        ({"family": "deep", "epochs": 0}, "epochs"),
        ({"family": "deep", "name": "2d"}, "Python name"),
        ({"family": "deep", "name": "class"}, "Python name"),
        ({"family": "deep\nimport os"}, "family"),
        ({"family": "deep", "data": "a\nimport os"}, "one line"),
        ({"family": "deep", "data": ""}, "one line"),
        ({"family": "deep", "hyperparameters": {"x; import os": 1}}, "A hyperparameter"),
        ({"family": "deep", "hyperparameters": {"latent_dim": float("inf")}}, "finite number"),
        ({"family": "deep", "hyperparameters": {"latent_dim": 10**400}}, "finite number"),
        ({"family": "deep", "epochs": "3"}, "epochs"),
        ({"family": "deep", "seed": 10**5000}, "seed"),
        ({"family": "deep", "learning_rate": float("nan")}, "learning_rate"),
    ],
)
def test_bad_specs(values, message):
    with pytest.raises(AenbError, match=message):
        Spec.from_dict(values)


def test_every_option_has_help_and_a_group():
    for option in options().values():
        assert option.help
        assert option.group in {"Data", "Training"}
        assert option.check(option.default) == option.default
