"""The public surface, and what importing it costs."""

import subprocess
import sys

import pytest

import aenb

HEAVY = {"tensorflow", "keras", "matplotlib", "sklearn", "pandas", "skimage"}


def run(code):
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return done


def test_every_public_name_is_there():
    for name in aenb.__all__:
        assert getattr(aenb, name) is not None
        assert name in dir(aenb)


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="autoencode"):
        aenb.autoencode  # noqa: B018


def test_train_stays_the_function_after_its_module_was_imported():
    import aenb.training.train

    assert callable(aenb.train)
    assert aenb.train is aenb.training.train.train


def test_import_brings_nothing_heavy():
    loaded = run("import sys, aenb; print(*{m.partition('.')[0] for m in sys.modules})").stdout.split()
    assert not HEAVY & set(loaded)


def test_load_ext_is_quick_and_brings_nothing_heavy():
    code = """
import sys, time
import IPython, ipywidgets
from IPython.core.interactiveshell import InteractiveShell
shell = InteractiveShell.instance()
begin = time.process_time()
shell.run_line_magic("load_ext", "aenb")
print(time.process_time() - begin)
print(*{m.partition('.')[0] for m in sys.modules})
"""
    seconds, modules = run(code).stdout.splitlines()
    assert float(seconds) < 0.3
    assert not HEAVY & set(modules.split())


def test_help_and_completion_tables_need_no_tensorflow():
    code = "import sys, aenb; aenb.families(); aenb.datasets(); print('keras' in sys.modules)"
    assert run(code).stdout == "False\n"


def test_training_says_nothing_on_stderr():
    code = """
import aenb
aenb.train('deep', 'digits', epochs=2, latent_dim=2).evaluate(parts="reconstruction")
aenb.train('gan', 'digits', epochs=1, latent_dim=2, filters=(8, 8), limit=300)
aenb.train('attention', 'digits', epochs=1, latent_dim=2, mask_ratio=0.5, num_layers=1, limit=300)
"""
    assert run(code).stderr == ""


def test_another_backend_is_named(tmp_path):
    code = """
import sys, types
keras = types.ModuleType("keras")
keras.backend = types.SimpleNamespace(backend=lambda: "jax")
sys.modules["keras"] = keras
import aenb
try:
    aenb.build_model("deep", (4,))
except aenb.AenbError as error:
    print(error)
"""
    assert "received Keras on jax" in run(code).stdout


def test_an_interrupt_while_tensorflow_starts_is_held_back_and_harms_nothing():
    code = """
import os, signal, threading
from aenb.core import backend
threading.Timer(0.7, os.kill, (os.getpid(), signal.SIGINT)).start()
try:
    backend.start()
except KeyboardInterrupt:
    print("interrupted", backend.is_loaded())
import aenb
print(aenb.build_model("deep", (4,)).output_shape)
"""
    assert run(code).stdout.split("\n")[:2] == ["interrupted True", "(None, 4)"]
