"use strict";
/*
 * Around the work: tabs, the shopping list, files, life size, paper.
 */
function startPage() {
  startTabs();
  startShopping();
  startFiles();
  startLifeSize();
  startPaper();
  startScreen();
  byId("help").addEventListener("click", () => byId("keys").showModal());
}

// -- tabs -------------------------------------------------------------------------------------------------------------

function startTabs() {
  const tabs = [...document.querySelectorAll('[role="tab"]')];
  const choose = (chosen) => {
    for (const tab of tabs) {
      tab.setAttribute("aria-selected", String(tab === chosen));
      tab.tabIndex = tab === chosen ? 0 : -1;
      byId(tab.getAttribute("aria-controls")).hidden = tab !== chosen;
    }
    document.documentElement.classList.toggle("reading", chosen.id !== "tab-build");
  };
  tabs.forEach((tab, i) => {
    tab.addEventListener("click", () => choose(tab));
    tab.addEventListener("keydown", (event) => {
      const by = {ArrowLeft: -1, ArrowRight: 1}[event.key];
      if (!by) return;
      const other = tabs[(i + by + tabs.length) % tabs.length];
      choose(other);
      other.focus();
    });
  });
  choose(tabs[0]);
}

// -- shopping ---------------------------------------------------------------------------------------------------------

function showGot() {
  for (const box of document.querySelectorAll("#shop [data-key]")) {
    box.checked = progress.got.has(box.dataset.key);
    box.closest("tr").classList.toggle("got", box.checked);
  }
}

function startShopping() {
  byId("shop").addEventListener("change", (event) => {
    const {key} = event.target.dataset;
    if (key === undefined) return;
    if (event.target.checked) progress.got.add(key);
    else progress.got.delete(key);
    showGot();
    keep();
  });
  showGot();
  byId("copy-list").addEventListener("click", () => {
    const lines = [...document.querySelectorAll("#shop tr")].map((row) => [...row.cells].slice(2).map(cellText).join("\t"));
    copy(`${lines.join("\n")}\n`, byId("copied-list"), null);
  });
  byId("copy-xml")?.addEventListener("click", () => copy(byId("xml").value, byId("copied-xml"), byId("xml")));
}

/** A cell's text, its second line after a comma. */
function cellText(cell) {
  const parts = [...cell.querySelectorAll("small span")].map((part) => part.textContent);
  return [cell.firstChild?.textContent.trim() ?? "", ...parts].join(", ");
}

/** To the clipboard; where the browser refuses, the text is left selected for the person to copy. */
async function copy(text, told, field) {
  try {
    await navigator.clipboard.writeText(text);
    told.textContent = "Copied.";
    return;
  } catch {
    // an older browser, or no permission: by selection
  }
  const area = field || document.createElement("textarea");
  if (!field) {
    area.value = text;
    area.readOnly = true;
    told.after(area);
  }
  area.focus();
  area.select();
  let copied = false;
  try {
    copied = document.execCommand("copy");
  } catch {
    // told below
  }
  told.textContent = copied ? "Copied." : "Selected: copy it by Ctrl+C, or hold the text.";
  if (copied && !field) area.remove();
}

// -- files ------------------------------------------------------------------------------------------------------------

function download(name, text, type) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], {type}));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}

/** Ask; true for yes. */
function confirmed(text, yes) {
  const dialog = byId("ask");
  byId("ask-text").textContent = text;
  byId("ask-ok").textContent = yes;
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise((resolve) => dialog.addEventListener("close", () => resolve(dialog.returnValue === "ok"), {once: true}));
}

function startFiles() {
  if (!progress.keeps)
    byId("kept").textContent = "This browser keeps nothing for this file: save the progress to a file before you close it.";
  const took = (text) => { byId("told").textContent = text; refocus(); showGot(); keep(); };
  byId("save").addEventListener("click", () => {
    download(`${info.name}-progress.json`, progress.toText(), "application/json");
    byId("told").textContent = `Saved as ${info.name}-progress.json.`;
  });
  byId("load").addEventListener("click", () => byId("file").click());
  byId("file").addEventListener("change", async () => {
    const [file] = byId("file").files;
    if (!file) return;
    byId("file").value = "";
    const text = file.size > 4e6 ? "" : await file.text();
    let wrong = progress.fromText(text);
    if (wrong === "other") {
      const use = await confirmed("That progress was saved from another pattern of this size, or from this one before it was "
        + "changed. Use it all the same?", "Use it");
      wrong = use ? progress.fromText(text, true) : "Nothing was loaded.";
    }
    if (wrong) byId("told").textContent = wrong;
    else took(`Loaded: ${number(countDone(all))} of ${number(all.length)} done.`);
  });
  byId("reset").addEventListener("click", async () => {
    if (!(await confirmed("Take away every tick, in the pattern and in the shopping list?", "Begin again"))) return;
    progress.clear();
    took("Everything is to do again.");
  });
  byId("take").addEventListener("click", () => download(`${info.name}.pixl`, `${byId("pixl").textContent}\n`, "application/json"));
}

// -- life size --------------------------------------------------------------------------------------------------------

const CARD = {width: 85.6, height: 53.98}; // mm: ISO/IEC 7810 ID-1

/** CSS pixels a mm, as measured; null before. The browser's zoom changes both by the same share. */
function pixelsPerMm() {
  const ruler = state.ruler;
  return ruler && ruler.perMm > 0 ? (ruler.perMm * ruler.ratio) / window.devicePixelRatio : null;
}

function startLifeSize() {
  const dialog = byId("ruler"), card = byId("card"), slider = byId("card-size");
  let then = null;
  const upright = () => window.innerWidth < 560;
  const draw = () => {
    const perMm = Number(slider.value), [wide, high] = upright() ? [CARD.height, CARD.width] : [CARD.width, CARD.height];
    Object.assign(card.style, {width: `${wide * perMm}px`, height: `${high * perMm}px`, borderRadius: `${3.18 * perMm}px`});
  };
  const open = (after) => {
    then = after;
    slider.value = pixelsPerMm() || 96 / 25.4;
    draw();
    dialog.returnValue = "";
    dialog.showModal();
  };
  slider.addEventListener("input", draw);
  for (const [id, by] of [["card-less", -1], ["card-more", 1]])
    byId(id).addEventListener("click", () => {
      slider.value = Number(slider.value) + by / (CARD.width * window.devicePixelRatio); // one pixel of the card
      draw();
    });
  dialog.addEventListener("close", () => {
    if (dialog.returnValue !== "ok") return;
    state.ruler = {perMm: Number(slider.value), ratio: window.devicePixelRatio};
    keep();
    if (then) then();
  });
  const show = () => grid.scaleTo(info.pitch * pixelsPerMm());
  byId("life").addEventListener("click", () => (pixelsPerMm() ? show() : open(show)));
  byId("measure").addEventListener("click", () => open(null));
}

// -- paper and screen -------------------------------------------------------------------------------------------------

function startPaper() {
  let asked = null;
  const guide = () => ({width, height, cells, colors, em, shifted: info.shifted, step: info.step, marks: state.marks,
    regions: info.regions, title: info.title, lines: info.lines.join(" · "), word: info.word});
  const fill = () => fillPaper(byId("paper"), guide(), asked || (state.mode === "region" ? [stepRegion()] : []));
  addEventListener("beforeprint", fill);
  addEventListener("afterprint", () => { byId("paper").replaceChildren(); asked = null; });
  const print = (regions) => { asked = regions; window.print(); };
  byId("print").addEventListener("click", () => print(null));
  byId("print-all").addEventListener("click", () => print(info.regions));
}

function startScreen() {
  const select = byId("awake");
  if (!navigator.wakeLock) {
    for (const node of document.querySelectorAll(".awake")) node.hidden = true;
    return;
  }
  let lock = null;
  const hold = async () => {
    try {
      if (select.value && !document.hidden) lock = await navigator.wakeLock.request("screen");
      else if (!select.value) await lock?.release();
    } catch {
      select.value = "";
    }
  };
  select.addEventListener("change", hold);
  document.addEventListener("visibilitychange", hold);
}

start();
