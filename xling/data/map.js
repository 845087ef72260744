"use strict";
(() => {
  // Columns: texts, ids, langs, fields; x and y of each map, 0 to 65535. A number's place on the ramp is 0 to 1000.
  const data = JSON.parse(document.getElementById("data").textContent);
  const n = data.texts.length;
  const byId = (id) => document.getElementById(id);
  const [search, choice, status, tip, legend, found] = ["search", "colour", "status", "tip", "legend", "found"].map(byId);
  const number = new Intl.NumberFormat("en");
  const state = { field: data.fields[0], shown: null, hit: null, at: -1, view: null };

  const order = Uint32Array.from({ length: n }, (_, i) => i);
  for (let i = n - 1, seed = 1; i > 0; i--) {
    seed = (seed * 48271) % 2147483647;
    const j = seed % (i + 1);
    [order[i], order[j]] = [order[j], order[i]];
  }

  const make = (tag, attributes = {}, ...inside) => {
    const node = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
    node.append(...inside);
    return node;
  };
  const langOf = (i) => { const lang = data.langs.names[data.langs.of[i]]; return lang === "und" ? "" : lang; };
  const fold = (text) => text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
  const ink = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

  class Panel {
    constructor(map) {
      this.map = map;
      this.base = make("canvas", { "aria-hidden": "true" });
      this.top = make("canvas", { class: "top", tabindex: "0", role: "application",
        "aria-label": `${map.title}: map of ${number.format(n)} texts. Arrows go from text to text, plus and minus zoom.` });
      this.field = make("div", { class: "field" }, this.base, this.top);
      byId("maps").append(make("figure", {}, make("figcaption", {}, map.title), this.field));
      this.scale = 1; this.left = 0; this.up = 0;  // the view: zoom, and what lies at the corner
      this.sx = new Float32Array(n); this.sy = new Float32Array(n);
      this.listen();
      new ResizeObserver(() => this.resize()).observe(this.field);
    }
    resize() {
      const box = this.field.getBoundingClientRect(), ratio = window.devicePixelRatio || 1;
      this.width = box.width; this.height = box.height;
      for (const canvas of [this.base, this.top]) {
        canvas.width = Math.round(box.width * ratio); canvas.height = Math.round(box.height * ratio);
        canvas.getContext("2d").setTransform(ratio, 0, 0, ratio, 0, 0);
      }
      this.draw();
    }
    place() {
      const side = Math.min(this.width, this.height) - 24, zoom = side * this.scale / 65535;
      const dx = this.width / 2 + this.left, dy = this.height / 2 + this.up;
      const { x, y } = this.map, middle = 32767.5;
      for (let i = 0; i < n; i++) { this.sx[i] = (x[i] - middle) * zoom + dx; this.sy[i] = (middle - y[i]) * zoom + dy; }
      // A grid of 16 pixels finds what is under the pointer.
      this.columns = Math.ceil(this.width / 16) + 1;
      this.cells = new Map();
      for (let i = 0; i < n; i++) {
        const sx = this.sx[i], sy = this.sy[i];
        if (sx < 0 || sy < 0 || sx > this.width || sy > this.height || !visible(i)) continue;
        const cell = (sy >> 4) * this.columns + (sx >> 4);
        const inside = this.cells.get(cell);
        if (inside) inside.push(i); else this.cells.set(cell, [i]);
      }
    }
    radius() { return Math.max(1.2, Math.min(7, 62 / Math.sqrt(n) * 2.2 * Math.sqrt(this.scale))); }
    draw() {
      if (!this.width) return;
      this.place();
      const pen = this.base.getContext("2d"), r = this.radius(), faint = ink("--faint");
      pen.clearRect(0, 0, this.width, this.height);
      // First what is not meant, then what is, each in random order: no colour lies above.
      for (const strong of [false, true]) {
        for (const i of order) {
          const sx = this.sx[i], sy = this.sy[i];
          if (sx < -r || sy < -r || sx > this.width + r || sy > this.height + r) continue;
          const meant = visible(i) && (!state.hit || state.hit[i]);
          if (Boolean(meant) !== strong) continue;
          pen.fillStyle = meant ? colourOf(i) : faint;
          pen.globalAlpha = meant ? 0.85 : 0.5;
          const size = meant && state.hit ? r * 1.5 : r;
          if (size < 2) pen.fillRect(sx - size, sy - size, 2 * size, 2 * size);
          else { pen.beginPath(); pen.arc(sx, sy, size, 0, 6.2832); pen.fill(); }
        }
      }
      pen.globalAlpha = 1;
      this.drawTop();
    }
    drawTop() {
      const pen = this.top.getContext("2d");
      pen.clearRect(0, 0, this.width, this.height);
      for (const mark of this.map.marks) {
        const side = (Math.min(this.width, this.height) - 24) * this.scale / 65535;
        const sx = (mark.x - 32767.5) * side + this.width / 2 + this.left, sy = (32767.5 - mark.y) * side + this.height / 2 + this.up;
        pen.strokeStyle = ink("--mark"); pen.lineWidth = 2;
        pen.beginPath(); pen.moveTo(sx - 7, sy); pen.lineTo(sx + 7, sy); pen.moveTo(sx, sy - 7); pen.lineTo(sx, sy + 7); pen.stroke();
        pen.fillStyle = ink("--ink"); pen.font = "600 13px system-ui, sans-serif"; pen.fillText(mark.text.slice(0, 60), sx + 10, sy - 6);
      }
      if (state.at < 0) return;
      pen.strokeStyle = ink("--mark"); pen.lineWidth = 2;
      pen.beginPath(); pen.arc(this.sx[state.at], this.sy[state.at], this.radius() + 4, 0, 6.2832); pen.stroke();
    }
    under(px, py, reach = 12) {
      let best = -1, least = reach * reach;
      for (let cy = (py - reach) >> 4; cy <= (py + reach) >> 4; cy++) {
        for (let cx = (px - reach) >> 4; cx <= (px + reach) >> 4; cx++) {
          for (const i of this.cells.get(cy * this.columns + cx) || []) {
            if (state.hit && !state.hit[i]) continue;
            const d = (this.sx[i] - px) ** 2 + (this.sy[i] - py) ** 2;
            if (d < least) { least = d; best = i; }
          }
        }
      }
      return best;
    }
    zoom(factor, px = this.width / 2, py = this.height / 2) {
      const next = Math.min(400, Math.max(0.5, this.scale * factor)), by = next / this.scale;
      this.left = (this.left + this.width / 2 - px) * by + px - this.width / 2;
      this.up = (this.up + this.height / 2 - py) * by + py - this.height / 2;
      this.scale = next;
      this.draw();
    }
    whole() { this.scale = 1; this.left = this.up = 0; this.draw(); }
    show(i) {  // moves the map only if the text is out of sight
      const sx = this.sx[i], sy = this.sy[i], edge = 20;
      if (sx < edge || sy < edge || sx > this.width - edge || sy > this.height - edge) {
        this.left += this.width / 2 - sx; this.up += this.height / 2 - sy;
        this.draw();
      }
    }
    next(dx, dy) {
      const start = state.at, x0 = start < 0 ? this.width / 2 : this.sx[start], y0 = start < 0 ? this.height / 2 : this.sy[start];
      let best = -1, least = Infinity;
      for (let i = 0; i < n; i++) {
        if (i === start || !visible(i) || (state.hit && !state.hit[i])) continue;
        const along = (this.sx[i] - x0) * dx + (this.sy[i] - y0) * dy;
        const off = Math.abs((this.sx[i] - x0) * dy) + Math.abs((this.sy[i] - y0) * dx);
        if (start >= 0 && (along <= 0.01 || off > along)) continue;
        const cost = start < 0 ? along * along + off * off : along + 2 * off;
        if (cost < least) { least = cost; best = i; }
      }
      if (best >= 0) { this.show(best); select(best, this); }
    }
    listen() {
      const top = this.top, held = new Map();
      let spread = 0, moved = false;
      const local = (event) => { const box = top.getBoundingClientRect(); return [event.clientX - box.left, event.clientY - box.top]; };
      top.addEventListener("wheel", (event) => {
        event.preventDefault();
        this.zoom(Math.exp(-event.deltaY * (event.deltaMode ? 0.05 : 0.0018)), ...local(event));
      }, { passive: false });
      top.addEventListener("pointerdown", (event) => { top.setPointerCapture(event.pointerId); held.set(event.pointerId, local(event)); moved = false; });
      top.addEventListener("pointermove", (event) => {
        const here = local(event), before = held.get(event.pointerId);
        if (!before) { select(this.under(...here), this); return; }
        held.set(event.pointerId, here);
        if (held.size === 2) {
          const [a, b] = [...held.values()], now = Math.hypot(a[0] - b[0], a[1] - b[1]);
          if (spread) this.zoom(now / spread, (a[0] + b[0]) / 2, (a[1] + b[1]) / 2);
          spread = now;
        } else if (moved || Math.hypot(here[0] - before[0], here[1] - before[1]) > 2) {
          moved = true;
          this.left += here[0] - before[0]; this.up += here[1] - before[1];
          hideTip(); later(this);
        }
      });
      const release = (event) => {
        if (held.has(event.pointerId) && !moved) select(this.under(...local(event)), this);
        held.delete(event.pointerId); spread = 0;
      };
      top.addEventListener("pointerup", release);
      top.addEventListener("pointercancel", (event) => { held.delete(event.pointerId); spread = 0; });
      top.addEventListener("pointerleave", () => { if (document.activeElement !== top) select(-1); else hideTip(); });
      top.addEventListener("dblclick", (event) => this.zoom(2, ...local(event)));
      top.addEventListener("keydown", (event) => {
        const arrow = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
        if (arrow && event.shiftKey) { this.left -= arrow[0] * 60; this.up -= arrow[1] * 60; this.draw(); }
        else if (arrow) this.next(...arrow);
        else if (event.key === "+" || event.key === "=") this.zoom(1.4);
        else if (event.key === "-") this.zoom(1 / 1.4);
        else if (event.key === "0") this.whole();
        else if (event.key === "Escape") select(-1);
        else return;
        event.preventDefault();
      });
    }
  }

  const waiting = new Set();
  const later = (panel) => {
    if (!waiting.size) requestAnimationFrame(() => { const all = [...waiting]; waiting.clear(); all.forEach((p) => p.draw()); });
    waiting.add(panel);
  };
  const visible = (i) => !state.shown || state.shown.has(state.field.of[i]);
  const colourOf = (i) => {
    const { field } = state, value = field.of[i];
    if (field.kind === "number") return value === null ? ink("--faint") : data.ramp[Math.round(value / 1000 * (data.ramp.length - 1))];
    return field.colours[value];
  };
  const hideTip = () => { tip.hidden = true; };

  function select(i, panel = null) {
    if (i === state.at && !tip.hidden) return;
    state.at = i;
    panels.forEach((p) => p.drawTop());
    if (i < 0 || !panel) { hideTip(); return; }
    const lang = langOf(i);
    const facts = make("dl");
    for (const field of data.fields) {
      const value = field.kind === "number" ? field.raw[i] : field.names[field.of[i]];
      if (value !== null && value !== undefined) facts.append(make("dt", { dir: "auto" }, field.name), make("dd", { dir: "auto" }, String(value)));
    }
    facts.append(make("dt", {}, "id"), make("dd", { dir: "auto" }, String(data.ids[i])));
    tip.replaceChildren(make("p", { dir: "auto", lang }, data.texts[i]), facts);
    tip.hidden = false;
    const box = panel.top.getBoundingClientRect(), size = tip.getBoundingClientRect();
    const x = box.left + panel.sx[i] + 14, y = box.top + panel.sy[i] + 14;
    tip.style.left = `${Math.max(4, x + size.width > innerWidth ? x - size.width - 28 : x)}px`;
    tip.style.top = `${Math.max(4, y + size.height > innerHeight ? y - size.height - 28 : y)}px`;
    if (document.activeElement === panel.top) status.textContent = data.texts[i];
  }

  let folded = null;
  function look() {
    const words = fold(search.value).split(/\s+/u).filter(Boolean);
    folded ||= data.texts.map(fold);
    state.hit = words.length ? new Uint8Array(n) : null;
    const hits = [];
    if (words.length) for (let i = 0; i < n; i++) if (words.every((word) => folded[i].includes(word))) { state.hit[i] = 1; hits.push(i); }
    byId("found-part").hidden = !words.length;
    found.replaceChildren(...hits.slice(0, 200).map((i) => {
      const button = make("button", { type: "button", dir: "auto", lang: langOf(i) }, data.texts[i]);
      const go = () => { panels.forEach((p) => p.show(i)); select(i, panels[panels.length - 1]); };
      button.addEventListener("click", go);
      button.addEventListener("focus", go);
      return make("li", {}, button);
    }));
    status.textContent = words.length ? `${number.format(hits.length)} of ${number.format(n)} texts` : whole();
    select(-1);
    panels.forEach((p) => p.draw());
  }
  const whole = () => `${number.format(n)} texts` + (data.total > n ? ` of ${number.format(data.total)}` : "");

  function paint() {
    state.field = data.fields[choice.selectedIndex]; state.shown = null;
    const { field } = state;
    byId("legend-name").textContent = field.name;
    if (field.kind === "number") {
      legend.replaceChildren(make("li", {}, make("div", { class: "ramp", style: `background:linear-gradient(to right, ${data.ramp.join(",")})` }),
        make("div", { class: "ends" }, make("span", {}, field.ends[0]), make("span", {}, field.ends[1]))));
    } else {
      legend.replaceChildren(...field.names.map((name, value) => {
        const button = make("button", { type: "button", "aria-pressed": "true" },
          make("span", { class: "spot", style: `background:${field.colours[value]}` }),
          make("span", { dir: "auto" }, name === null ? "–" : name), make("span", { class: "many" }, number.format(field.counts[value])));
        button.addEventListener("click", () => toggle(value));
        return make("li", {}, button);
      }));
    }
    panels.forEach((p) => p.draw());
  }
  function toggle(value) {
    const { field } = state;
    if (!state.shown) state.shown = new Set([value]);
    else if (!state.shown.delete(value)) state.shown.add(value);
    if (!state.shown.size || state.shown.size === field.names.length) state.shown = null;
    [...legend.querySelectorAll("button")].forEach((button, i) => button.setAttribute("aria-pressed", String(!state.shown || state.shown.has(i))));
    select(-1);
    panels.forEach((p) => p.draw());
  }

  const panels = [];
  for (const map of data.maps) panels.push(new Panel(map));
  for (const field of data.fields) choice.append(make("option", {}, field.name));
  choice.selectedIndex = data.first;
  choice.addEventListener("change", paint);
  search.addEventListener("input", look);
  search.addEventListener("keydown", (event) => { if (event.key === "Escape") { search.value = ""; look(); } });
  byId("whole").addEventListener("click", () => panels.forEach((p) => p.whole()));
  addEventListener("keydown", (event) => { if (event.key === "/" && event.target !== search) { event.preventDefault(); search.focus(); } });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => panels.forEach((p) => p.draw()));
  status.textContent = whole();
  paint();
})();
