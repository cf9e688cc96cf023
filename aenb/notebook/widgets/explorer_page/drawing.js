// Drawing

const FOCUSED = new Set(["button", "canvas", "input", "select"]); // JupyterLab would take their keys as shortcuts

function element(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  if (FOCUSED.has(tag) || "tabindex" in attributes) node.setAttribute("data-lm-suppress-shortcuts", "true");
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (value !== false && value != null) node.setAttribute(name, value);
  }
  node.append(...children);
  return node;
}

function sharp(canvas, width, height) {
  // as many pixels as the screen has
  const ratio = window.devicePixelRatio || 1;
  canvas.width = Math.round(width * ratio);
  canvas.height = Math.round(height * ratio);
  const pen = canvas.getContext("2d");
  pen.setTransform(ratio, 0, 0, ratio, 0, 0);
  return pen;
}

// An example on a canvas: values are in [0, 1] for images (as floats, or bytes as numbers in [0, 255])
function drawImage(canvas, [height, width, channels], values, scale) {
  canvas.width = width;
  canvas.height = height;
  const pen = canvas.getContext("2d"), image = pen.createImageData(width, height);
  for (let i = 0; i < width * height; i++) {
    for (let c = 0; c < 3; c++) {
      const value = channels === 3 ? values[3 * i + c] : values[channels * i];
      image.data[4 * i + c] = Math.max(0, Math.min(255, value * scale));
    }
    image.data[4 * i + 3] = 255;
  }
  pen.putImageData(image, 0, 0);
}

function drawLines(canvas, [length, channels], values, [low, high], colours) {
  const pen = sharp(canvas, canvas.clientWidth || 220, canvas.clientHeight || 140);
  const w = canvas.clientWidth || 220, h = canvas.clientHeight || 140;
  pen.clearRect(0, 0, w, h);
  for (let c = 0; c < Math.min(channels, 3); c++) {
    pen.strokeStyle = colours[c];
    pen.lineWidth = 1.6;
    pen.beginPath();
    for (let t = 0; t < length; t++)
      pen.lineTo((t / Math.max(1, length - 1)) * (w - 8) + 4, h - 6 - ((values[t * channels + c] - low) / (high - low)) * (h - 12));
    pen.stroke();
  }
}

// a bar for each value, and a line for each of `others`
function drawBars(canvas, names, values, [low, high], colour, others) {
  const row = 15, w = canvas.clientWidth || 260, h = row * names.length + 4, left = w * 0.55;
  canvas.style.height = `${h}px`;
  const pen = sharp(canvas, w, h);
  const ink = getComputedStyle(canvas).color || "#808080", zero = left + ((0 - low) / (high - low)) * (w - left - 4);
  pen.font = "11px sans-serif";
  pen.textBaseline = "middle";
  names.forEach((name, i) => {
    const at = (value) => left + ((Math.max(low, Math.min(high, value)) - low) / (high - low)) * (w - left - 4), end = at(values[i]);
    pen.fillStyle = ink;
    pen.textAlign = "right";
    pen.fillText(name.length > 22 ? `${name.slice(0, 21)}…` : name, left - 6, row * i + row / 2 + 2);
    pen.fillStyle = colour;
    pen.fillRect(Math.min(zero, end), row * i + 4, Math.max(1, Math.abs(end - zero)), row - 5);
    if (!others) return;
    pen.fillStyle = ink;
    pen.fillRect(at(others[i]) - 1, row * i + 2, 2, row - 1);
  });
}
