"use strict";
/*
 * PixlStamps: one cell as a small picture, drawn once for each colour and state and then copied.
 *
 * A state is a sum of DONE (laid, ironed in, stitched), DIM (not what is worked on now), PLAIN (no mark) and HOT (picked out:
 * ringed where the colour itself would drown in the ground, as black does in the dark).
 * A look is how a cell appears: `built` cells show the real thing, the others a flat colour that carries a mark.
 */
class PixlStamps {
  static DONE = 1;
  static DIM = 2;
  static PLAIN = 4;
  static HOT = 8;
  static LOOKS = {flat: drawFlat, tile: drawTile, stud: drawStud, "round-stud": drawRoundStud, round: drawRound, bead: drawBead,
    cross: drawCross};
  static ROUND = new Set(["bead", "round", "round-stud"]); // less room for a mark

  #known = new Map();
  #settings;

  /** settings: {colors, look, em, joined, marks, least (side that carries a mark), fade, theme: {ground, line, ink, font}} */
  constructor(settings) {
    this.#settings = settings;
    this.ground = parseHex(settings.theme.ground);
    this.accent = parseHex(settings.theme.accent);
    this.faint = settings.colors.map(({rgb}) => contrast(rgb, this.ground) < 2.2);
  }

  /** rgb of a colour in a state: what is not worked on, or done, goes towards the ground. */
  tint(k, state) {
    const {colors, fade} = this.#settings;
    if (state & PixlStamps.HOT && this.faint[k]) return colors[k].rgb.map((value, i) => (value + this.accent[i]) >> 1);
    const away = state & PixlStamps.DIM ? 0.87 : state & PixlStamps.DONE && fade ? 0.66 : 0;
    return colors[k].rgb.map((value, i) => Math.round(value + (this.ground[i] - value) * away));
  }

  /** The picture of colour k (-1: empty) in w x h device pixels. */
  get(k, state, w, h) {
    const key = `${k} ${state} ${w} ${h}`;
    let canvas = this.#known.get(key);
    if (!canvas) {
      canvas = document.createElement("canvas");
      [canvas.width, canvas.height] = [Math.max(1, w), Math.max(1, h)];
      this.#draw(canvas.getContext("2d"), k, state, w, h);
      this.#known.set(key, canvas);
    }
    return canvas;
  }

  #draw(c, k, state, w, h) {
    const {colors, look, marks, fade, theme, joined, least} = this.#settings, s = Math.min(w, h);
    if (k < 0) {
      if (s >= 8) disc(c, w, h, Math.max(1, s * 0.06), theme.line);
      return;
    }
    const color = colors[k], dim = Boolean(state & PixlStamps.DIM), done = Boolean(state & PixlStamps.DONE);
    const marked = marks !== "none" && s >= least;
    const gap = joined || s < 6 ? 0 : Math.max(1, Math.round(s / 30));
    const draw = PixlStamps.LOOKS[look] || drawFlat;
    const css = `rgb(${this.tint(k, state & ~PixlStamps.HOT)})`;
    draw(c, {w, h, s, gap, css, dim, real: !dim && (done || !marked)});
    if (state & PixlStamps.HOT && this.faint[k]) this.#ring(c, w - gap, h - gap, s, PixlStamps.ROUND.has(look));
    if (dim || !marked) return;
    if (done) drawTick(c, w, h, s, fade ? theme.ink : color.ink);
    else if (!(state & PixlStamps.PLAIN)) this.#mark(c, color, w - gap, h - gap, s);
  }

  #ring(c, w, h, s, round) {
    const line = Math.max(1, Math.round(s * 0.09)), css = `rgb(${this.accent.join(" ")} / ${s < 12 ? 0.6 : 0.9})`;
    if (round) return ring(c, w / 2, h / 2, s * 0.47 - line / 2, line, css);
    Object.assign(c, {strokeStyle: css, lineWidth: line});
    c.strokeRect(line / 2, line / 2, w - line, h - line);
  }

  #mark(c, color, w, h, s) {
    const {marks, em, theme, look} = this.#settings, symbol = marks === "symbol" ? color.symbol : null;
    c.fillStyle = color.ink;
    if (symbol && symbol.path) {
      const scale = (s * em * (PixlStamps.ROUND.has(look) ? 0.84 : 1)) / 1000;
      c.setTransform(scale, 0, 0, scale, w / 2, h / 2);
      c.fill(symbol.path);
      c.setTransform(1, 0, 0, 1, 0, 0);
      return;
    }
    const text = symbol ? symbol.text : marks === "code" ? color.code : String(color.number);
    const size = s * Math.min(0.52, 1.4 / Math.max(2, text.length));
    if (size < 5) return;
    Object.assign(c, {font: `600 ${size}px ${theme.font}`, textAlign: "center", textBaseline: "alphabetic"});
    c.fillText(text, w / 2, h / 2 + size * 0.36);
  }
}

function parseHex(text) {
  const digits = text.replace("#", "");
  return [0, 2, 4].map((at) => parseInt(digits.slice(at, at + 2), 16) || 0);
}

/** Contrast of two rgb as WCAG counts it, 1 to 21. */
function contrast(a, b) {
  const luminance = ([r, g, b]) => 0.05 + 0.2126 * (r / 255) ** 2.2 + 0.7152 * (g / 255) ** 2.2 + 0.0722 * (b / 255) ** 2.2;
  const [low, high] = [luminance(a), luminance(b)].sort((x, y) => x - y);
  return high / low;
}

function disc(c, w, h, radius, css) {
  c.fillStyle = css;
  c.beginPath();
  c.arc(w / 2, h / 2, radius, 0, 7);
  c.fill();
}

function ring(c, x, y, radius, width, css, from = 0, to = 7) {
  c.strokeStyle = css;
  c.lineWidth = width;
  c.beginPath();
  c.arc(x, y, radius, from, to);
  c.stroke();
}

function drawTick(c, w, h, s, ink) {
  if (s < 11) return;
  Object.assign(c, {strokeStyle: ink, lineWidth: Math.max(1.2, s * 0.07), lineCap: "round", lineJoin: "round", globalAlpha: 0.75});
  c.beginPath();
  c.moveTo(w / 2 - s * 0.17, h / 2 + s * 0.01);
  c.lineTo(w / 2 - s * 0.04, h / 2 + s * 0.13);
  c.lineTo(w / 2 + s * 0.18, h / 2 - s * 0.14);
  c.stroke();
  c.globalAlpha = 1;
}

// -- looks: each fills the cell's colour and, for the real thing, its relief -----------------------------------------

function drawFlat(c, {w, h, gap, css}) {
  c.fillStyle = css;
  c.fillRect(0, 0, w - gap, h - gap);
}

function drawTile(c, cell) {
  drawFlat(c, cell);
  if (cell.s < 10 || cell.dim) return;
  const edge = Math.max(1, Math.round(cell.s / 18)), w = cell.w - cell.gap, h = cell.h - cell.gap;
  c.fillStyle = "rgb(255 255 255 / .16)";
  c.fillRect(0, 0, w, edge);
  c.fillRect(0, 0, edge, h);
  c.fillStyle = "rgb(0 0 0 / .14)";
  c.fillRect(0, h - edge, w, edge);
  c.fillRect(w - edge, 0, edge, h);
}

/** Lit from the upper left: a bright and a dark rim; only a hint of it under a mark. */
function relief(c, cell) {
  const {s, w, h, gap, real, dim} = cell;
  if (s < 12 || dim) return;
  const x = (w - gap) / 2, y = (h - gap) / 2, radius = s * 0.31, width = Math.max(1, s * 0.055), strength = real ? 1 : 0.45;
  ring(c, x, y, radius, width, `rgb(255 255 255 / ${0.32 * strength})`, Math.PI * 0.75, Math.PI * 1.75);
  ring(c, x, y, radius, width, `rgb(0 0 0 / ${0.26 * strength})`, Math.PI * 1.75, Math.PI * 2.75);
}

function drawStud(c, cell) {
  drawFlat(c, cell);
  relief(c, cell);
}

function drawRound(c, cell) {
  const radius = cell.s * 0.47;
  disc(c, cell.w - cell.gap, cell.h - cell.gap, radius, cell.css);
  if (cell.s >= 8) ring(c, (cell.w - cell.gap) / 2, (cell.h - cell.gap) / 2, radius, 1, "rgb(128 128 128 / .28)");
}

function drawRoundStud(c, cell) {
  drawRound(c, cell);
  relief(c, cell);
}

/** A bead seen from above: a hole where no mark needs the room. */
function drawBead(c, cell) {
  drawRound(c, {...cell, gap: 0});
  if (cell.s < 7 || !cell.real) return;
  const {w, h, s} = cell;
  if (s >= 14) ring(c, w / 2, h / 2, s * 0.33, Math.max(1, s * 0.05), "rgb(255 255 255 / .2)", Math.PI * 0.8, Math.PI * 1.7);
  c.globalCompositeOperation = "destination-out";
  disc(c, w, h, s * 0.15, "#000");
  c.globalCompositeOperation = "source-over";
}

/** Two crossed legs of thread on cloth. */
function drawCross(c, cell) {
  const {w, h, s, gap, css, real} = cell;
  if (!real || s < 9) return drawFlat(c, cell);
  c.fillStyle = css;
  c.globalAlpha = 0.35;
  c.fillRect(0, 0, w - gap, h - gap);
  c.globalAlpha = 1;
  const leg = s * 0.15, x = w - gap, y = h - gap;
  for (const [x0, x1] of [[leg, x - leg], [x - leg, leg]]) {
    Object.assign(c, {lineCap: "round", strokeStyle: "rgb(0 0 0 / .22)", lineWidth: s * 0.31});
    for (const stroke of [0, 1]) {
      if (stroke) Object.assign(c, {strokeStyle: css, lineWidth: s * 0.25});
      c.beginPath();
      c.moveTo(x0, leg);
      c.lineTo(x1, y - leg);
      c.stroke();
    }
  }
}
