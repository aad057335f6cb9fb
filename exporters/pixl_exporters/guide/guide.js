"use strict";
/*
 * The guide: what is worked on now, what is done, and the page around the grid.
 *
 * A step is what the mode cuts the work into: a region, a row, a colour, or all of it; inside a step one colour may be picked out.
 * "In focus" are the cells of the step (of that colour); the rest is dimmed. Progress is a bit a cell, whatever the mode.
 */
const byId = (id) => document.getElementById(id);
const info = JSON.parse(byId("guide").textContent);
const pixl = JSON.parse(byId("pixl").textContent);
const [width, height] = pixl.size;
const cells = laidCells(pixl.rows, width, info.mirrored, info.shifted);
const colors = info.colors.map((color) => ({
  ...color,
  rgb: [1, 3, 5].map((at) => parseInt(color.hex.slice(at, at + 2), 16)),
  symbol: {...color.symbol, path: color.symbol.d ? new Path2D(color.symbol.d) : null},
  label: color.code === color.name ? color.name : `${color.code} ${color.name}`,
}));
const em = 620 / Math.max(1, ...colors.map((color) => color.symbol.size));
const grid = byId("grid");
const progress = new GuideProgress({digest: info.digest, title: info.title, width, height});
const state = {mode: "all", at: {region: 0, row: 0, color: 0, all: 0}, pick: -1, marks: info.mark, fade: "pale", theme: "auto",
  mirrored: false, ruler: null};
const used = colors.map((_, k) => k).filter((k) => cells.includes(k));
const rows = Array.from({length: height}, (_, row) => row)
  .filter((row) => cells.subarray(row * width, (row + 1) * width).some((k) => k >= 0));
const focus = new Uint8Array(width * height);
let inFocus = []; // cells, in reading order
let stroke = null;

/** The document's rows as they are laid: run lengths unrolled, and turned where the pegs' side shows. */
function laidCells(lines, wide, mirrored, shifted) {
  const map = new Int16Array(wide * lines.length);
  lines.forEach((line, row) => {
    const values = line.split(" ").flatMap((word) => {
      const [name, times] = word.split("*");
      return new Array(Number(times || 1)).fill(name === "." ? -1 : Number(name));
    });
    if (mirrored) {
      const last = shifted[row] ? values.splice(-1) : []; // rows half a pitch to the right have no peg in the last column
      values.reverse().push(...last);
    }
    map.set(values, row * wide);
  });
  return map;
}

// -- steps ------------------------------------------------------------------------------------------------------------

function steps(mode = state.mode) {
  return {region: info.regions, row: rows, color: used, all: [0]}[mode];
}

function stepName(mode, at) {
  const step = steps(mode)[at];
  if (mode === "region") return `${info.word} ${step.name}`;
  if (mode === "row") return `Row ${step + 1}`;
  return mode === "color" ? `${colors[step].number}  ${colors[step].name}` : "The whole";
}

function stepRegion() {
  if (state.mode === "region") return info.regions[state.at.region];
  if (state.mode === "row") return {row: rows[state.at.row], column: 0, rows: 1, columns: width};
  return null;
}

/** Cells of a step that are not empty, in reading order. */
function stepCells(mode, at) {
  const found = [], step = steps(mode)[at];
  const {row, column, rows: high, columns} = mode === "region" ? step
    : mode === "row" ? {row: step, column: 0, rows: 1, columns: width} : {row: 0, column: 0, rows: height, columns: width};
  for (let r = row; r < row + high; r++) for (let k = column; k < column + columns; k++) {
    const cell = r * width + k;
    if (cells[cell] >= 0 && (mode !== "color" || cells[cell] === step)) found.push(cell);
  }
  return found;
}

const isDone = (list) => list.every((cell) => progress.done[cell]);
const countDone = (list) => list.reduce((sum, cell) => sum + progress.done[cell], 0);
const number = (value) => value.toLocaleString("en");

function goTo(mode, at, {look = true, animate = true} = {}) {
  const count = steps(mode).length, moved = mode !== state.mode;
  state.mode = mode;
  state.at[mode] = ((at % count) + count) % count;
  state.pick = -1;
  if (moved) fillItems();
  refocus();
  if (look && moved && mode === "row" && grid.scale < 16) grid.scaleTo(18);
  if (look) lookAt(animate);
  keep();
}

/** Bring the step into view: a region as large as it goes, a row by the shortest way, colours in the whole. */
function lookAt(animate) {
  if (state.mode === "region") grid.show(stepRegion(), animate);
  else if (state.mode === "row") grid.reveal(stepRegion(), animate);
  else grid.fit(animate);
}

function next(by) {
  const count = steps().length;
  let at = state.at[state.mode] + by;
  if (by > 0) for (let i = 0; i < count && isDone(stepCells(state.mode, ((at % count) + count) % count)); i++) at++;
  goTo(state.mode, at);
}

/** Tick off what is in focus (or take the ticks away), then go on to what is left. */
function finish() {
  if (byId("done").hidden) return;
  const value = isDone(inFocus) ? 0 : 1;
  const changed = progress.set(inFocus, value);
  if (!value) return afterTicks(changed);
  afterTicks(changed, false);
  const step = stepCells(state.mode, state.at[state.mode]);
  if (state.pick >= 0 && !isDone(step)) {
    const order = used.filter((k) => step.some((cell) => cells[cell] === k && !progress.done[cell]));
    state.pick = order.find((k) => k > state.pick) ?? order[0];
    refocus();
    keep();
  } else if (state.mode !== "all" && used.length && countDone(all) < all.length) next(1);
  else { state.pick = -1; refocus(); keep(); }
  say(`${number(changed.length)} done. ${stepName(state.mode, state.at[state.mode])}`);
}

const all = stepCells("all", 0);

// -- what is shown ----------------------------------------------------------------------------------------------------

function refocus() {
  const step = stepCells(state.mode, state.at[state.mode]);
  inFocus = state.pick < 0 ? step : step.filter((cell) => cells[cell] === state.pick);
  focus.fill(0);
  for (const cell of inFocus) focus[cell] = 1;
  grid.focusRegion = stepRegion();
  paintFlags();
  showStep(step);
}

function paintFlags(changed) {
  const hot = state.mode === "color" || state.pick >= 0 ? PixlStamps.HOT : 0;
  for (const cell of changed || cells.keys()) {
    const now = focus[cell] ? (progress.done[cell] ? 0 : hot) : cells[cell] >= 0 ? PixlStamps.DIM : 0;
    grid.flags[cell] = progress.done[cell] * PixlStamps.DONE + now;
  }
  grid.touch(changed);
}

function afterTicks(changed, store = true) {
  paintFlags(changed);
  showStep(stepCells(state.mode, state.at[state.mode]));
  showReadout(grid.cursor);
  if (store) keep();
}

// -- ticking on the grid ----------------------------------------------------------------------------------------------

grid.addEventListener("pixl-hover", ({detail}) => showReadout(detail.cell < 0 ? grid.cursor : detail.cell));
grid.addEventListener("pixl-point", ({detail}) => { showReadout(detail.cell); sayCell(detail.cell); });
grid.addEventListener("pixl-pick", ({detail: {cell, by}}) => {
  grid.point(cell, false);
  showReadout(cell);
  if (cell < 0 || by !== "key" || cells[cell] < 0) return;
  afterTicks(progress.set(grid.cellsWith(cell), progress.done[cell] ? 0 : 1));
  sayCell(cell);
});
grid.addEventListener("pixl-stroke", ({detail: {phase, cell}}) => {
  if (phase === "start") stroke = {value: cell >= 0 ? 1 - progress.done[cell] : 1, mark: progress.steps, last: cell};
  if (!stroke) return;
  if (phase === "cancel") {
    while (progress.steps > stroke.mark) afterTicks(progress.undo());
    stroke = null;
    return;
  }
  const touched = between(stroke.last, cell).filter((c) => focus[c]).flatMap((c) => grid.cellsWith(c));
  stroke.last = cell;
  const changed = progress.set(touched, stroke.value);
  if (changed.length) paintFlags(changed);
  if (cell >= 0) { grid.point(cell, false); showReadout(cell); }
  if (phase !== "end") return;
  progress.join(stroke.mark);
  stroke = null;
  afterTicks([]);
});

/** Cells on the line between two, both in it: a fast finger leaves no gaps. */
function between(from, to) {
  if (to < 0) return [];
  if (from < 0) return [to];
  const [r0, k0, r1, k1] = [Math.floor(from / width), from % width, Math.floor(to / width), to % width];
  const count = Math.max(Math.abs(r1 - r0), Math.abs(k1 - k0), 1);
  const on = (start, end, i) => Math.round(start + ((end - start) * i) / count);
  return Array.from({length: count + 1}, (_, i) => on(r0, r1, i) * width + on(k0, k1, i));
}

// -- the page ---------------------------------------------------------------------------------------------------------

function fillItems() {
  byId("item").replaceChildren(...steps().map((_, at) => new Option(stepName(state.mode, at), String(at))));
  document.querySelector(`#modes [value="${state.mode}"]`).checked = true;
}

function pickColor(k) {
  if (state.mode === "color") return goTo("color", used.indexOf(k));
  state.pick = state.pick === k ? -1 : k;
  refocus();
  keep();
}

function keep() { progress.keep({...state, at: {...state.at}}); }

function setMarks(value) {
  state.marks = value;
  byId("marks").value = value;
  grid.marks = value;
  refocus();
  keep();
}

function setTheme(value) {
  state.theme = value;
  document.documentElement.dataset.theme = value;
  byId("theme").value = value;
  grid.restyle();
  keep();
}

function setMirrored(value) {
  state.mirrored = value;
  byId("mirror").setAttribute("aria-pressed", String(value));
  grid.mirrored = value;
  showRuns();
  keep();
}

function setPen(value) {
  grid.tool = value ? "pen" : "hand";
  byId("pen").setAttribute("aria-pressed", String(value));
}

function undo() {
  if (progress.canUndo) afterTicks(progress.undo());
}

byId("modes").addEventListener("change", (event) => goTo(event.target.value, state.at[event.target.value]));
byId("item").addEventListener("change", (event) => goTo(state.mode, Number(event.target.value)));
byId("colors").addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (button) pickColor(Number(button.dataset.k));
});
const actions = {back: () => next(-1), next: () => next(1), done: finish, undo, pen: () => setPen(grid.tool !== "pen"),
  mirror: () => setMirrored(!state.mirrored), larger: () => grid.zoom(1.25), smaller: () => grid.zoom(0.8), fit: () => grid.fit()};
for (const [id, action] of Object.entries(actions)) byId(id).addEventListener("click", action);
byId("marks").addEventListener("change", (event) => setMarks(event.target.value));
byId("theme").addEventListener("change", (event) => setTheme(event.target.value));
byId("fade").addEventListener("change", (event) => { state.fade = event.target.value; grid.fade = state.fade === "pale"; keep(); });

grid.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey) {
    if (event.key === "z") { event.preventDefault(); undo(); }
    return;
  }
  const kinds = ["symbol", "number", "code", "none"];
  const keys = {d: finish, n: () => next(1), p: () => next(-1), u: undo, t: actions.pen,
    s: () => setMarks(kinds[(kinds.indexOf(state.marks) + 1) % 4]),
    m: () => info.turnable && actions.mirror(), 1: () => byId("life").click(), "?": () => byId("keys").showModal(),
    c: () => grid.cursor >= 0 && cells[grid.cursor] >= 0 && pickColor(cells[grid.cursor])};
  const action = keys[event.key.toLowerCase()];
  if (!action || event.altKey) return;
  event.preventDefault();
  action();
});

function start() {
  document.documentElement.classList.remove("plain");
  byId("icon").href = byId("thumb").src;
  const kept = progress.restore();
  for (const key of ["marks", "fade", "theme", "ruler"]) if (kept[key] !== undefined) state[key] = kept[key];
  if (["region", "row", "color", "all"].includes(kept.mode)) state.mode = kept.mode;
  for (const mode of Object.keys(state.at)) {
    const at = Number(kept.at?.[mode]);
    if (Number.isInteger(at) && at >= 0 && at < steps(mode).length) state.at[mode] = at;
  }
  state.mirrored = Boolean(info.turnable && kept.mirrored);
  grid.margin = 62;
  grid.load({width, height, cells, colors, look: info.look, step: info.step, shifted: info.shifted, every: info.every,
    regions: info.regions, pieces: info.pieces});
  byId("fade").value = state.fade;
  grid.fade = state.fade === "pale";
  setTheme(state.theme);
  setMirrored(state.mirrored);
  setMarks(state.marks);
  setPen(false);
  fillItems();
  goTo(state.mode, state.at[state.mode], {look: Boolean(kept.mode), animate: false});
  startPage();
  progress.onElsewhere(() => { refocus(); showGot(); });
}
