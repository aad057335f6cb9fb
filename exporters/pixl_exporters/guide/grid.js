"use strict";
/*
 * <pixl-grid>: a pattern on a canvas. It draws, moves, zooms, points and picks; what a cell means is its host's affair.
 * Needs geometry.js, stamps.js, tiles.js and gestures.js before it; nothing else.
 *
 *   grid.load({width, height, cells: Int16Array (-1 empty), colors: [{rgb, ink, number, code, symbol: {path, size, text}}],
 *              look, step, shifted, every, regions: [{name, row, column, rows, columns}], pieces: [[row, column, rows, columns]]})
 *   grid.flags       Uint8Array, a byte a cell, PixlStamps.DONE | DIM | HOT; afterwards grid.touch(cells), or touch() for all.
 *                    cells may change, too (grid.cells): a studio paints by changing them and touching
 *   grid.marks       "symbol" | "number" | "code" | "none"          grid.fade       what is done goes pale
 *   grid.tool        "hand" moves, "pen" strokes over cells         grid.mirrored   left and right exchanged, text is not
 *   grid.focusRegion the region that is framed, or null             grid.margin     CSS pixels at the bottom to keep free
 *   grid.overlay     (context, {x, y, scale}) => void: the host's own drawing on top, in device pixels
 *   grid.fit() show(region) reveal(region) zoom(factor) scaleTo(pixels) point(cell) restyle() cellsWith(cell)
 *
 * Events: pixl-pick {cell, by}, pixl-hover {cell}, pixl-point {cell}, pixl-stroke {phase, cell}, pixl-view {scale}. A cell is
 * row * width + column, -1 is none. CSS colours, as #rrggbb: --grid-desk -ground -line -strong -ink -accent -halo.
 */
class PixlGrid extends HTMLElement {
  static #SMALLEST = 4; // device pixels a cell from which scales are whole numbers
  static #COLORS = {desk: "#eceae5", ground: "#ffffff", line: "#cfccc4", strong: "#55524b", ink: "#55524b", accent: "#d9480f",
    halo: "#ffffff"};

  flags = new Uint8Array(0);
  overlay = null;
  margin = 0;
  #data = null;
  #map = null;
  #tiles = null;
  #canvas = document.createElement("canvas");
  #context = this.#canvas.getContext("2d", {alpha: false});
  #theme = {};
  #dpr = 1;
  #s = 1; // device pixels a cell
  #ox = 0; // device pixels from the canvas's corner to the map's
  #oy = 0;
  #flight = null; // a way to another view
  #glide = null; // what a fling left
  #busyUntil = 0;
  #settle = null; // where to make the scale a whole number once it rests
  #queued = false;
  #cursor = -1;
  #hover = -1;
  #focus = null;
  #fitted = true;
  #marks = "symbol";
  #fade = true;
  #mirrored = false;
  #tool = "hand";

  connectedCallback() {
    if (this.#canvas.isConnected) return;
    if (!this.hasAttribute("tabindex")) this.tabIndex = 0;
    if (!this.hasAttribute("role")) this.setAttribute("role", "application");
    this.#canvas.setAttribute("aria-hidden", "true");
    Object.assign(this.#canvas.style, {display: "block", position: "absolute", inset: "0", width: "100%", height: "100%"});
    this.style.touchAction = "none";
    this.append(this.#canvas);
    new ResizeObserver(() => this.#resize()).observe(this);
    new PixlGestures(this, {
      pan: (dx, dy) => this.#pan(dx, dy),
      fling: (x, y) => { this.#glide = {x: x * this.#dpr, y: y * this.#dpr, at: performance.now()}; this.#ask(); },
      zoom: (factor, x, y) => this.#zoomLive(factor, x * this.#dpr, y * this.#dpr),
      tap: (x, y) => this.#tell("pick", {cell: this.#cellAt(x, y), by: "pointer"}),
      hover: (x, y) => this.#setHover(x === undefined ? -1 : this.#cellAt(x, y)),
      stroke: (phase, x, y) => this.#tell("stroke", {phase, cell: this.#cellAt(x, y)}),
      drawing: () => this.#tool === "pen",
    });
    this.addEventListener("keydown", (event) => this.#key(event));
    for (const type of ["focus", "blur"]) this.addEventListener(type, () => this.#ask());
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.restyle());
  }

  load(data) {
    this.#data = {step: 1, shifted: [], every: 0, regions: [], pieces: [], look: "flat", ...data};
    this.#map = new PixlGeometry(this.#data);
    this.#map.mirrored = this.#mirrored;
    this.flags = new Uint8Array(data.width * data.height);
    [this.#cursor, this.#hover, this.#focus, this.#fitted] = [-1, -1, null, true];
    this.restyle();
    this.#resize();
  }

  get cells() { return this.#data.cells; }
  get cursor() { return this.#cursor; }
  get scale() { return this.#s / this.#dpr; }
  get marks() { return this.#marks; }
  set marks(value) { this.#marks = value; this.restyle(); }
  get fade() { return this.#fade; }
  set fade(value) { this.#fade = Boolean(value); this.restyle(); }
  get tool() { return this.#tool; }
  set tool(value) { this.#tool = value; this.style.cursor = value === "pen" ? "crosshair" : "grab"; }
  get focusRegion() { return this.#focus; }
  set focusRegion(region) { this.#focus = region; this.#ask(); }
  get mirrored() { return this.#mirrored; }
  set mirrored(value) {
    if (this.#mirrored === Boolean(value)) return;
    this.#mirrored = Boolean(value);
    if (!this.#map) return;
    this.#map.mirrored = this.#mirrored;
    this.#ox = this.#canvas.width + this.#ruler() - this.#ox - this.#map.extent(this.#s).width;
    this.restyle();
  }

  /** Something of these cells (of all, without them) has changed. */
  touch(cells) {
    this.#tiles?.touch(cells);
    this.#ask();
  }

  cellsWith(cell) { return this.#map.cellsWith(cell); }

  /** Read the style sheet's colours again and draw everything anew. */
  restyle() {
    if (!this.#data) return;
    const style = getComputedStyle(this), theme = {font: style.fontFamily || "sans-serif"};
    for (const [name, other] of Object.entries(PixlGrid.#COLORS))
      theme[name] = style.getPropertyValue(`--grid-${name}`).trim() || other;
    this.#theme = theme;
    const {colors, look, cells} = this.#data, dpr = window.devicePixelRatio || 1;
    const em = 620 / Math.max(1, ...colors.map(({symbol}) => symbol?.size || 0)); // one size for all symbols
    const stamps = new PixlStamps({colors, look, em, joined: Boolean(this.#map.seams), marks: this.#marks,
      least: Math.max(12.5, 8 * dpr), fade: this.#fade, theme});
    this.#tiles = new PixlTiles({map: this.#map, cells, flags: this.flags, stamps, seam: theme.ground});
    this.#ask();
  }

  // -- the view ---------------------------------------------------------------------------------------------------------

  /** The whole map in view. */
  fit(animate = true) {
    const {width, height} = this.#map.extent(1);
    this.#fitted = true;
    this.#aim({x: 0, y: 0, w: width, h: height}, 10, animate);
  }

  /** A region as large as it goes. */
  show(region, animate = true) {
    this.#fitted = false;
    const {x, y, w, h} = this.#map.frame(region, 1024); // exact enough in 1/1024 of a cell
    this.#aim({x: x / 1024, y: y / 1024, w: w / 1024, h: h / 1024}, 26, animate);
  }

  /** A region into the middle by the shortest way, at the scale as it is; the start of one that is wider than the view. */
  reveal(region, animate = true) {
    const to = this.#flight?.to ?? {s: this.#s, x: this.#ox, y: this.#oy}, {x, y, w, h} = this.#map.frame(region, to.s);
    const ruler = this.#ruler(), {width, height} = this.#canvas;
    const middle = (start, length, room) => (length < room ? ruler + (room - length) / 2 : ruler + 10 * this.#dpr) - start;
    this.#fitted = false;
    this.#moveTo({s: to.s, x: middle(x, w, width - ruler), y: middle(y, h, height - ruler)}, animate);
  }

  /** Larger or smaller, about the middle. */
  zoom(factor, animate = true) {
    let s = this.#bound((this.#flight?.to.s ?? this.#s) * factor);
    if (s >= PixlGrid.#SMALLEST) s = factor > 1 ? Math.ceil(s) : Math.floor(s);
    this.#fitted = false;
    this.#zoomTo(s, this.#canvas.width / 2, this.#canvas.height / 2, animate);
  }

  /** Exactly so many CSS pixels a cell. */
  scaleTo(pixels) {
    this.#fitted = false;
    this.#zoomTo(pixels * this.#dpr, this.#canvas.width / 2, this.#canvas.height / 2, true);
  }

  /** Put the keyboard's cell somewhere, and into view. */
  point(cell, reveal = true) {
    this.#cursor = cell;
    if (cell >= 0 && reveal) {
      const {x, y, w, h} = this.#boxOf(cell), least = this.#ruler() + 6, {width, height} = this.#canvas;
      const dx = x < least ? least - x : Math.min(0, width - 8 - x - w);
      const dy = y < least ? least - y : Math.min(0, height - 8 - y - h);
      if (dx || dy) this.#moveTo({s: this.#s, x: this.#ox + dx, y: this.#oy + dy}, false);
    }
    this.#ask();
  }

  #ruler() { return Math.round(22 * this.#dpr); }

  #boxOf(cell) {
    const {x, y, w, h} = this.#map.box(cell, this.#s);
    return {x: Math.round(this.#ox) + x, y: Math.round(this.#oy) + y, w, h};
  }

  #cellAt(x, y) {
    return this.#map ? this.#map.at((x * this.#dpr - this.#ox) / this.#s, (y * this.#dpr - this.#oy) / this.#s) : -1;
  }

  #bound(s) {
    const {width, height} = this.#map.extent(1), fit = Math.min(this.#canvas.width / width, this.#canvas.height / height);
    return Math.min(Math.max(s, Math.min(fit * 0.6, 4)), 110 * this.#dpr);
  }

  #aim({x, y, w, h}, margin, animate) {
    const ruler = this.#ruler(), pad = margin * this.#dpr, {width, height} = this.#canvas;
    const room = Math.max(40, width - ruler - 2 * pad), drop = Math.max(40, height - ruler - 2 * pad - this.margin * this.#dpr);
    let s = Math.min(room / w, drop / h, 64 * this.#dpr);
    if (s >= PixlGrid.#SMALLEST) s = Math.floor(s);
    this.#moveTo({s, x: ruler + pad + (room - w * s) / 2 - x * s, y: ruler + pad + (drop - h * s) / 2 - y * s}, animate);
  }

  #zoomTo(s, x, y, animate) {
    const ratio = s / this.#s;
    this.#moveTo({s, x: x - (x - this.#ox) * ratio, y: y - (y - this.#oy) * ratio}, animate);
  }

  #moveTo(to, animate) {
    this.#glide = this.#settle = this.#flight = null;
    if (animate && this.#canvas.width && !matchMedia("(prefers-reduced-motion: reduce)").matches)
      this.#flight = {from: {s: this.#s, x: this.#ox, y: this.#oy}, to, began: performance.now()};
    else [this.#s, this.#ox, this.#oy] = [to.s, to.x, to.y];
    this.#tell("view", {scale: to.s / this.#dpr});
    this.#ask();
  }

  #pan(dx, dy) {
    this.#fitted = false;
    this.#moveTo({s: this.#s, x: this.#ox + dx * this.#dpr, y: this.#oy + dy * this.#dpr}, false);
  }

  #zoomLive(factor, x, y) {
    this.#fitted = false;
    this.#zoomTo(this.#bound(this.#s * factor), x, y, false);
    this.#settle = {x, y};
    this.#busyUntil = performance.now() + 150;
  }

  /** One frame further on the way; true while the scale changes. */
  #advance(now) {
    const zooming = this.#flight !== null || now < this.#busyUntil;
    if (this.#flight) {
      const {from, to, began} = this.#flight, t = Math.min(1, Math.max(0, (now - began) / 240)), ease = 1 - (1 - t) ** 3;
      const s = from.s * (to.s / from.s) ** ease, part = to.s === from.s ? ease : (s - from.s) / (to.s - from.s);
      [this.#s, this.#ox, this.#oy] = [s, from.x + (to.x - from.x) * part, from.y + (to.y - from.y) * part];
      if (t === 1) [this.#s, this.#ox, this.#oy, this.#flight] = [to.s, to.x, to.y, null];
    } else if (this.#glide) {
      const {x, y, at} = this.#glide, past = Math.min(40, Math.max(0, now - at)), slow = 0.994 ** past;
      [this.#ox, this.#oy] = [this.#ox + x * past, this.#oy + y * past];
      this.#glide = Math.hypot(x, y) * slow < 0.03 * this.#dpr ? null : {x: x * slow, y: y * slow, at: now};
    } else if (!zooming && this.#settle) {
      const {x, y} = this.#settle, s = Math.round(this.#s);
      this.#settle = null;
      if (s >= PixlGrid.#SMALLEST && s !== this.#s) this.#zoomTo(s, x, y, false);
    }
    if (zooming || this.#glide) this.#ask();
    const {width, height} = this.#map.extent(this.#s), keep = 60 * this.#dpr; // some of the map stays in sight
    this.#ox = Math.min(Math.max(this.#ox, keep - width), this.#canvas.width - keep);
    this.#oy = Math.min(Math.max(this.#oy, keep - height), this.#canvas.height - keep);
    return zooming && this.#flight !== null || now < this.#busyUntil;
  }

  #resize() {
    const dpr = window.devicePixelRatio || 1;
    const width = Math.round(this.clientWidth * dpr), height = Math.round(this.clientHeight * dpr);
    if (!width || !height || !this.#data) return;
    const {width: wide, height: high} = this.#canvas;
    if (dpr !== this.#dpr) {
      this.#s *= dpr / this.#dpr;
      this.#dpr = dpr;
      this.restyle();
    }
    if (width !== wide || height !== high) [this.#canvas.width, this.#canvas.height] = [width, height];
    if (this.#fitted) this.fit(false);
    else [this.#ox, this.#oy] = [this.#ox + (width - wide) / 2, this.#oy + (height - high) / 2];
    this.#draw(performance.now());
  }

  // -- pointing ---------------------------------------------------------------------------------------------------------

  #setHover(cell) {
    if (cell === this.#hover) return;
    this.#hover = cell;
    this.#tell("hover", {cell});
    this.#ask();
  }

  #tell(name, detail) { this.dispatchEvent(new CustomEvent(`pixl-${name}`, {bubbles: true, detail})); }

  #key(event) {
    if (!this.#data || event.altKey || event.metaKey || (event.ctrlKey && !event.key.startsWith("Arrow"))) return;
    const act = {Enter: () => this.#pickHere(), " ": () => this.#pickHere(), "+": () => this.zoom(1.25), "=": () => this.zoom(1.25),
      "-": () => this.zoom(0.8), 0: () => this.fit()}[event.key];
    const to = act ? -1 : this.#stepFrom(this.#cursor, event.key, event.shiftKey || event.ctrlKey ? 10 : 1);
    if (act) act();
    else if (to < 0) return;
    else {
      this.point(to);
      this.#tell("point", {cell: to});
    }
    event.preventDefault();
  }

  #pickHere() {
    if (this.#cursor >= 0) this.#tell("pick", {cell: this.#cursor, by: "key"});
  }

  /** Where a key leads from a cell, as it is seen; -1 where it leads nowhere. */
  #stepFrom(cell, key, far) {
    const {width, height} = this.#map, way = this.#mirrored ? -1 : 1;
    const steps = {ArrowLeft: [0, -way * far], ArrowRight: [0, way * far], ArrowUp: [-far, 0], ArrowDown: [far, 0],
      Home: [0, -way * width], End: [0, way * width]}[key];
    if (!steps) return -1;
    if (cell < 0) return this.#focus ? this.#focus.row * width + this.#focus.column : 0;
    const within = (value, count) => Math.min(count - 1, Math.max(0, value));
    return within(Math.floor(cell / width) + steps[0], height) * width + within((cell % width) + steps[1], width);
  }

  // -- drawing ----------------------------------------------------------------------------------------------------------

  #ask() {
    if (this.#queued) return;
    this.#queued = true;
    requestAnimationFrame((now) => { this.#queued = false; this.#draw(now); });
  }

  #draw(now) {
    if (!this.#data || !this.#canvas.width) return;
    const moving = this.#advance(now), c = this.#context, {width, height} = this.#canvas, size = this.#map.extent(this.#s);
    const x = Math.round(this.#ox), y = Math.round(this.#oy);
    c.fillStyle = this.#theme.desk;
    c.fillRect(0, 0, width, height);
    c.fillStyle = this.#theme.ground;
    c.fillRect(x, y, Math.round(size.width), Math.round(size.height));
    if (!this.#tiles.draw(c, x, y, this.#s, moving)) this.#ask();
    this.#drawLines(c, x, y, size);
    if (this.overlay) this.overlay(c, {x, y, scale: this.#s});
    if (this.#hover >= 0) this.#frame(this.#boxOf(this.#hover), this.#theme.strong);
    if (this.#cursor >= 0 && document.activeElement === this) this.#frame(this.#boxOf(this.#cursor), this.#theme.accent);
    this.#drawRulers(c, x, y);
  }

  #frame({x, y, w, h}, css) {
    const line = Math.max(1, Math.round(2 * this.#dpr)), c = this.#context;
    c.lineWidth = line;
    for (const [grow, color] of [[1.5 * line, this.#theme.halo], [0.5 * line, css]]) {
      c.strokeStyle = color;
      c.strokeRect(x - grow, y - grow, w + 2 * grow, h + 2 * grow);
    }
  }

  #drawLines(c, x, y, size) {
    const {every, regions} = this.#data, map = this.#map, s = this.#s, thin = Math.max(1, Math.round(this.#dpr));
    c.fillStyle = this.#theme.strong;
    c.globalAlpha = 0.75;
    if (every && s >= 3) {
      for (let i = every; i < map.width; i += every)
        c.fillRect(x + map.x(map.mirrored ? map.width - i : i, s) - thin, y, thin, size.height);
      for (let i = every; i < map.height; i += every) c.fillRect(x, y + map.y(i, s) - thin, size.width, thin);
    } else if (regions.length > 1) for (const region of regions) {
      const {x: left, y: top, w, h} = map.frame(region, s);
      c.fillRect(x + left - thin, y + top - thin, w + thin, thin);
      c.fillRect(x + left - thin, y + top - thin, thin, h + thin);
      c.fillRect(x + left - thin, y + top + h - thin, w + thin, thin);
      c.fillRect(x + left + w - thin, y + top - thin, thin, h + thin);
    }
    c.globalAlpha = 1;
    if (!this.#focus) return;
    const {x: left, y: top, w, h} = map.frame(this.#focus, s);
    this.#frame({x: x + left, y: y + top, w, h}, this.#theme.accent);
  }

  #drawRulers(c, x, y) {
    const {width, height, step} = this.#map, strip = this.#ruler(), {width: wide, height: high} = this.#canvas;
    const marked = [this.#hover, this.#cursor].find((cell) => cell >= 0) ?? -1;
    c.fillStyle = this.#theme.desk;
    c.fillRect(0, 0, wide, strip);
    c.fillRect(0, 0, strip, high);
    Object.assign(c, {textAlign: "center", textBaseline: "middle"});
    const draw = (count, pitch, origin, end, numberOf, hot, room, put) => {
      const n = [1, 2, 5, 10, 20, 50, 100].find((every) => every * pitch >= room * this.#dpr) || 200;
      for (let i = Math.max(0, Math.floor((strip - origin) / pitch)); i < count && origin + i * pitch < end; i++) {
        const number = numberOf(i), at = origin + (i + 0.5) * pitch, near = Math.abs(number - hot) * pitch < (room - 6) * this.#dpr;
        if (at < strip + 4 || (number !== hot && (number % n !== 0 && !(number === 1 && n > 2) || hot > 0 && near))) continue;
        c.fillStyle = number === hot ? this.#theme.accent : this.#theme.ink;
        c.font = `${number === hot ? 700 : 400} ${10.5 * this.#dpr}px ${this.#theme.font}`;
        put(number, at);
      }
    };
    const [column, row] = marked < 0 ? [0, 0] : [(marked % width) + 1, Math.floor(marked / width) + 1];
    draw(width, this.#s, x, wide, (i) => this.#map.turn(i) + 1, column, 26, (n, at) => c.fillText(n, at, strip / 2));
    draw(height, this.#s * step, y, high, (i) => i + 1, row, 18, (n, at) => c.fillText(n, strip / 2, at));
  }
}

customElements.define("pixl-grid", PixlGrid);
