"use strict";
/*
 * PixlGeometry: where the cells of a map lie, in whole pixels of a scale s (pixels a cell), from the map's corner.
 *
 * A "place" is the column as it is shown: mirrored maps differ in turn() and shift() alone. Rows of a hexagon board lie closer
 * (step) and every other one half a cell to the side (shifted).
 */
class PixlGeometry {
  mirrored = false;

  /** data: {width, height, step, shifted, pieces} */
  constructor(data) {
    Object.assign(this, {width: data.width, height: data.height, step: data.step, shifted: data.shifted, pieces: data.pieces});
    this.hex = data.shifted.length > 0;
    this.seams = this.middle = this.owner = null;
    if (data.pieces.length) this.#join();
  }

  turn(column) { return this.mirrored ? this.width - 1 - column : column; }
  shift(row) { return this.hex && this.shifted[row] ? (this.mirrored ? -0.5 : 0.5) : 0; }
  x(place, s) { return Math.round(place * s); }
  y(row, s) { return Math.round(row * s * this.step); }
  tall(s) { return this.hex ? s : s * this.step; }
  extent(s) { return {width: this.width * s, height: (this.height - 1) * s * this.step + this.tall(s)}; }

  box(cell, s) {
    const row = Math.floor(cell / this.width), place = this.turn(cell % this.width) + this.shift(row);
    const x = this.x(place, s), y = this.y(row, s);
    return {x, y, w: this.x(place + 1, s) - x, h: this.hex ? Math.round(s) : this.y(row + 1, s) - y};
  }

  /** The rectangle of a region {row, column, rows, columns}. */
  frame({row, column, rows, columns}, s) {
    const place = this.mirrored ? this.width - column - columns : column, x = this.x(place, s), y = this.y(row, s);
    const bottom = this.hex ? this.y(row + rows - 1, s) + Math.round(s) : this.y(row + rows, s);
    return {x, y, w: this.x(place + columns, s) - x, h: bottom - y};
  }

  /** The cell at a point in cells from the corner, or -1. */
  at(u, v) {
    const middle = Math.floor(v / this.step);
    let best = -1, nearest = Infinity;
    for (let row = this.hex ? middle - 1 : middle; row <= middle; row++) {
      const place = Math.floor(u - this.shift(row));
      if (row < 0 || row >= this.height || place < 0 || place >= this.width) continue;
      const far = Math.hypot(u - place - 0.5 - this.shift(row), v - row * this.step - 0.5);
      if (far < nearest) [best, nearest] = [row * this.width + this.turn(place), far];
    }
    return best;
  }

  /** The cells that one of them stands for: those of its piece. */
  cellsWith(cell) {
    if (!this.owner || cell < 0 || this.owner[cell] < 0) return [cell];
    const [row, column, rows, columns] = this.pieces[this.owner[cell]];
    return Array.from({length: rows * columns}, (_, i) => (row + Math.floor(i / columns)) * this.width + column + (i % columns));
  }

  /** seams: on which sides its piece ends, bits north 1, east 2, south 4, west 8; middle: 1 where the piece's mark stands. */
  #join() {
    const count = this.width * this.height;
    this.seams = new Uint8Array(count).fill(15);
    this.middle = new Uint8Array(count).fill(1);
    this.owner = new Int32Array(count).fill(-1);
    this.pieces.forEach(([row, column, rows, columns], piece) => {
      for (let r = 0; r < rows; r++) for (let k = 0; k < columns; k++) {
        const cell = (row + r) * this.width + column + k;
        this.seams[cell] = (r === 0) | ((k === columns - 1) << 1) | ((r === rows - 1) << 2) | ((k === 0) << 3);
        this.middle[cell] = r === (rows - 1) >> 1 && k === (columns - 1) >> 1;
        this.owner[cell] = piece;
      }
    });
  }
}
