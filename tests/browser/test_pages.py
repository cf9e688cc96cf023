"""The interactive pages of the chapters, without a network: sliders move by keyboard, and the numbers are right."""

from __future__ import annotations

import base64
import importlib.util
import io
import json
import re
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from scipy import integrate, special, stats

ROOT = Path(__file__).parents[2]
PAGES, SOURCES = ROOT / "notebooks" / "pages", ROOT / ".ci" / "pages"
NAMES = sorted(path.stem for path in PAGES.glob("*.html"))

# As JupyterLab shows an output: scripts in HTML that is set do not run, so it puts new ones in their place.
AS_JUPYTERLAB = """(html) => {
  document.body.innerHTML = html;
  for (const old of document.body.querySelectorAll("script")) {
    const script = document.createElement("script");
    script.textContent = old.textContent;
    old.replaceWith(script);
  }
}"""


class Shown:
    """One page of the document."""

    def __init__(self, page, name: str):
        self.root = page.locator(f"[data-aenb-page={name}]")

    def press(self, slider: str, *keys: str) -> float:
        """Press keys on a slider, each so many times ("ArrowRight*3"); return its value."""
        control = self.root.locator(f"input[name={slider}]")
        before = control.input_value()
        for key in keys:
            name, _, times = key.partition("*")
            for _ in range(int(times or 1)):
                control.press(name)
        assert control.input_value() != before, f"{slider} did not move"
        return float(control.input_value())

    def text(self, value: str) -> str:
        return self.root.locator(f"[data-value={value}]").inner_text().replace("−", "-")

    def number(self, value: str) -> float:
        return self.numbers(value)[0]

    def numbers(self, value: str) -> list[float]:
        return [float(number) for number in re.findall(r"-?\d+\.?\d*", self.text(value))]


@pytest.fixture(scope="module")
def document(browser):
    """Return a document with all pages, as in one notebook, and what went wrong in it."""
    context = browser.new_context(viewport={"width": 440, "height": 800}, reduced_motion="reduce")
    context.set_offline(True)
    page, wrong = context.new_page(), []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("console", lambda message: wrong.append(message.text) if message.type in ("error", "warning") else None)
    page.on("request", lambda request: wrong.append(request.url) if not request.url.startswith("data:") else None)
    page.set_content("<body style='margin:0'>" + "".join((PAGES / f"{name}.html").read_text() for name in NAMES))
    yield page, wrong
    context.close()


@pytest.fixture
def shown(document, request):
    """Return the page after which a test is named: test_NAME."""
    page, wrong = document
    yield Shown(page, request.node.name.removeprefix("test_"))
    assert wrong == []


def numbers(name: str) -> dict:
    return json.loads((SOURCES / f"{name}.json").read_text())


def test_pca(shown):
    found = numbers("pca")
    x, mean, direction = (np.array(found[key]) for key in ("examples", "mean", "direction"))
    position, noise = shown.press("position", "Home", "ArrowRight*9") / 100, shown.press("noise", "ArrowRight*20")
    codes = (x - mean) @ direction
    variances = np.linalg.eigvalsh(np.cov(x.T, bias=True))  # the error of PCA is what the other components have
    assert shown.number("pca-error") == pytest.approx(variances[0] + noise**2 * codes.var(), abs=6e-4)
    z = codes.min() + position * np.ptp(codes)
    near = np.abs(codes - z) < 0.02 * np.ptp(codes)
    far = np.linalg.norm(x[near] - mean - z * direction, axis=1).mean()
    assert shown.number("pca-distance") == pytest.approx(far, abs=6e-3)
    assert np.ptp(x[near], axis=0).max() > 0.5  # examples far apart have this code

    shown.press("noise", "Home")
    h = x
    for number, layer in enumerate(found["weights"]):
        h = h @ np.array(layer["kernel"]) + np.array(layer["bias"])
        h = h if number == 3 else np.tanh(h)
    error = ((h - x) ** 2).sum(axis=1).mean()
    assert shown.number("ae-error") == pytest.approx(error, abs=6e-4)
    assert error < 0.05**2  # the noise across the curve has this variance
    assert shown.number("ae-distance") < shown.number("pca-distance") / 3


def test_elbo(shown):
    mu, sigma = shown.press("mu", "Home", "PageUp*5"), shown.press("sigma", "ArrowLeft*5")
    epsilon = shown.press("epsilon", "ArrowLeft*14")
    q, prior = stats.norm(mu, sigma), stats.norm(0, 1)
    kl = q.expect(lambda z: q.logpdf(z) - prior.logpdf(z))
    likelihood = q.expect(lambda z: stats.norm(z, 0.5).logpdf(1.5))
    evidence = np.log(integrate.quad(lambda z: prior.pdf(z) * stats.norm(z, 0.5).pdf(1.5), -9, 9)[0])
    assert shown.number("kl") == pytest.approx(kl, abs=6e-4)
    assert shown.number("reconstruction") == pytest.approx(-likelihood, abs=6e-4)
    assert shown.number("elbo") == pytest.approx(likelihood - kl, abs=6e-4)
    assert shown.number("gap") == pytest.approx(evidence - likelihood + kl, abs=6e-4)
    assert shown.number("z") == pytest.approx(mu + sigma * epsilon, abs=6e-3)


def test_beta(shown):
    values = np.array(numbers("beta")["eigenvalues"])
    beta, variance = 10 ** shown.press("beta", "ArrowRight*4"), 0.02

    def terms(w):
        """Return R and D of decoder weights w, with the best encoder for them: (dimensions,) each."""
        posterior = beta * variance / (w**2 + beta * variance)
        gain = w / (w**2 + beta * variance)  # the posterior's mean is gain · x
        rate = 0.5 * (gain**2 * values + posterior - 1 - np.log(posterior))
        return rate, (1 - w * gain) ** 2 * values + w**2 * posterior

    grid = np.linspace(0, 1, 4001)[:, None]  # the best weights, by search
    rate, distortion = terms(grid)
    best = (distortion / (2 * variance) + beta * rate).argmin(axis=0), np.arange(len(values))
    assert shown.number("rate") == pytest.approx(rate[best].sum(), abs=0.02)
    assert shown.number("bits") == pytest.approx(rate[best].sum() / np.log(2), abs=0.1)
    assert shown.number("distortion") == pytest.approx(distortion[best].sum(), abs=2e-3)
    assert shown.number("slope") == pytest.approx(-2 * beta * variance, abs=6e-5)
    assert shown.numbers("active") == [(rate[best] > 1e-3).sum(), len(values)]


def test_discriminator(shown):
    m, s, x = shown.press("m", "ArrowRight*4"), shown.press("s", "ArrowLeft*3"), shown.press("x", "ArrowRight*3")
    p, q = stats.norm(0, 1), stats.norm(m, s)

    def divergence(q):
        def at(t):
            mixed = (p.pdf(t) + q.pdf(t)) / 2
            return special.rel_entr(p.pdf(t), mixed) / 2 + special.rel_entr(q.pdf(t), mixed) / 2

        return integrate.quad(at, -10, 14, limit=200)[0]

    assert shown.number("d") == pytest.approx(p.pdf(x) / (p.pdf(x) + q.pdf(x)), abs=6e-4)
    assert shown.number("js") == pytest.approx(divergence(q), abs=6e-4)
    assert shown.number("v") == pytest.approx(2 * divergence(q) - np.log(4), abs=6e-4)
    slope = (divergence(stats.norm(m + 0.01, s)) - divergence(stats.norm(m - 0.01, s))) / 0.02
    assert shown.number("gradient") == pytest.approx(slope, abs=1e-3)


def test_straight_through(shown):
    codebook = np.array([[-1.5, -0.9], [-0.75, 0.15], [-1.3, 1.0], [0.1, -0.85], [0.35, 0.55], [1.3, -0.45], [1.25, 1]])
    target = np.array([0.85, 0.75])
    z = np.array([shown.press("z1", "ArrowRight*9"), shown.press("z2", "ArrowRight*12")])
    beta = shown.press("beta", "ArrowRight*5")
    for _ in range(2):
        k = np.linalg.norm(codebook - z, axis=1).argmin()
        copied, commitment = 2 * (codebook[k] - target), 2 * beta * (z - codebook[k])
        assert shown.number("k") == k + 1
        assert shown.number("error") == pytest.approx(((codebook[k] - target) ** 2).sum(), abs=6e-4)
        np.testing.assert_allclose(shown.numbers("copied"), copied, atol=6e-3)
        np.testing.assert_allclose(shown.numbers("commitment"), commitment, atol=6e-3)
        shown.root.get_by_role("button", name="One gradient step").press("Enter")
        moved = np.array([float(shown.root.locator(f"input[name=z{i}]").input_value()) for i in (1, 2)])
        np.testing.assert_allclose(moved, z - 0.05 * (copied + commitment), atol=0.03)  # sliders have steps of 0.05
        z = moved


def test_attention(shown):
    phrases = numbers("attention")["phrases"]
    sentence, word = int(shown.press("sentence", "ArrowRight")) - 1, int(shown.press("word", "ArrowRight*3")) - 1
    temperature = 10 ** shown.press("temperature", "ArrowRight*6")
    words, scores = phrases[sentence]["words"], np.array(phrases[sentence]["scores"])[word]
    assert shown.text("word") == words[word]
    for mask in (True, False):
        shown.root.get_by_label("mask the word itself").set_checked(mask)
        logits = np.where(np.arange(len(words)) == word, -np.inf if mask else scores, scores) / temperature
        weights = special.softmax(logits)
        assert shown.text("largest").split()[0] == words[weights.argmax()]
        assert shown.number("largest") == pytest.approx(weights.max(), abs=6e-4)
        assert shown.number("entropy") == pytest.approx(special.entr(weights).sum(), abs=6e-4)
        assert shown.number("effective") == pytest.approx(np.exp(special.entr(weights).sum()), abs=6e-3)


def test_diffusion(shown):
    means, weights = np.array([[-1.1, -0.6], [1.5, -0.3], [0.5, 1.95]]), np.array([0.5, 0.3, 0.2])

    def score(x, sigma):
        """Return the gradient of the log density, by complex steps."""
        slopes = []
        for step in 1e-20j * np.eye(2):
            exponents = -((x + step - means) ** 2).sum(axis=1) / (2 * (0.09 + sigma**2))
            slopes.append(np.log((weights * np.exp(exponents)).sum()).imag / 1e-20)
        return np.array(slopes)

    shown.press("particle", "ArrowRight*4")
    shown.press("time", "Home")
    start, highest = np.array(shown.numbers("x")), shown.number("sigma")
    time = shown.press("time", "PageUp*6")
    sigma, x = shown.number("sigma"), np.array(shown.numbers("x"))
    assert sigma == pytest.approx(4 * (0.02 / 4) ** (time / 100), abs=6e-4)
    np.testing.assert_allclose(shown.numbers("score"), score(x, sigma), atol=0.1)  # x is shown to 0.005
    np.testing.assert_allclose(shown.numbers("denoised"), x + sigma**2 * score(x, sigma), atol=0.02)
    path = integrate.solve_ivp(lambda s, x: -s * score(x, s), (highest, sigma), start, rtol=1e-8, atol=1e-8)
    np.testing.assert_allclose(x, path.y[:, -1], atol=0.02)
    shown.press("time", "End")
    np.testing.assert_allclose(shown.numbers("shares"), 100 * weights, atol=6)  # 240 particles: a deviation of 3
    shown.press("time", "Home")
    shown.root.get_by_role("button", name="Play").press("Enter")  # motion is reduced: a step, and no animation
    assert shown.text("time") == "10 %"


def test_pages_fit_a_narrow_sheet_and_are_labelled(document):
    page, wrong = document
    assert page.evaluate("document.documentElement.scrollWidth") <= 440
    for control in page.locator("input, button").all():
        assert control.get_attribute("data-lm-suppress-shortcuts") == "true"
    assert page.get_by_role("slider").count() == page.locator("input[type=range]").count() > 7
    for slider in page.get_by_role("slider").all():
        assert slider.get_attribute("aria-valuetext")
        assert slider.evaluate("slider => slider.labels[0].textContent.trim()")
    for panel in page.locator("[data-panel]").all():
        assert panel.get_attribute("role") == "img"
        assert panel.get_attribute("aria-label")
    assert wrong == []


def test_pages_start_in_an_output_of_jupyterlab_and_twice(document):
    page, wrong = document
    page.evaluate(AS_JUPYTERLAB, 2 * (PAGES / "discriminator.html").read_text())
    for root in page.locator("[data-aenb-page=discriminator]").all():
        root.locator("input[name=m]").press("Home")
        assert root.locator("[data-value=m]").inner_text() == "−6.0"
    assert wrong == []


def test_pictures_are_there_without_scripts(browser):
    context = browser.new_context(java_script_enabled=False, viewport={"width": 440, "height": 800})
    page = context.new_page()
    page.set_content("".join((PAGES / f"{name}.html").read_text() for name in NAMES))
    stills = page.locator("img[data-panel]").all()
    assert len(stills) == 15
    for still in stills:
        drawn = ElementTree.fromstring(base64.b64decode(still.get_attribute("src").partition("base64,")[2]))
        assert len(list(drawn.iter())) > 10
    with Image.open(io.BytesIO(stills[0].screenshot())) as picture:
        assert len(picture.convert("RGB").getcolors(100_000)) > 20
    assert page.locator(".values b").first.inner_text()
    assert not any(control.is_visible() for control in page.locator("input, button").all())
    context.close()


@pytest.mark.parametrize("name", NAMES)
def test_a_page_is_built_from_its_source_and_loads_nothing(name):
    spec = importlib.util.spec_from_file_location("build_pages", SOURCES / "build.py")
    build = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(build)
    written = (PAGES / f"{name}.html").read_text()
    figure, script = build.source(name)
    assert written.endswith(f"<script>\n{script}</script>\n"), "python .ci/pages/build.py"
    assert (SOURCES / "kit.css").read_text() in written
    assert re.search(r"<figcaption>.*?</figcaption>", figure, re.DOTALL)[0] in written
    assert not re.search(r"""https?:|["'(=]//|\bimport\b|url\(|fetch\(|\bsrc="(?!data:)""", written)
