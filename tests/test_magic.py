"""The magics in a real IPython shell."""

import sys

import numpy as np
import pytest
from IPython.core.completer import provisionalcompleter

import aenb
from aenb import Run
from aenb.notebook.magic.body import run_body


def execute(shell, cell):
    """Run a cell and return its value, or raise its error."""
    result = shell.run_cell(cell, silent=False)
    if result.error_before_exec or result.error_in_exec:
        raise result.error_before_exec or result.error_in_exec
    return result.result


def complete(shell, text):
    with provisionalcompleter():
        return [c.text for c in shell.Completer.completions(text, len(text))]


TRAIN = "%%autoencoder deep d --data digits --limit 200 --epochs 2\nlatent_dim = 3\nhidden_units = [16]"


def test_a_cell_trains_and_binds_the_run(shell):
    before = set(shell.user_ns)
    run = execute(shell, TRAIN)
    assert isinstance(run, Run)
    assert shell.user_ns["d"] is run
    assert run.latent_dim == 3
    new = {name for name in set(shell.user_ns) - before if not name.startswith("_")}
    assert new == {"d"}  # nothing else leaks
    first, *rest = run.to_cell().splitlines()
    assert first == "%%autoencoder deep d --data digits --limit 200 --epochs 2 --seed 0"
    assert rest == ["latent_dim = 3", "hidden_units = (16,)"]


def test_a_training_that_fails_leaves_the_name_alone(shell, monkeypatch):
    shell.user_ns["d"] = before = object.__new__(Run)
    monkeypatch.setattr("aenb.training.session.Session.train", lambda self: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        execute(shell, TRAIN)
    assert shell.user_ns["d"] is before


@pytest.mark.parametrize(
    ("cell", "message"),
    [
        ("%%autoencoder deep table --data table", "`table` is a variable of this notebook .ndarray.*such as table_run"),
        ("%autoencoder deep number --data digits", "`number` is a variable"),
        ("%%autoencoder deep print", "`print` is a Python built-in"),
        ("%aenb load somewhere number", "`number` is a variable"),
        ("%aenb load somewhere print", "Python built-in"),
        ("%aenb load somewhere class", "expected a Python name"),
    ],
)
def test_a_variable_of_the_users_is_not_replaced(shell, cell, message):
    shell.user_ns |= {"table": np.zeros((60, 3)), "number": 3}
    with pytest.raises(aenb.AenbError, match=message):
        execute(shell, cell)
    assert shell.user_ns["number"] == 3
    assert shell.user_ns["table"].shape == (60, 3)


def test_variables_stand_for_their_values_in_a_line(shell, monkeypatch):
    seen = []
    monkeypatch.setattr("aenb.notebook.magic.cell._panel", seen.append)
    shell.user_ns |= {"count": 3, "place": "my data.npy", "places": {"a": "b"}}
    typed = {
        "--epochs {count + 1} --data '{count}'": {"epochs": 4, "data": "{count}"},
        """--epochs $count --data "{place}" """: {"epochs": 3, "data": "my data.npy"},
        "--data {places['a']}": {"data": "b"},
        "--data {{count}}$$count{nosuch}{1/0}": {"data": "{count}$count{nosuch}{1/0}"},
        """--data "it's {count}" """: {"data": "it's 3"},
    }
    for line, expected in typed.items():
        execute(shell, f"%autoencoder {line}")
        assert seen[-1] | expected == seen[-1]
    exec("def within(shell):\n    here = 7\n    shell.run_line_magic('autoencoder', '--epochs {here}')", shell.user_ns)
    shell.user_ns["within"](shell)
    assert seen[-1]["epochs"] == 7


def test_all_that_a_body_assigns_is_a_hyperparameter(shell):
    body = "match {'a': 1, 'b': [2, 3]}:\n    case {'a': m, **rest}:\n        (w := m + 1)\n"
    body += "[q := one for one in [1]]\n_own = lambda: (no := 1)\nfor step in (): pass"
    assert run_body(shell, "deep", body) == {"m": 1, "rest": {"b": [2, 3]}, "w": 2, "q": 1}
    if sys.version_info >= (3, 11):
        body = "try:\n    raise ExceptionGroup('', [ValueError()])\nexcept* ValueError:\n    latent_dim = 3"
        assert run_body(shell, "deep", body) == {"latent_dim": 3}
    with pytest.raises(aenb.AenbError, match="Unknown hyperparameter `size`"):
        execute(shell, "%%autoencoder deep\nif (size := 3) > 2: latent_dim = size")


def test_a_cell_without_body_and_the_line_form(shell):
    run = execute(shell, "%%autoencoder shallow s --data digits --limit 200 --epochs 1")
    assert run.spec.family == "shallow"
    run = execute(shell, "%autoencoder shallow --data digits --limit 200 --epochs 1 --quiet")
    assert run.name is None
    run = execute(shell, "r = %autoencoder shallow --data digits --limit 200 --epochs 1")
    assert isinstance(shell.user_ns["r"], Run)


def test_the_body_reads_the_notebook_and_leaves_it_alone(shell):
    shell.user_ns["width"] = 12
    body = """
import math
_half = width // 2
def twice(n): return 2 * n
for step in range(2):
    latent_dim = step + 2
hidden_units = [twice(_half), math.ceil(7.5)]
"""
    run = execute(shell, "%%autoencoder deep d --data digits --limit 200 --epochs 1" + body)
    assert run.spec.hyperparameters == {"latent_dim": 3, "hidden_units": (12, 8)}
    assert not {"math", "_half", "twice", "step", "latent_dim"} & set(shell.user_ns)


def test_models_of_ones_own_in_the_body(shell):
    body = """
import keras
encoder = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(2)])
"""
    assert execute(shell, "%%autoencoder deep d --data digits --limit 200 --epochs 1" + body).latent_dim == 2


def test_variables_are_data_and_win_over_data_sets(shell):
    shell.user_ns["mine"] = np.random.default_rng(0).integers(0, 256, (60, 6, 5), dtype="uint8")
    run = execute(shell, "%autoencoder deep --data mine --epochs 1")
    assert run.spec.data == "mine"
    assert run.data.input_shape == (6, 5, 1)
    assert "divided by 255" in repr(run)
    shell.user_ns["digits"] = np.random.default_rng(0).random((40, 3))
    run = execute(shell, "%autoencoder deep --data digits --limit 200 --epochs 1")
    assert "The variable `digits` was used, not the data set of that name." in repr(run)
    shell.user_ns["digits"] = 7  # not data: the data set is meant
    assert execute(shell, "%autoencoder deep --data digits --epochs 1").data.n == 1797


BAD = {
    "%%autoencoder depp": "Did you mean `deep`",
    "%%autoencoder deep --epoch 3": "Did you mean `--epochs`",
    "%%autoencoder deep --epochs": "expected one argument",
    "%%autoencoder deep --epochs x": "expected a whole number",
    "%%autoencoder deep --epochs 0": "expected a whole number from 1",
    "%%autoencoder deep d e": "received `e` too",
    "%%autoencoder deep 2d": "expected a Python name",
    "%%autoencoder deep 'd": "quotes in pairs",
    "%%autoencoder deep d --data fashon_mnist": "Did you mean `fashion_mnist`",
    "%%autoencoder deep d\nlatent = 3": "Unknown hyperparameter `latent` for family `deep`.*Did you mean `latent_dim`",
    "%%autoencoder deep d\nlatent_dim = 0": "received 0",
    "%%autoencoder deep d\nlatent_dim = 10**9": "received 1000000000",
    "%%autoencoder deep d\nepochs = 3": "first line, as --epochs VALUE",
    "%%autoencoder deep d\nlatent_dim = ": r"line 2: invalid syntax",
    "%%autoencoder deep d\n\nlatent_dim = " + "-" * 10_000 + "1": "nested too deeply",
    "%%autoencoder deep d\nlatent_dim = [" + "1, " * 100_000 + "]": "at most 20,000 characters outside of quotes",
    "%%autoencoder deep d\nlatent_dim = 10**10_000": "received a int",
    "%%autoencoder deep d --latent-dim 4": "`latent_dim` is a hyperparameter of family `deep`: write `latent_dim = 32`",
    "%%autoencoder deep d --data nosuch": "No data set, notebook variable or file is called `nosuch`",
    "%%autoencoder deep d " + "-a " * 9000: "at most 200 words",
    "%%autoencoder deep d " + "$9" * 20_000: "at most 30,000 characters",
    "%%autoencoder deep d --data ''": "1 to 4,096 characters",
    "%aenb load ~nosuch x": "Expected a path",
    "%aenb chapters ~nosuch": "Expected a path",
    "%aenb rns": "Did you mean `runs`",
    "%aenb save d": "Expected `%aenb save RUN DIR",
    "%aenb compare d": "Expected `%aenb compare RUN RUN …`",
    "%aenb save d x": "There are no runs yet",
    "%aenb load nowhere x": "expected the run.json of a saved run",
    "%aenb load nowhere 2x": "expected a Python name",
}


@pytest.mark.parametrize("cell", BAD)
def test_errors_are_one_line_and_leave_nothing_behind(shell, cell, capsys):
    with pytest.raises(aenb.AenbError, match=BAD[cell]):
        execute(shell, cell)
    shown = capsys.readouterr().out
    assert shown.startswith("AenbError: ")
    assert "Traceback" not in shown
    assert "d" not in shell.user_ns


def test_the_bodys_own_exception_keeps_its_traceback_with_the_cells_lines(shell, capsys):
    with pytest.raises(ZeroDivisionError):
        execute(shell, "%%autoencoder deep d\nlatent_dim = 2\n\nlatent_dim = 1 / 0")
    shown = capsys.readouterr().out
    assert "line 4" in shown
    assert "1 / 0" in shown
    assert "magic/cell.py" not in shown
    assert "d" not in shell.user_ns


def test_an_interrupt_in_the_body_leaves_nothing(shell):
    with pytest.raises(KeyboardInterrupt):
        execute(shell, "%%autoencoder deep d --data digits\nraise KeyboardInterrupt")
    assert "d" not in shell.user_ns


def test_an_interrupted_evaluation_keeps_the_run(shell, monkeypatch):
    def interrupt(self, data=None, *, parts=None):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Run, "evaluate", interrupt)
        assert execute(shell, TRAIN) is None
    assert shell.user_ns["d"].evaluate(parts="reconstruction")["mse"] > 0


def test_help(shell, capsys):
    execute(shell, "%%autoencoder --help")
    shown = capsys.readouterr().out
    for word in (
        "Data",
        "Training",
        "Display",
        "--batch-size N",
        "shallow",
        "fashion_mnist",
        "(default: 20, more on small data)",
        "examples per step",
        "salt_and_pepper",
    ):
        assert word in shown
    assert max(map(len, shown.splitlines())) <= 96
    execute(shell, "%%autoencoder deep --help")
    assert "hidden_units" in capsys.readouterr().out
    execute(shell, "%autoencoder --epochs 3")
    assert "%%autoencoder deep deep_1 --data mnist_5k --epochs 3" in capsys.readouterr().out  # the panel, as text
    assert "--batch-size" in shell.object_inspect("%%autoencoder")["docstring"]
    assert "save RUN DIR" in shell.object_inspect("%aenb")["docstring"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("%%autoencoder ", {*aenb.families(), "--help"}),
        ("%%autoencoder d", {"deep", "diffusion"}),
        ("%autoencoder sh", {"shallow"}),
        ("%%autoencoder deep d --e", {"--epochs"}),
        ("%%autoencoder deep d --data fa", {"fashion_mnist"}),
        ("%%autoencoder deep d --task ", {"reconstruct", "denoise", "inpaint", "impute", "translate", "summarise"}),
        ("%%autoencoder deep d --tokens ", {"words", "subwords", "bytes"}),
        ('%%autoencoder deep d\nactivation = "re', {"relu"}),
        ("%aenb sa", {"save"}),
        ("%aenb explore ", {""}),  # there are no runs
        ("%%autoencoder deep d --epochs ", {""}),
        ("%%autoencoder deep d --epochs 1", {"1"}),
    ],
)
def test_completion_offers_just_what_fits(shell, text, expected):
    assert set(complete(shell, text)) == expected


def test_completion_in_the_body_and_of_variables(shell):
    assert "hidden_units" in complete(shell, "%%autoencoder deep d\nlatent_dim = 2\nhid")
    assert "tied" not in complete(shell, "%%autoencoder deep d\nti")
    assert "tied" in complete(shell, "%%autoencoder shallow d\nti")
    shell.user_ns["table"] = np.zeros((9, 3))
    assert set(complete(shell, "%%autoencoder deep d --data ta")) == {"table"}
    assert "hidden_units" not in complete(shell, "hid")


def test_config_sets_the_defaults(shell, capsys):
    execute(shell, "%config AENB.epochs = 1")
    execute(shell, "%config AENB.data = 'digits'")
    run = execute(shell, "%autoencoder deep --batch-size 64")
    assert (run.epochs, run.spec.data, run.spec.batch_size) == (1, "digits", 64)
    assert "epochs" in (execute(shell, "%config AENB") or capsys.readouterr().out)


def test_aenb_runs_save_load_and_clear(shell, tmp_path, capsys):
    execute(shell, "%aenb runs")
    assert "No runs yet" in capsys.readouterr().out
    execute(shell, TRAIN)
    frame = execute(shell, "%aenb runs")
    assert list(frame.index) == ["d"]
    execute(shell, f"%aenb save d {tmp_path}/run")
    execute(shell, f"%aenb save d {tmp_path}/run --overwrite")
    for line in ("%aenb save ", "%aenb compare ", "%aenb compare a ", "%aenb compare a b c "):
        assert set(complete(shell, line)) == {"d"}
    assert "d" not in complete(shell, "%aenb save d ")
    with pytest.raises(aenb.AenbError, match="add --overwrite"):
        execute(shell, f"%aenb save d {tmp_path}/run")
    again = execute(shell, f"%aenb load {tmp_path}/run e")
    assert shell.user_ns["e"] is again
    found = execute(shell, "%aenb compare d e")
    assert {name: len(runs) for name, runs in found.runs.items()} == {"d": 2}  # the same spec
    execute(shell, "%aenb clear")
    assert not [name for name, value in shell.user_ns.items() if isinstance(value, Run)]
    assert not [value for value in shell.user_ns["_oh"].values() if isinstance(value, Run)]


def test_clear_lets_the_memory_go(shell):
    import gc
    import weakref

    model = weakref.ref(execute(shell, TRAIN).model)
    shell.run_cell("1")
    execute(shell, "%aenb clear")
    gc.collect()
    assert model() is None


def test_aenb_overview_data_families_devices_and_chapters(shell, tmp_path, capsys):
    execute(shell, "%aenb")
    shown = capsys.readouterr().out
    for word in (aenb.__version__, "CPU", "mnist_5k", "deep", "none yet"):
        assert word in shown
    assert "fashion_mnist" in execute(shell, "%aenb data")
    assert "conv" in execute(shell, "%aenb families")
    execute(shell, "%aenb devices")
    assert "CPU" in capsys.readouterr().out
    execute(shell, f"%aenb chapters {tmp_path}/book")
    assert (tmp_path / "book" / "00_quickstart.ipynb").is_file()
    with pytest.raises(aenb.AenbError, match="Choose another folder"):
        execute(shell, f"%aenb chapters {tmp_path}/book")


def everything(shell):
    """Return all that an extension could have changed."""
    return (
        {kind: dict(magics) for kind, magics in shell.magics_manager.magics.items()},
        list(shell.configurables),
        list(shell.Completer.custom_matchers),
        list(shell.input_transformers_cleanup),
        {name for name in vars(shell) if "aenb" in name},
    )


def test_unloading_leaves_the_shell_as_it_was(shell):
    shell.run_line_magic("unload_ext", "aenb")
    before = everything(shell)
    shell.run_line_magic("load_ext", "aenb")
    assert everything(shell) != before
    shell.run_line_magic("unload_ext", "aenb")
    assert everything(shell) == before
    shell.run_line_magic("reload_ext", "aenb")
    loaded = everything(shell)
    shell.run_line_magic("reload_ext", "aenb")
    assert [len(part) for part in everything(shell)] == [len(part) for part in loaded]


def test_a_magic_that_another_extension_has_is_left_alone(shell):
    shell.run_line_magic("unload_ext", "aenb")
    taken = lambda line: "theirs"  # noqa: E731
    shell.register_magic_function(taken, "line", "aenb")
    try:
        with pytest.warns(UserWarning, match="%aenb_aenb"):
            shell.run_line_magic("load_ext", "aenb")
        assert execute(shell, "%aenb") == "theirs"
        execute(shell, "%aenb_aenb families")
        shell.run_line_magic("unload_ext", "aenb")
        assert execute(shell, "%aenb") == "theirs"
    finally:
        del shell.magics_manager.magics["line"]["aenb"]
        shell.run_line_magic("load_ext", "aenb")
