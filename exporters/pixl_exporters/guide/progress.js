"use strict";
/*
 * GuideProgress: which cells are done and which things are bought, kept in the browser and in files.
 *
 * Kept under the digest of the document, so that two patterns never mix and a changed one begins anew.
 */
class GuideProgress {
  static STEPS = 200; // that can be undone

  done; // Uint8Array, a byte a cell: 0 or 1
  got = new Set(); // keys of the shopping list
  keeps = true; // whether the browser keeps anything
  #key;
  #info;
  #undo = [];
  #timer = 0;

  /** info: {digest, title, width, height} */
  constructor(info) {
    this.#info = info;
    this.#key = `pixl-guide:${info.digest}`;
    this.done = new Uint8Array(info.width * info.height);
    addEventListener("pagehide", () => this.#write());
    document.addEventListener("visibilitychange", () => document.hidden && this.#write());
  }

  /** What the browser kept; returns the settings that were kept with it. */
  restore() {
    let kept = null;
    try {
      const probe = "pixl-guide:probe";
      localStorage.setItem(probe, "1");
      localStorage.removeItem(probe);
      kept = JSON.parse(localStorage.getItem(this.#key));
    } catch {
      this.keeps = false;
    }
    if (!kept || typeof kept !== "object") return {};
    try {
      this.#take(kept);
    } catch {
      return {}; // damaged: begin anew rather than not at all
    }
    return typeof kept.settings === "object" && kept.settings ? kept.settings : {};
  }

  /** Another window of the same guide wrote. */
  onElsewhere(tell) {
    addEventListener("storage", (event) => {
      if (event.key !== this.#key || !event.newValue) return;
      try {
        this.#take(JSON.parse(event.newValue));
      } catch {
        return;
      }
      this.#undo = [];
      tell();
    });
  }

  /** Set cells to done (1) or not (0); those that changed can be set back with undo(). Returns them. */
  set(cells, value) {
    const changed = [...new Set(cells)].filter((cell) => this.done[cell] !== value);
    for (const cell of changed) this.done[cell] = value;
    if (changed.length) {
      this.#undo.push({cells: changed, value});
      if (this.#undo.length > GuideProgress.STEPS) this.#undo.shift();
    }
    return changed;
  }

  get canUndo() { return this.#undo.length > 0; }

  /** Take back the last change; returns its cells. */
  undo() {
    const last = this.#undo.pop();
    if (!last) return [];
    for (const cell of last.cells) this.done[cell] = 1 - last.value;
    return last.cells;
  }

  /** Several changes since a mark count as one: mark = steps, then join(mark). */
  get steps() { return this.#undo.length; }
  join(mark) {
    const parts = this.#undo.splice(mark);
    if (parts.length) this.#undo.push({cells: parts.flatMap((part) => part.cells), value: parts[0].value});
  }

  clear() {
    this.done.fill(0);
    this.got.clear();
    this.#undo = [];
  }

  /** Keep it, soon. */
  keep(settings) {
    this.settings = settings;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#write(), 150);
  }

  #write() {
    if (!this.settings || !this.keeps) return;
    try {
      localStorage.setItem(this.#key, JSON.stringify({...this.#values(), settings: this.settings}));
    } catch {
      this.keeps = false;
    }
  }

  #values() { return {done: packBits(this.done), got: [...this.got].sort()}; }

  #take(kept) {
    const done = unpackBits(String(kept.done), this.done.length);
    this.done.set(done);
    this.got = new Set(Array.isArray(kept.got) ? kept.got.filter((key) => typeof key === "string").slice(0, 5000) : []);
  }

  /** The progress as a file's text. */
  toText() {
    const {digest, title, width, height} = this.#info;
    return `${JSON.stringify({"pixl-progress": 1, digest, title, size: [width, height], ...this.#values()}, null, 1)}\n`;
  }

  /** Read a file's text. Returns "" when it was taken, "other" for another pattern's of this size (take it with force), else a
   *  sentence that says what is wrong. */
  fromText(text, force = false) {
    const {digest, width, height} = this.#info;
    let kept;
    try {
      kept = JSON.parse(text);
    } catch {
      return "This is not a progress file.";
    }
    if (!kept || kept["pixl-progress"] !== 1) return "This is not a progress file.";
    const [wide, high] = Array.isArray(kept.size) ? kept.size : [];
    if (wide !== width || high !== height) return `That progress is of another pattern (${Number(wide)} × ${Number(high)}).`;
    if (kept.digest !== digest && !force) return "other";
    try {
      this.#take(kept);
    } catch {
      return "The progress file is damaged.";
    }
    this.#undo = [];
    return "";
  }
}

/** Bytes of 0 and 1 as base64 of bits, the first cell in the highest bit. */
function packBits(values) {
  const bytes = new Uint8Array(Math.ceil(values.length / 8));
  values.forEach((value, i) => { if (value) bytes[i >> 3] |= 128 >> (i & 7); });
  let text = "";
  for (let i = 0; i < bytes.length; i += 8192) text += String.fromCharCode(...bytes.subarray(i, i + 8192));
  return btoa(text);
}

function unpackBits(text, count) {
  const bytes = atob(text);
  if (bytes.length !== Math.ceil(count / 8)) throw new RangeError("another number of cells");
  return Uint8Array.from({length: count}, (_, i) => (bytes.charCodeAt(i >> 3) >> (7 - (i & 7))) & 1);
}
