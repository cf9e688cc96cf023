"""Widget messages inside a running cell, on each ipykernel version whose inner parts the pump knows."""

from __future__ import annotations

import time

import pytest

from aenb.notebook.widgets.kernel_messages import Pump
from tests.kernels import VERSIONS, LiveKernel

PRELUDE = """
import sys, threading, time
import ipykernel, ipywidgets
from IPython.display import display
from aenb.notebook.widgets.kernel_messages import Pump

button = ipywidgets.Button(description="Stop")
slider = ipywidgets.IntSlider(description="Level")
kernel = get_ipython().kernel
pump = Pump()
clicks, levels, order = [], [], []
action = lambda: None

def clicked(_):
    clicks.append(time.time())
    action()

button.on_click(clicked)
slider.observe(lambda change: levels.append(change.new), "value")

def loop(done=lambda: clicks, seconds=3.0, pump=pump):
    print("ready", flush=True)
    end = time.monotonic() + seconds
    while not done() and time.monotonic() < end:
        pump()
        time.sleep(0.001)
    return bool(done())
"""

# Takes away one inner part of the kernel, which only the receiving of messages needs, as `broken()` does something.
BROKEN = """
def broken(function):
    if ipykernel.version_info[0] == 6:
        parts, name = vars(kernel), "msg_queue"
    else:
        parts, name = vars(kernel.shell_channel_thread.manager.get_shell_channel_to_subshell_pair(None)), "to_stream"
    part = parts.pop(name)
    try:
        return function()
    finally:
        parts[name] = part
"""


@pytest.fixture(scope="module", params=VERSIONS)
def started(request):
    with LiveKernel(request.param) as kernel:
        kernel.run(PRELUDE)
        kernel.button, kernel.slider = kernel.comm("Stop"), kernel.comm("Level")
        kernel.ways = [None, kernel.subshell()] if request.param[0] == "7" else [None]
        yield kernel


@pytest.fixture
def kernel(started):
    started.run("clicks.clear(); levels.clear(); order.clear(); action = lambda: None; slider.value = 0")
    return started


def block(kernel, code):
    """Start a cell and wait until it loops."""
    cell = kernel.submit(code)
    kernel.wait_for(kernel.text("ready"))
    return cell


def states(kernel, msg_id):
    return [message["content"]["execution_state"] for message in kernel.of(msg_id, "status")]


def test_the_kernel_has_the_version_asked_for_and_is_known(kernel):
    assert kernel.value("ipykernel.__version__") == kernel.version
    assert kernel.value("pump.works") is True
    assert kernel.value("pump()") == 0  # nothing waits


def test_a_click_is_seen_while_the_cell_runs(kernel):
    for way in kernel.ways:
        cell = block(kernel, "clicks.clear(); print(loop())")
        sent = time.time()
        kernel.click(kernel.button, way)
        kernel.wait_idle(cell)
        assert "True" in kernel.printed(kernel.of(cell))
        assert kernel.value("clicks[0]") - sent < 1


def test_a_cell_that_awaits_can_pump_too(kernel):
    cell = block(
        kernel, "import asyncio\nawait asyncio.sleep(0)\nprint(loop())\nawait asyncio.sleep(0)\nprint('after')"
    )
    later = kernel.submit("order.append(1)")
    click = kernel.click(kernel.button)
    kernel.wait_idle(later)
    assert "True\nafter" in kernel.printed(kernel.of(cell))
    assert states(kernel, click) == ["busy", "idle"]
    assert kernel.value("order") == [1]


def test_a_sliders_value_arrives_and_the_page_hears_which_message_it_was(kernel):
    for way in kernel.ways:
        cell = block(kernel, "slider.value = 0; levels.clear(); print(loop(lambda: len(levels) == 3))")
        sent = []
        for value in (3, 5, 7):  # as the page's throttle does: the next after the idle of the last
            sent.append(kernel.update(kernel.slider, way, value=value))
            kernel.wait_idle(sent[-1])
        kernel.wait_idle(cell)
        assert kernel.value("levels") == [3, 5, 7]
        for value, msg_id in zip((3, 5, 7), sent, strict=True):
            (echo,) = kernel.of(msg_id, "comm_msg")
            assert echo["content"]["data"] == {"method": "echo_update", "state": {"value": value}, "buffer_paths": []}


def test_other_requests_run_after_the_cell_in_their_order(kernel):
    cell = block(kernel, "print(loop(lambda: len(clicks) == 4), order)")
    cells = []
    for number in range(3):
        cells += [kernel.submit(f"order.append({2 * number})"), kernel.submit(f"order.append({2 * number + 1})")]
        kernel.click(kernel.button)
        time.sleep(0.1)  # several looks of the pump
    cells.append(kernel.submit("order.append(6)"))
    kernel.click(kernel.button)  # ends the cell, and is the last: see `wait_idle` on what comes in during a reply
    kernel.wait_idle(cells[-1])
    assert "True []" in kernel.printed(kernel.of(cell))
    assert kernel.value("order") == [0, 1, 2, 3, 4, 5, 6]
    inputs = [m["parent_header"]["msg_id"] for m in kernel.messages if m["msg_type"] == "execute_input"]
    assert inputs[-9:-1] == [cell, *cells]


def test_what_the_cell_shows_stays_in_the_cell(kernel):
    for way in kernel.ways:
        cell = block(
            kernel,
            "clicks.clear(); action = lambda: print('of the click')\n"
            "handle = display('d1', display_id=True); print('before')\n"
            "loop(); loop(lambda: False, 0.2)\n"
            "print('after'); print('error', file=sys.stderr); display('d2'); handle.update('d3'); 'result'",
        )
        click = kernel.click(kernel.button, way)
        kernel.wait_idle(cell)
        mine = [(m["msg_type"], m["content"]) for m in kernel.of(cell)]
        text = "".join(content["text"] for kind, content in mine if kind == "stream")
        assert [part in text for part in ("before", "after", "error", "of the click")] == [True, True, True, False]
        shown = [(kind, content["data"]["text/plain"]) for kind, content in mine if "data" in content]
        assert shown == [
            ("display_data", "'d1'"),
            ("display_data", "'d2'"),
            ("update_display_data", "'d3'"),
            ("execute_result", "'result'"),
        ]
        assert kernel.printed(kernel.of(click)) == "of the click\n"
        assert kernel.of(click)[-1]["msg_type"] == "status"  # idle comes after the text


def test_busy_and_idle_are_published_for_each_message(kernel):
    cell = block(kernel, "loop(lambda: len(clicks) == 3)")
    sent = [kernel.click(kernel.button) for _ in range(3)]
    kernel.wait_idle(cell)
    assert [states(kernel, msg_id) for msg_id in sent] == [["busy", "idle"]] * 3
    order = [m["parent_header"]["msg_id"] for m in kernel.messages if m["msg_type"] == "status"]
    # after each, the kernel is reported busy again with the cell
    assert order[-10:] == [*(one for click in sent for one in (click, click, cell)), cell]


def test_an_interrupt_ends_the_cell_and_the_next_one_works(kernel):
    cell = block(kernel, "loop(seconds=10)")
    kernel.interrupt()
    kernel.wait_idle(cell)
    (error,) = kernel.of(cell, "error")
    assert error["content"]["ename"] == "KeyboardInterrupt"
    assert kernel.value("clicks") == []
    assert kernel.value("pump.works") is True
    test_a_click_is_seen_while_the_cell_runs(kernel)


def test_an_interrupt_inside_a_callback_loses_no_other_message(kernel):
    code = "def action():\n    if len(clicks) == 1: print('sleeps', flush=True); time.sleep(5)\nloop(seconds=10)"
    cell = block(kernel, code)
    sent = [kernel.click(kernel.button) for _ in range(3)]
    kernel.wait_for(kernel.text("sleeps"))
    kernel.interrupt()
    kernel.wait_idle(cell, seconds=2)
    (error,) = kernel.of(cell, "error")
    assert error["content"]["ename"] == "KeyboardInterrupt"
    for msg_id in sent:
        kernel.wait_idle(msg_id)
        assert states(kernel, msg_id) == ["busy", "idle"]
    assert kernel.value("len(clicks)") == 3


EVERY_LINE = """
import signal
eager = Pump(interval=0)
socket = getattr(eager._inbox, "socket", kernel.shell_stream.socket)
line = stop = hits = 0
files = ("kernel_messages.py", "kernel_inbox.py", "delayed_interrupt.py")

def trace(frame, event, _):
    global line
    names = {frame.f_code.co_name, frame.f_back.f_code.co_name}
    if event == "call":
        return trace if frame.f_code.co_filename.endswith(files) else None
    if event == "line" and not names & {"allowed", "_run"}:
        line += 1
        if line == stop:
            signal.raise_signal(signal.SIGINT)
    return trace

while line >= stop:  # until a call has fewer lines
    line, stop = 0, stop + 1
    print("ready", flush=True)
    socket.poll(1000)
    sys.settrace(trace)
    try:
        eager()
    except KeyboardInterrupt:
        hits += 1
    finally:
        sys.settrace(None)
    eager()
print("end", stop)
"""


def test_an_interrupt_at_any_line_of_the_pump_loses_no_message(kernel):
    """But for those in which a handler runs: there an interrupt is the callback's, as in ipykernel."""
    cell, sent = kernel.submit(EVERY_LINE), []
    while "end" not in kernel.wait_for(lambda m: m["msg_type"] == "stream")["content"]["text"]:
        sent.append(kernel.update(kernel.slider, value=len(sent) + 1))
    kernel.wait_idle(cell)
    for msg_id in sent:
        kernel.wait_idle(msg_id)
    assert len(sent) > 50
    assert kernel.of(cell, "error") == []
    assert kernel.value("sorted(levels)") == list(range(1, len(sent) + 1))
    assert all(states(kernel, msg_id) == ["busy", "idle"] for msg_id in sent)
    assert kernel.value("stop - hits") == 1  # each but the last call, which was shorter, was interrupted
    assert kernel.value("eager.works") is True


def test_a_callback_that_raises_does_not_end_the_cell(kernel):
    cell = block(kernel, "def action(): 1 / len(clicks[1:])\nprint(loop(lambda: len(clicks) == 2))")
    bad, good = kernel.click(kernel.button), kernel.click(kernel.button)
    kernel.wait_idle(cell)
    assert "True" in kernel.printed(kernel.of(cell))
    assert kernel.of(cell, "error") == []
    assert [m["content"]["ename"] for m in kernel.of(bad, "error")] == ["ZeroDivisionError"]
    assert kernel.of(good, "error") == []


def test_a_handler_that_raises_is_logged_and_does_not_end_the_cell(kernel):
    code = """
import logging
records = []
handler = logging.Handler()
handler.emit = lambda record: records.append((record.getMessage(), record.exc_info[0].__name__))
kernel.log.addHandler(handler)
ours = kernel.shell_handlers["comm_msg"]
def bad(*message):
    kernel.shell_handlers["comm_msg"] = ours
    raise AttributeError("not ipykernel's")
kernel.shell_handlers["comm_msg"] = bad
print(loop(), records, pump.works)
kernel.log.removeHandler(handler)
"""
    cell = block(kernel, code)
    bad, good = kernel.click(kernel.button), kernel.click(kernel.button)
    kernel.wait_idle(cell)
    assert "True [('Exception in message handler:', 'AttributeError')] True" in kernel.printed(kernel.of(cell))
    assert states(kernel, bad) == states(kernel, good) == ["busy", "idle"]


def test_an_unknown_kernel_is_left_alone(kernel):
    """The canary: one part less, and the pump does nothing; the message comes after the cell."""
    kernel.run(BROKEN)
    cell = block(kernel, "other = broken(Pump); print(other.works, loop(seconds=0.5, pump=other), other())")
    click = kernel.click(kernel.button)
    kernel.wait_idle(cell)
    assert "False False 0" in kernel.printed(kernel.of(cell))
    kernel.wait_idle(click)
    assert kernel.value("len(clicks)") == 1


@pytest.mark.parametrize("name", ["_publish_status", "set_parent"])
def test_a_surprise_while_draining_turns_the_pump_off_and_loses_nothing(kernel, name):
    code = f"""
def changed(*arguments, **named):
    if sys._getframe(1).f_code.co_filename.endswith("kernel_messages.py"):
        raise TypeError("unexpected keyword argument")
    return ours(*arguments, **named)
ours = kernel.{name}
other = Pump()
kernel.{name} = changed
print(other.works, loop(seconds=0.5, pump=other), other.works)
del kernel.{name}
"""
    cell = block(kernel, code)
    sent = [kernel.click(kernel.button) for _ in range(2)]
    kernel.wait_idle(cell)
    assert "True False False" in kernel.printed(kernel.of(cell))
    assert kernel.of(cell, "error") == []
    for msg_id in sent:
        kernel.wait_idle(msg_id)
    assert kernel.value("len(clicks)") == 2


def test_off_the_main_thread_nothing_happens(kernel):
    code = """
eager, counts = Pump(interval=0), []
def elsewhere():
    end = time.monotonic() + 0.2
    while time.monotonic() < end:
        counts.append(eager())
thread = threading.Thread(target=elsewhere)
thread.start()
print("ready", flush=True)
thread.join()
print(set(counts), len(clicks), loop(pump=eager))
"""
    cell = block(kernel, code)
    kernel.click(kernel.button)
    kernel.wait_idle(cell)
    assert "{0} 0 True" in kernel.printed(kernel.of(cell))


def test_inside_a_callback_nothing_happens(kernel):
    code = """
eager, counts = Pump(interval=0), []
def action():
    if len(clicks) == 1:
        print("inside", flush=True)
        end = time.monotonic() + 0.2
        while time.monotonic() < end:
            counts.append(eager())
print(loop(lambda: len(clicks) == 2, pump=eager), set(counts))
"""
    cell = block(kernel, code)
    kernel.click(kernel.button)
    kernel.wait_for(kernel.text("inside"))
    kernel.click(kernel.button)
    kernel.wait_idle(cell)
    assert "True {0}" in kernel.printed(kernel.of(cell))


def test_the_interval_is_kept(kernel):
    code = "slow = Pump(interval=60); slow(); print(loop(seconds=0.3, pump=slow), slow.works)"
    cell = block(kernel, code)
    click = kernel.click(kernel.button)
    kernel.wait_idle(cell)
    assert "False True" in kernel.printed(kernel.of(cell))
    kernel.wait_idle(click)
    assert kernel.value("len(clicks)") == 1


def test_a_call_costs_microseconds(kernel):
    code = "start = time.perf_counter()\nfor _ in range(20_000): pump()\ncost = (time.perf_counter() - start) / 20_000"
    kernel.run(code)
    assert kernel.value("cost") < 50e-6


def test_outside_a_kernel_it_does_nothing():
    pump = Pump()
    assert pump.works is False
    assert pump() == 0


def test_in_a_terminal_it_does_nothing(shell):
    pump = Pump()
    assert pump.works is False
    assert pump() == 0
