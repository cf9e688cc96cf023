"""A training's buttons over the wire, on three versions of ipykernel: what a page sends, and what it hears."""

import os
import subprocess
import sys
import time
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient
from nbformat.v4 import new_code_cell, new_notebook

from tests.kernels import VERSIONS, LiveKernel
from tests.thorough import thorough

LONG = "%%autoencoder deep d --data digits --epochs 100000\nhidden_units = (16,)"


@pytest.fixture(scope="module", params=[*thorough(*VERSIONS[:-1]), VERSIONS[-1]])
def kernel(request):
    with LiveKernel(request.param, AENB_LIVE="1") as kernel:
        kernel.run("%load_ext aenb\nimport ipywidgets, aenb.core.backend\naenb.core.backend.start()", seconds=60)
        kernel.ways = [None, kernel.subshell()] if request.param[0] == "7" else [None]
        yield kernel


def line(message):
    """Return the text and the figures that a message shows in the live view, or what it announces, or nothing."""
    if message["msg_type"] != "comm_msg":
        return ""
    data = message["content"]["data"]
    now = data.get("state", {}).get("now", {})
    cells = [" ".join(cell) for cell in now.get("cells", ())]
    return " · ".join([now.get("text", ""), *cells]) if now else data.get("content", {}).get("announce", "")


def says(part):
    return lambda message: part in line(message)


def view(kernel):
    """Return the comm id of the newest live view."""
    opened = [m["content"] for m in kernel.messages if m["msg_type"] == "comm_open"]
    return [m["comm_id"] for m in opened if m["data"]["state"].get("_anywidget_id", "").endswith("live._Page")][-1]


def ask(kernel, request, way=None):
    """Send what a click on Pause, Resume or Stop sends."""
    return kernel.send(view(kernel), {"method": "custom", "content": {"ask": request}}, way)


def begun(kernel, code=LONG):
    """Start a training; return its cell once there are figures."""
    cell = kernel.submit(code)
    kernel.wait_for(says("examples/s"), seconds=40)
    return cell


def lines(kernel, seconds):
    """Return the texts of the live view in the next seconds."""
    seen = len(kernel.messages)
    with pytest.raises(AssertionError, match="not seen"):
        kernel.wait_for(lambda message: False, seconds=seconds)
    return [line(m) for m in kernel.messages[seen:] if "epoch" in line(m)]


def test_pause_resume_and_stop_while_the_cell_runs(kernel):
    for way in kernel.ways:
        cell = begun(kernel)
        queued = kernel.submit("print('after', d.status)")
        clicked = time.monotonic()
        ask(kernel, "pause", way)
        kernel.wait_for(says("Paused"))
        assert time.monotonic() - clicked < 1
        assert not [text for text in lines(kernel, 1) if "Paused" not in text]  # the steps stand still
        ask(kernel, "resume", way)
        kernel.wait_for(lambda message: says("epoch")(message) and "Paused" not in line(message))
        assert len(lines(kernel, 1)) >= 2
        ask(kernel, "stop", way)
        kernel.wait_idle(queued, 30)
        assert "after stopped" in kernel.printed(kernel.of(queued))  # a cell that waited runs in its place
        (result,) = kernel.of(cell, "execute_result")
        assert "(stopped)" in result["content"]["data"]["text/plain"]
        shown = kernel.of(cell, "update_display_data")[-1]["content"]["data"]
        assert "what was learnt is kept" in shown["text/plain"]
        assert "application/vnd.jupyter.widget-view+json" not in shown
        assert not [m for m in kernel.of(cell, "stream") if m["content"]["name"] == "stderr"]


def test_a_page_that_is_loaded_again_is_answered_while_it_trains(kernel):
    cell = begun(kernel)
    for request in (kernel.client.kernel_info, kernel.client.comm_info):
        asked = request()
        assert kernel.client.get_shell_msg(timeout=5)["parent_header"]["msg_id"] == asked
    ask(kernel, "stop")
    kernel.wait_idle(cell, 30)


def test_an_interrupt_keeps_the_run(kernel):
    cell = begun(kernel)
    kernel.interrupt()
    kernel.wait_idle(cell, 30)
    assert kernel.value("d.status") == "interrupted"
    assert kernel.value("d.encode(d.data.x_test).shape") == (360, 32)


def test_other_cells_run_while_it_trains_in_the_background(kernel):
    begin = time.monotonic()
    cell = kernel.submit(LONG.replace("digits", "digits --background").replace("deep d", "deep b"))
    kernel.wait_idle(cell, 30)
    assert time.monotonic() - begin < 10
    assert not kernel.of(cell, "execute_result")
    kernel.wait_for(says("examples/s"), seconds=40)
    assert kernel.value("b.status") == "training"
    assert kernel.value("b.encode(b.data.x_test).shape") == (360, 32)
    assert "training" in kernel.printed(kernel.run("print(b)"))
    for way in kernel.ways:
        ask(kernel, "pause", way)
        heard = kernel.wait_for(says("Paus"))  # at once,
        assert says("Paused")(heard) or kernel.wait_for(says("Paused"), seconds=40)  # and done when a step is over
        ask(kernel, "resume", way)
        kernel.wait_for(lambda message: says("epoch")(message) and "Paus" not in line(message))
    assert "Stopped after" in kernel.printed(kernel.run("%aenb stop b"))
    kernel.wait_for(lambda m: m["msg_type"] == "update_display_data" and "what was learnt" in str(m["content"]["data"]))
    assert kernel.value("b.status") == "stopped"


def test_wait_lets_clicks_through_and_shows_the_run(kernel):
    kernel.run(LONG.replace("digits", "digits --background").replace("deep d", "deep w"))
    kernel.wait_for(says("examples/s"), seconds=40)
    cell = kernel.submit("%aenb wait w")
    time.sleep(0.5)
    ask(kernel, "stop")
    kernel.wait_idle(cell, 30)
    (result,) = kernel.of(cell, "execute_result")
    assert result["content"]["data"]["text/plain"].startswith("w: deep on digits")


def test_an_error_in_the_background_is_shown_and_raised_at_wait(kernel):
    kernel.run("bad = aenb.train('deep', 'digits', 'bad', background=True, callbacks=[aenb], epochs=2)")
    kernel.wait_for(says("It ended with an error"), seconds=40)
    with pytest.raises(RuntimeError, match="AttributeError"):
        kernel.run("%aenb wait bad")


def test_nothing_is_left_after_a_clear(kernel):
    kernel.run("import threading, gc\n%aenb clear")
    assert kernel.value("[t.name for t in threading.enumerate() if t.name.startswith('aenb')]") == []
    assert kernel.value("len(ipywidgets.Widget.widgets) if hasattr(ipywidgets.Widget, 'widgets') else 0") <= 2
    comms = "len(__import__('comm').get_comm_manager().comms)"
    before = kernel.value(comms)
    for _ in range(3):
        kernel.run("%autoencoder shallow --data digits --epochs 2", seconds=30)
    assert kernel.value(comms) == before


def test_the_same_notebook_under_nbclient_and_nbval(tmp_path):
    cells = ["%load_ext aenb", LONG.replace("100000", "3"), "print(d.status, d.epochs)"]
    notebook = new_notebook(cells=[new_code_cell(cell) for cell in cells])
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    env = {**os.environ, "AENB_LIVE": "1"}
    NotebookClient(notebook, timeout=120, store_widget_state=False).execute(env=env)
    outputs = [output for cell in notebook.cells for output in cell.outputs]
    assert [output.output_type for output in outputs] == ["display_data", "execute_result", "stream"]
    assert "Trained 3 epochs" in outputs[0].data["text/html"]
    notebook.cells[1].outputs = notebook.cells[1].outputs[1:]  # nbval runs without the live view
    nbformat.write(notebook, tmp_path / "same.ipynb")
    root = Path(__file__).parents[1]
    words = [sys.executable, "-m", "pytest", "-q", "--nbval", "--nbval-sanitize-with", str(root / "tests/nbval.cfg")]
    done = subprocess.run(
        [*words, "-c", str(root / "pyproject.toml"), "--rootdir", str(tmp_path), str(tmp_path / "same.ipynb")],
        capture_output=True, text=True, cwd=tmp_path, env={**env, "AENB_LIVE": "0"},
    )  # fmt: skip
    assert "3 passed" in done.stdout, done.stdout
