"use strict";
/*
 * PixlGestures: mouse, pen, fingers and wheel on an element, told as what they mean, in CSS pixels from its corner.
 *
 *   on.pan(dx, dy)   on.fling(vx, vy) pixels a millisecond   on.zoom(factor, x, y)   on.tap(x, y)   on.hover(x, y) or hover()
 *   on.stroke(phase, x, y) with start, move, end or cancel, where on.drawing() says that one pointer draws
 *
 * Two fingers move and zoom at once, whatever one of them does; a second finger cancels a stroke that had begun.
 */
class PixlGestures {
  static TAP = 8; // pixels that a tap may wander
  static LONG = 600; // ms after which it is no tap

  #element;
  #on;
  #pointers = new Map();
  #mode = ""; // "", tap, pan, stroke, pinch
  #start = null;
  #speed = {x: 0, y: 0, at: 0};

  constructor(element, on) {
    this.#element = element;
    this.#on = on;
    element.addEventListener("pointerdown", (event) => this.#down(event));
    element.addEventListener("pointermove", (event) => this.#move(event));
    element.addEventListener("pointerup", (event) => this.#up(event, false));
    element.addEventListener("pointercancel", (event) => this.#up(event, true));
    element.addEventListener("pointerleave", () => on.hover());
    element.addEventListener("wheel", (event) => this.#wheel(event), {passive: false});
    element.addEventListener("contextmenu", (event) => event.preventDefault());
  }

  #at(event) {
    const box = this.#element.getBoundingClientRect();
    return {x: event.clientX - box.left, y: event.clientY - box.top};
  }

  #down(event) {
    if (event.button === 2) return;
    this.#element.focus({preventScroll: true});
    this.#element.setPointerCapture(event.pointerId);
    const at = this.#at(event);
    this.#pointers.set(event.pointerId, at);
    this.#on.hover();
    if (this.#pointers.size > 1) {
      if (this.#mode === "stroke") this.#on.stroke("cancel", at.x, at.y);
      this.#mode = "pinch";
      return;
    }
    this.#start = {...at, time: event.timeStamp};
    this.#speed = {x: 0, y: 0, at: event.timeStamp};
    this.#mode = this.#on.drawing() && event.button === 0 ? "stroke" : "tap";
    if (this.#mode === "stroke") this.#on.stroke("start", at.x, at.y);
  }

  #move(event) {
    const at = this.#at(event), last = this.#pointers.get(event.pointerId);
    if (!last) {
      if (event.pointerType !== "touch") this.#on.hover(at.x, at.y);
      return;
    }
    if (this.#mode === "pinch") this.#pinch(event.pointerId, at);
    this.#pointers.set(event.pointerId, at);
    if (this.#mode === "stroke") {
      for (const step of event.getCoalescedEvents?.() ?? []) {
        const between = this.#at(step);
        this.#on.stroke("move", between.x, between.y);
      }
      this.#on.stroke("move", at.x, at.y);
    }
    if (this.#mode === "tap" && Math.hypot(at.x - this.#start.x, at.y - this.#start.y) > PixlGestures.TAP) {
      this.#mode = "pan";
      this.#on.pan(at.x - this.#start.x, at.y - this.#start.y);
    } else if (this.#mode === "pan") {
      const past = Math.max(1, event.timeStamp - this.#speed.at), dx = at.x - last.x, dy = at.y - last.y;
      const mix = Math.min(1, past / 40);
      this.#speed = {x: this.#speed.x * (1 - mix) + (dx / past) * mix, y: this.#speed.y * (1 - mix) + (dy / past) * mix,
        at: event.timeStamp};
      this.#on.pan(dx, dy);
    }
  }

  #pinch(id, at) {
    const [first, second] = [...this.#pointers.keys()].slice(0, 2);
    if (id !== first && id !== second) return;
    const a = this.#pointers.get(first), b = this.#pointers.get(second);
    const c = id === first ? at : a, d = id === second ? at : b;
    const before = Math.hypot(a.x - b.x, a.y - b.y), after = Math.hypot(c.x - d.x, c.y - d.y);
    this.#on.pan((c.x + d.x - a.x - b.x) / 2, (c.y + d.y - a.y - b.y) / 2);
    if (before > 10) this.#on.zoom(after / before, (c.x + d.x) / 2, (c.y + d.y) / 2);
  }

  #up(event, cancelled) {
    const at = this.#pointers.get(event.pointerId);
    if (!at) return;
    this.#pointers.delete(event.pointerId);
    if (this.#pointers.size) {
      this.#mode = "pinch"; // the finger that stays neither taps nor draws
      return;
    }
    if (this.#mode === "stroke") this.#on.stroke(cancelled ? "cancel" : "end", at.x, at.y);
    else if (this.#mode === "tap" && !cancelled && event.timeStamp - this.#start.time < PixlGestures.LONG)
      this.#on.tap(this.#start.x, this.#start.y);
    else if (this.#mode === "pan" && event.timeStamp - this.#speed.at < 60) this.#on.fling(this.#speed.x, this.#speed.y);
    this.#mode = "";
  }

  #wheel(event) {
    event.preventDefault();
    const unit = event.deltaMode === 1 ? 33 : event.deltaMode === 2 ? 300 : 1, {x, y} = this.#at(event);
    if (event.shiftKey) this.#on.pan(-(event.deltaX || event.deltaY) * unit, 0);
    else this.#on.zoom(Math.exp(-event.deltaY * unit * (event.ctrlKey ? 0.01 : 0.0016)), x, y);
  }
}
