"use strict";
/*
 * PixlTiles: the map as finished tiles at the scale of the moment, made a few milliseconds' worth a frame.
 *
 * Until a tile is there, the tiles of the scale before or the picture of one pixel a cell stand in for it, stretched. So a drag
 * never waits for drawing, and a frame costs a handful of copies.
 */
class PixlTiles {
  static BUDGET = 6; // ms of tile making in a frame
  static PIXELS = 560; // about the side of a tile

  #map; // PixlGeometry
  #cells;
  #flags;
  #stamps;
  #seam; // colour between joined pieces
  #mini = document.createElement("canvas");
  #layer = {scale: 0, side: 1, tiles: new Map()};
  #old = null;

  constructor({map, cells, flags, stamps, seam}) {
    [this.#map, this.#cells, this.#flags, this.#stamps, this.#seam] = [map, cells, flags, stamps, seam];
    [this.#mini.width, this.#mini.height] = [map.width, map.height];
    this.touch();
  }

  /** These cells (all, without them) look different now. */
  touch(cells) {
    this.#paintMini(cells);
    const {side, tiles} = this.#layer, {width} = this.#map;
    if (!cells || cells.length > 4096) for (const tile of tiles.values()) tile.stale = true;
    else for (const cell of cells) {
      const tile = tiles.get(this.#key(Math.floor(cell / width / side), Math.floor(this.#map.turn(cell % width) / side)));
      if (tile) tile.stale = true;
    }
    this.#old = null;
  }

  /** Draw what is in sight, the map's corner at x, y. In motion nothing is made. True when nothing is left to make. */
  draw(c, x, y, s, moving) {
    if (s < 4) return this.#drawMini(c, x, y, s);
    if (!moving && this.#layer.scale !== s) {
      if (this.#layer.tiles.size) this.#old = this.#layer;
      this.#layer = {scale: s, side: Math.max(3, Math.min(64, Math.floor(PixlTiles.PIXELS / s))), tiles: new Map()};
    }
    if (this.#layer.scale === s) return this.#drawTiles(c, x, y, s);
    this.#drawMini(c, x, y, s);
    if (this.#layer.scale) this.#stretch(c, this.#layer, x, y, s);
    return true;
  }

  #key(row, place) { return row * 65536 + place; }

  #drawTiles(c, x, y, s) {
    const {width, height, step, hex} = this.#map, {side, tiles} = this.#layer, {width: wide, height: high} = c.canvas;
    const slip = hex ? s : 0, across = s * side, down = across * step;
    const first = Math.max(0, Math.floor((-x - slip) / across)), top = Math.max(0, Math.floor((-y - slip) / down));
    const last = Math.min(Math.ceil(width / side) - 1, Math.floor((wide - x + slip) / across));
    const low = Math.min(Math.ceil(height / side) - 1, Math.floor((high - y) / down));
    const began = performance.now(), ready = [];
    let waiting = 0, inSight = 0;
    for (let row = top; row <= low; row++) for (let place = first; place <= last; place++, inSight++) {
      const key = this.#key(row, place);
      let tile = tiles.get(key);
      if ((!tile || tile.stale) && performance.now() - began < PixlTiles.BUDGET) tile = this.#make(row, place, tile);
      if (!tile || tile.stale) waiting++;
      if (!tile) continue;
      tiles.delete(key); // the last in the map is the last used
      tiles.set(key, tile);
      ready.push(tile);
    }
    if (ready.length < inSight) {
      this.#drawMini(c, x, y, s);
      if (this.#old) this.#stretch(c, this.#old, x, y, s);
    } else this.#old = null;
    for (const tile of ready) c.drawImage(tile.canvas, x + tile.x, y + tile.y);
    for (const key of tiles.keys()) if (tiles.size > inSight * 2 + 6) tiles.delete(key); else break;
    return waiting === 0;
  }

  #stretch(c, layer, x, y, s) {
    const ratio = s / layer.scale;
    for (const {canvas, x: left, y: top} of layer.tiles.values())
      c.drawImage(canvas, x + left * ratio, y + top * ratio, canvas.width * ratio, canvas.height * ratio);
  }

  #make(tileRow, tilePlace, known) {
    const map = this.#map, {width, height, hex, middle, seams} = map, {side, scale: s, tiles} = this.#layer;
    const d0 = tilePlace * side, d1 = Math.min(width, d0 + side), r0 = tileRow * side, r1 = Math.min(height, r0 + side);
    const tall = Math.round(map.tall(s)), pad = hex ? Math.ceil(s / 2) + 1 : 0, x0 = map.x(d0, s) - pad, y0 = map.y(r0, s);
    const canvas = known ? known.canvas : document.createElement("canvas");
    canvas.width = map.x(d1, s) - x0 + pad; // this clears it, too
    canvas.height = Math.max(map.y(r1, s), map.y(r1 - 1, s) + tall) - y0;
    const c = canvas.getContext("2d");
    for (let row = r0; row < r1; row++) {
      const y = map.y(row, s) - y0, h = hex ? tall : map.y(row + 1, s) - map.y(row, s), shift = Math.round(map.shift(row) * s);
      for (let place = d0; place < d1; place++) {
        const cell = row * width + map.turn(place), k = this.#cells[cell], left = map.x(place, s), w = map.x(place + 1, s) - left;
        const state = this.#flags[cell] | (middle && !middle[cell] ? PixlStamps.PLAIN : 0);
        c.drawImage(this.#stamps.get(k, state, w, h), left - x0 + shift, y);
        if (seams && k >= 0) this.#drawSeams(c, seams[cell], left - x0, y, w, h);
      }
    }
    const tile = {canvas, x: x0, y: y0, stale: false};
    tiles.set(this.#key(tileRow, tilePlace), tile);
    return tile;
  }

  #drawSeams(c, bits, x, y, w, h) {
    const line = Math.max(1, Math.round(Math.min(w, h) / 26)), [east, west] = this.#map.mirrored ? [8, 2] : [2, 8];
    c.fillStyle = this.#seam;
    if (bits & 1) c.fillRect(x, y, w, line);
    if (bits & 4) c.fillRect(x, y + h - line, w, line);
    if (bits & east) c.fillRect(x + w - line, y, line, h);
    if (bits & west) c.fillRect(x, y, line, h);
  }

  // -- one pixel a cell -------------------------------------------------------------------------------------------------

  #paintMini(cells) {
    const {width, height} = this.#map, map = this.#cells, c = this.#mini.getContext("2d"), tints = new Map();
    const tint = (cell) => {
      const state = this.#flags[cell], key = map[cell] * 16 + state;
      if (!tints.has(key)) tints.set(key, this.#stamps.tint(map[cell], state));
      return tints.get(key);
    };
    if (cells && cells.length < 300) {
      for (const cell of cells) if (map[cell] >= 0) {
        c.fillStyle = `rgb(${tint(cell)})`;
        c.fillRect(this.#map.turn(cell % width), Math.floor(cell / width), 1, 1);
      }
      return;
    }
    const picture = c.createImageData(width, height), bytes = picture.data;
    for (let cell = 0; cell < map.length; cell++) if (map[cell] >= 0) {
      const at = (cell - (cell % width) + this.#map.turn(cell % width)) * 4;
      [bytes[at], bytes[at + 1], bytes[at + 2]] = tint(cell);
      bytes[at + 3] = 255;
    }
    c.putImageData(picture, 0, 0);
  }

  #drawMini(c, x, y, s) {
    const map = this.#map, {width, height, hex} = map, size = map.extent(s);
    c.imageSmoothingEnabled = s < 1;
    if (!hex) c.drawImage(this.#mini, x, y, size.width, size.height);
    else for (let row = 0; row < height; row++)
      c.drawImage(this.#mini, 0, row, width, 1, x + map.shift(row) * s, y + map.y(row, s), size.width,
        map.y(row + 1, s) - map.y(row, s));
    c.imageSmoothingEnabled = true;
    return true;
  }
}
