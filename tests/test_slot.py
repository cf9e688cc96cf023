"""What a notebook keeps of a widget: over the wire, as a page that can fill a slot, and as one that can't."""

import json

import pytest

from tests.kernels import LiveKernel

WIDGET = "application/vnd.jupyter.widget-view+json"
SHOWN = "import aenb\npanel = aenb.Trainer('deep', 'digits')\npanel"


@pytest.fixture(scope="module")
def kernel():
    with LiveKernel("7.4.0", AENB_LIVE="1") as kernel:
        yield kernel


def opened(kernel, cell, trait):
    """Return the comm id and the state of the widgets that a cell made, with this trait."""
    contents = [message["content"] for message in kernel.of(cell, "comm_open")]
    return [(one["comm_id"], one["data"]["state"]) for one in contents if trait in one["data"]["state"]]


def test_the_output_is_html_alone_once_the_page_can_fill_it(kernel):
    cell = kernel.submit(SHOWN)
    kernel.wait_idle(cell, 60)
    (shown,) = kernel.of(cell, "display_data")
    assert WIDGET in shown["content"]["data"]  # VS Code, Colab and others never say that they are ready
    ((door, state),) = opened(kernel, cell, "shown")
    assert state["shown"] == shown["content"]["data"][WIDGET]["model_id"]
    kernel.send(door, {"method": "custom", "content": {"kind": "ready"}})
    kept = kernel.wait_for(lambda message: message["msg_type"] == "update_display_data")["content"]
    assert kept["transient"] == shown["content"]["transient"]
    assert WIDGET not in kept["data"]
    assert WIDGET not in json.dumps(kept["metadata"])
    assert f'data-aenb-slot="{state["name"]}"' in kept["data"]["text/html"]
    assert "Panel (needs a kernel)." in kept["data"]["text/html"]
    assert "%%autoencoder deep deep_1" in kept["data"]["text/plain"]


def test_a_page_that_is_never_ready_keeps_the_widget_and_the_current_content(kernel):
    """VS Code tries the widget first, and the HTML of the same output if the kernel does not know the widget."""
    cell = kernel.submit(
        "import ipywidgets\nfrom aenb.notebook.widgets.slot import Slot\n"
        "words = 'no run'\nslider = ipywidgets.IntSlider()\n"
        "still = lambda: {'text/plain': words, 'text/html': f'<p>{words}</p>'}\n"
        "slot = Slot(get_ipython(), slider, still)\nwords = 'the result'\nslot.update()\nprint(slider.model_id)"
    )
    kernel.wait_idle(cell, 60)
    (kept,) = kernel.of(cell, "update_display_data")
    data = kept["content"]["data"]
    assert data[WIDGET]["model_id"] == kernel.printed(kernel.of(cell)).strip()
    assert (data["text/html"], data["text/plain"]) == ("<p>the result</p>", "the result")


def test_a_page_that_is_ready_too_late_does_not_open_a_closed_slot_again(kernel):
    cell = kernel.submit(
        "import ipywidgets\nfrom aenb.notebook.widgets.slot import Slot\n"
        "still = {'text/plain': 'under way', 'text/html': 'under way'}\n"
        "slot = Slot(get_ipython(), ipywidgets.IntSlider(), lambda: still)\n"
        "slot.close({'text/plain': 'over', 'text/html': 'over'})"
    )
    kernel.wait_idle(cell, 60)
    ((door, _),) = opened(kernel, cell, "shown")
    assert door in [message["content"]["comm_id"] for message in kernel.of(cell, "comm_close")]
    kernel.wait_idle(kernel.send(door, {"method": "custom", "content": {"kind": "ready"}}))
    kept = [m["content"]["data"]["text/html"] for m in kernel.messages if m["msg_type"] == "update_display_data"]
    assert kept[-1] == "over"


def test_one_widget_keeps_the_keys_of_all_controls(kernel):
    cell = kernel.submit("aenb.Trainer('deep', 'digits'); aenb.Trainer('vae', 'digits')")
    kernel.wait_idle(cell, 60)
    scripts = [m["content"]["data"]["state"].get("_esm", "") for m in kernel.messages if m["msg_type"] == "comm_open"]
    assert sum("data-lm-suppress-shortcuts" in script and "aenb-keys" in script for script in scripts) == 1


def test_without_live_displays_there_are_no_widgets(kernel):
    cell = kernel.submit("import os\nos.environ['AENB_LIVE'] = '0'\npanel")
    kernel.wait_idle(cell, 60)
    (shown,) = kernel.of(cell, "display_data")
    assert set(shown["content"]["data"]) == {"text/plain", "text/html"}
    assert not kernel.of(cell, "comm_open")


def test_a_host_without_anywidget_is_sent_none(kernel):
    cell = kernel.submit(
        "os.environ['AENB_LIVE'], os.environ['KAGGLE_KERNEL_RUN_TYPE'] = '1', 'Interactive'\n"
        "import ipywidgets\nfrom aenb.notebook.widgets.slot import Slot\n"
        "slot = Slot(get_ipython(), ipywidgets.IntSlider(), lambda: {'text/plain': '', 'text/html': ''})"
    )
    kernel.wait_idle(cell, 60)
    assert not kernel.of(cell, "error")
    assert not opened(kernel, cell, "_esm")
