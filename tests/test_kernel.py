"""What goes over the wire: errors, display data and completion of a real kernel."""

import base64

import pytest
from jupyter_client.manager import start_new_kernel


@pytest.fixture(scope="module")
def kernel():
    manager, client = start_new_kernel(kernel_name="python3")
    yield client
    client.stop_channels()
    manager.shutdown_kernel(now=True)


def execute(client, code):
    """Run a cell; return its reply and its messages by type."""
    messages = []
    reply = client.execute_interactive(code, timeout=120, output_hook=messages.append, store_history=True)
    found = {}
    for message in messages:
        found.setdefault(message["msg_type"], []).append(message["content"])
    return reply["content"], found


@pytest.fixture(scope="module")
def loaded(kernel):
    reply, found = execute(kernel, "%load_ext aenb")
    assert reply["status"] == "ok"
    assert "stream" not in found
    return kernel


TRAIN = "%%autoencoder deep d --data digits --epochs 2\nhidden_units = (16,)"


def test_a_run_shows_itself_as_text_html_and_png(loaded):
    reply, found = execute(loaded, TRAIN)
    assert reply["status"] == "ok"
    data = found["execute_result"][0]["data"]
    assert data["text/plain"].startswith("d: deep on digits")
    assert 'class="aenb-run"' in data["text/html"]
    assert base64.b64decode(data["image/png"]).startswith(b"\x89PNG")
    assert "stream" not in found  # neither a log nor a warning
    assert "display_data" not in found  # AENB_LIVE=0


def test_the_live_view_is_one_output_of_widgets_that_ends_as_text(loaded):
    execute(loaded, "import os; os.environ['AENB_LIVE'] = '1'\n%reload_ext aenb")
    execute(loaded, "%autoencoder deep --data digits --epochs 1")  # the first makes what keeps the keys of all
    _, found = execute(loaded, "%autoencoder deep --data digits --epochs 8")
    assert len(found["display_data"]) == 1
    assert "application/vnd.jupyter.widget-view+json" in found["display_data"][0]["data"]
    shown = [message["data"].get("state", {}).get("now", {}) for message in found["comm_msg"]]
    assert ["epoch", "8 of 8"] in [cell for now in shown for cell in now.get("cells", ())]
    assert len(found["comm_open"]) == len(found["comm_close"])
    last = found["update_display_data"][-1]["data"]
    assert "Trained 8 epochs in" in last["text/plain"]
    assert "application/vnd.jupyter.widget-view+json" not in last
    assert "stream" not in found
    execute(loaded, "os.environ['AENB_LIVE'] = '0'\n%reload_ext aenb")


@pytest.mark.parametrize(
    ("code", "name", "value"),
    [
        ("%%autoencoder depp", "AenbError", "Did you mean `deep`"),
        ("%%autoencoder deep\nlatent = 2", "AenbError", "Did you mean `latent_dim`"),
        ("%%autoencoder deep\n1 / 0", "ZeroDivisionError", "division by zero"),
        ("%aenb nothing", "AenbError", "Unknown command"),
    ],
)
def test_an_error_is_an_error_message(loaded, code, name, value):
    reply, found = execute(loaded, code)
    assert reply["status"] == "error"
    assert found["error"][0]["ename"] == name
    assert value in found["error"][0]["evalue"]
    if name == "AenbError":
        assert found["error"][0]["traceback"] == [f"AenbError: {found['error'][0]['evalue']}"]


def test_interrupting_a_training_keeps_the_run(loaded):
    """The Interrupt button: what the kernel's manager sends is SIGINT."""
    code = """
import os, signal, threading
threading.Timer(4, os.kill, (os.getpid(), signal.SIGINT)).start()
"""
    execute(loaded, code)
    reply, found = execute(loaded, "%%autoencoder deep long --data digits --epochs 100000")
    assert reply["status"] == "ok"
    assert "interrupted" in found["execute_result"][0]["data"]["text/plain"]
    reply, found = execute(loaded, "long.status")
    assert found["execute_result"][0]["data"]["text/plain"] == "'interrupted'"


def test_the_kernel_completes(loaded):
    def complete(code):
        loaded.complete(code, len(code))
        while True:
            reply = loaded.get_shell_msg(timeout=30)
            if reply["msg_type"] == "complete_reply":
                return reply["content"]["matches"]

    assert complete("%%autoencoder deep d --ep") == ["--epochs"]
    assert "hidden_units" in complete("%%autoencoder deep d\nlatent_dim = 3\nhid")
