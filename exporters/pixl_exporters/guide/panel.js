"use strict";
/*
 * What the panel and the readout show: the step, its colours, its row in runs, the cell under the pointer.
 */
function showStep(step) {
  const done = countDone(inFocus), total = countDone(all);
  const item = byId("item");
  item.selectedIndex = state.at[state.mode];
  byId("left").textContent = done === inFocus.length ? `all ${number(done)} done`
    : `${number(done)} of ${number(inFocus.length)} done`;
  Object.assign(byId("part"), {max: inFocus.length || 1, value: done});
  Object.assign(byId("whole"), {max: all.length || 1, value: total});
  byId("whole-text").textContent = total === all.length ? "finished" : `${Math.floor((100 * total) / all.length)} % done`;
  byId("undo").disabled = !progress.canUndo;
  byId("done").textContent = inFocus.length && done === inFocus.length ? "Not done" : "Done";
  byId("done").hidden = state.mode === "all" && state.pick < 0; // not the whole work by one slip
  for (const id of ["back", "next"]) byId(id).hidden = state.mode === "all";
  showRuns();
  showColors(step);
}

function showColors(step) {
  const list = byId("colors"), counts = new Map();
  for (const cell of step) {
    const entry = counts.get(cells[cell]) || [0, 0];
    entry[0]++;
    entry[1] += progress.done[cell];
    counts.set(cells[cell], entry);
  }
  const shown = state.mode === "color" ? used.map((k) => [k, tally(k)])
    : used.filter((k) => counts.has(k)).map((k) => [k, counts.get(k)]);
  const chosen = state.mode === "color" ? used[state.at.color] : state.pick;
  const active = document.activeElement?.closest?.("#colors button")?.dataset.k;
  list.replaceChildren(...shown.map(([k, [count, done]]) => {
    const button = document.createElement("button"), name = document.createElement("span"), under = document.createElement("small");
    const amount = document.createElement("span"), small = document.createElement("small"), item = document.createElement("li");
    Object.assign(button, {type: "button", className: done === count ? "finished" : ""});
    button.dataset.k = k;
    button.setAttribute("aria-pressed", String(k === chosen));
    button.setAttribute("aria-label", `Colour ${colors[k].number}, ${colors[k].label}, ${count - done} of ${count} left`);
    button.title = colors[k].label;
    name.className = "name";
    under.textContent = `no. ${colors[k].number}${colors[k].code === colors[k].name ? "" : ` · ${colors[k].code}`}`;
    name.append(colors[k].name, under);
    amount.className = "count";
    small.textContent = done === count ? "done" : done ? `left of ${number(count)}` : "left";
    amount.append(done === count ? "✓" : number(count - done), small);
    button.append(chip(colors[k], state.marks, em), name, amount);
    item.append(button);
    return item;
  }));
  if (active !== undefined) list.querySelector(`[data-k="${active}"]`)?.focus();
  list.querySelector('[aria-pressed="true"]')?.scrollIntoView({block: "nearest", inline: "nearest"});
}

function tally(k) {
  let count = 0, done = 0;
  for (const cell of all) if (cells[cell] === k) {
    count++;
    done += progress.done[cell];
  }
  return [count, done];
}

/** The row as it is laid: runs of one colour. */
function runsOf(row) {
  const runs = [];
  for (let i = 0; i < width; i++) {
    const cell = row * width + (state.mirrored ? width - 1 - i : i);
    const last = runs.at(-1);
    if (last && cells[last[0]] === cells[cell]) last.push(cell);
    else runs.push([cell]);
  }
  return runs.filter((run) => cells[run[0]] >= 0);
}

function showRuns() {
  const list = byId("runs");
  list.hidden = state.mode !== "row";
  if (list.hidden) return;
  const active = document.activeElement?.closest?.("#runs button")?.dataset.i;
  list.replaceChildren(...runsOf(rows[state.at.row]).map((run, i) => {
    const button = document.createElement("button"), item = document.createElement("li"), color = colors[cells[run[0]]];
    const columns = run.map((cell) => (cell % width) + 1);
    const span = run.length > 1 ? `columns ${columns[0]} to ${columns.at(-1)}` : `column ${columns[0]}`;
    button.type = "button";
    button.dataset.i = i;
    button.setAttribute("aria-pressed", String(isDone(run)));
    button.setAttribute("aria-label", `${run.length} ${color.name}, ${span}`);
    button.title = `${color.label}, ${span}`;
    button.append(chip(color, state.marks, em), `× ${run.length}`);
    button.addEventListener("click", () => afterTicks(progress.set(run, isDone(run) ? 0 : 1)));
    item.append(button);
    return item;
  }));
  if (active !== undefined) list.querySelector(`[data-i="${active}"]`)?.focus();
}

function place(cell) {
  const row = Math.floor(cell / width), column = cell % width;
  const region = info.regions.find((r) =>
    row >= r.row && row < r.row + r.rows && column >= r.column && column < r.column + r.columns);
  return `column ${column + 1}, row ${row + 1}${region ? ` · ${info.word} ${region.name}` : ""}`;
}

function showReadout(cell) {
  const box = byId("readout");
  box.hidden = cell < 0;
  if (box.hidden) return;
  const name = document.createElement("b"), under = document.createElement("span"), text = document.createElement("span");
  const color = cells[cell] < 0 ? null : colors[cells[cell]];
  name.textContent = color ? color.label : "empty";
  const size = grid.cellsWith(cell).length;
  under.textContent = [color && `no. ${color.number}`, place(cell), size > 1 && `a piece of ${size}`, progress.done[cell] && "done"]
    .filter(Boolean).join(" · ");
  text.append(name, under);
  box.replaceChildren(...(color ? [chip(color, state.marks, em)] : []), text);
}

function say(text) { byId("say").textContent = text; }

function sayCell(cell) {
  const color = cells[cell] < 0 ? "empty" : `${colors[cells[cell]].number} ${colors[cells[cell]].label}`;
  say(`${color}, ${place(cell)}${progress.done[cell] ? ", done" : ""}`);
}
