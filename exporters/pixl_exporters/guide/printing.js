"use strict";
/*
 * The guide on paper: vectors, made when the browser is about to print. The whole with its regions, the legend, the shopping list,
 * and the regions that were asked for, each on a page of its own.
 */
const SVG = "http://www.w3.org/2000/svg";

function vector(name, attributes, ...children) {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.append(...children);
  return element;
}

/** A swatch with what stands in the cells of its colour. */
function chip(color, marks, em) {
  const svg = vector("svg", {class: "chip", viewBox: "0 0 34 34", "aria-hidden": "true"},
    vector("rect", {x: 0.5, y: 0.5, width: 33, height: 33, rx: 7, fill: color.hex, stroke: "#808080", "stroke-opacity": 0.45}));
  const mark = markOf(color, marks, em, 26);
  if (mark) {
    mark.setAttribute("transform", `translate(17 17) ${mark.getAttribute("transform") || ""}`);
    svg.append(mark);
  }
  return svg;
}

/** What stands in a cell of this side, around 0, 0; null for nothing. */
function markOf(color, marks, em, side) {
  if (marks === "none") return null;
  if (marks === "symbol" && color.symbol.d)
    return vector("path", {d: color.symbol.d, fill: color.ink, transform: `scale(${((side * em) / 1000).toFixed(5)})`});
  const text = marks === "symbol" ? color.symbol.text : marks === "code" ? color.code : String(color.number);
  const size = side * Math.min(0.56, 1.4 / Math.max(2, text.length));
  const node = vector("text", {"text-anchor": "middle", "font-size": size.toFixed(2), "font-weight": 600, fill: color.ink,
    y: (size * 0.36).toFixed(2)});
  node.textContent = text;
  return node;
}

/** A rectangle of the map with rulers. guide: {width, cells, colors, shifted, step, marks, em, regions, turn}. */
function mapOf(guide, region, {marks, named}) {
  const {width, cells, colors, step, shifted, em} = guide, {row: top, column: left, rows, columns} = region;
  const shift = (row) => (shifted[row] ? 0.5 : 0), tall = shifted.length ? 1 : step, longest = Math.max(rows, columns);
  const ruler = Math.max(1.4, longest / 26), line = longest / 400;
  const wide = columns + (shifted.length ? 0.5 : 0), high = (rows - 1) * step + tall;
  const svg = vector("svg", {class: named ? "map whole-map" : "map",
    viewBox: `${-ruler} ${-ruler} ${wide + ruler + 0.1} ${high + ruler + 0.1}`});
  const shapes = new Map(), glyphs = vector("g", {"font-family": "sans-serif"}), unit = Math.min(1, tall);
  for (let r = 0; r < rows; r++) for (let k = 0; k < columns; k++) {
    const color = cells[(top + r) * width + left + k];
    if (color < 0) continue;
    let run = 1;
    const x = k + shift(top + r), y = r * step;
    if (!marks) while (k + run < columns && cells[(top + r) * width + left + k + run] === color) run++;
    const d = `M${x} ${y.toFixed(3)}h${run}v${tall}h-${run}z`;
    shapes.set(color, (shapes.get(color) || "") + d);
    if (marks) {
      const mark = markOf(colors[color], marks, em, unit);
      if (mark) {
        const scale = mark.getAttribute("transform") || "";
        mark.setAttribute("transform", `translate(${x + 0.5} ${(y + tall / 2).toFixed(3)}) ${scale}`);
        glyphs.append(mark);
      }
    }
    k += run - 1;
  }
  for (const [color, d] of shapes) svg.append(vector("path", {d, fill: colors[color].hex}));
  if (marks && !shifted.length) {
    let d = "";
    for (let k = 0; k <= columns; k++) d += `M${k} 0v${high}`;
    for (let r = 0; r <= rows; r++) d += `M0 ${r * step}h${columns}`;
    svg.append(vector("path", {d, fill: "none", stroke: "#000", "stroke-opacity": 0.35, "stroke-width": 0.02}));
  }
  svg.append(glyphs);
  const frame = (x, y, w, h) =>
    svg.append(vector("rect", {x, y, width: w, height: h, fill: "none", stroke: "#000", "stroke-width": line}));
  frame(0, 0, wide, high);
  if (named) for (const {name, row, column, rows: h, columns: w} of guide.regions) {
    frame(column, row * step, w, h * step);
    const size = Math.min(Math.min(h, w) * 0.2, 0.055 * longest);
    const text = vector("text", {x: column + size * 0.3, y: row * step + size * 1.05, "font-size": size, "font-weight": 700,
      "font-family": "sans-serif", fill: "#000", stroke: "#fff", "stroke-width": size * 0.16, "paint-order": "stroke"});
    text.textContent = name;
    svg.append(text);
  }
  const size = ruler * 0.42, every = columns > 40 || rows > 40 ? 10 : columns > 20 || rows > 20 ? 5 : 1;
  const label = (number, x, y, anchor) => {
    const text = vector("text", {x, y, "font-size": size, "text-anchor": anchor, "font-family": "sans-serif", fill: "#444"});
    text.textContent = number;
    svg.append(text);
  };
  const numbered = (number) => number % every === 0 || number === 1;
  for (let k = 1; k <= columns; k++) if (numbered(left + k)) label(left + k, k - 0.5, -ruler * 0.25, "middle");
  for (let r = 1; r <= rows; r++)
    if (numbered(top + r)) label(top + r, -ruler * 0.25, (r - 1) * step + tall / 2 + size * 0.36, "end");
  return svg;
}

function leaf(title, under, ...children) {
  const page = document.createElement("section"), heading = document.createElement("h1"), line = document.createElement("p");
  const many = children.some((child) => child.classList.contains("legend") && child.childElementCount > 15);
  page.className = many ? "leaf many" : "leaf";
  heading.textContent = title;
  line.textContent = under;
  page.append(heading, line, ...children);
  return page;
}

function legendOf(guide, counts) {
  const list = document.createElement("ul");
  list.className = "legend";
  guide.colors.forEach((color, k) => {
    if (!counts[k]) return;
    const item = document.createElement("li"), name = document.createElement("span"), count = document.createElement("b");
    name.textContent = `${color.number}. ${color.label}`;
    count.textContent = counts[k].toLocaleString("en");
    item.append(chip(color, guide.marks === "none" ? "number" : guide.marks, guide.em), name, count);
    list.append(item);
  });
  return list;
}

/** Fill the paper: the whole, the list, and these regions. */
function fillPaper(paper, guide, regions) {
  const whole = {row: 0, column: 0, rows: guide.height, columns: guide.width};
  const count = ({row, column, rows, columns}) => {
    const counts = new Array(guide.colors.length).fill(0);
    for (let r = row; r < row + rows; r++) for (let k = column; k < column + columns; k++) {
      const color = guide.cells[r * guide.width + k];
      if (color >= 0) counts[color]++;
    }
    return counts;
  };
  const marks = guide.marks === "none" ? "number" : guide.marks;
  const pages = [leaf(guide.title, guide.lines, mapOf(guide, whole, {marks: "", named: true}), legendOf(guide, count(whole)))];
  for (const region of regions) {
    const where = `columns ${region.column + 1} to ${region.column + region.columns}, `
      + `rows ${region.row + 1} to ${region.row + region.rows}`;
    pages.push(leaf(`${guide.word} ${region.name}`, `${guide.title}: ${where}`, mapOf(guide, region, {marks, named: false}),
      legendOf(guide, count(region))));
  }
  const list = document.querySelector("#shop table");
  if (list) {
    const copy = list.cloneNode(true), page = leaf("Shopping list", guide.title, copy);
    copy.querySelectorAll("[id]").forEach((node) => node.removeAttribute("id"));
    pages.splice(1, 0, page);
  }
  paper.replaceChildren(...pages);
}
