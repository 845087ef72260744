// The page of the service: asks the API under /v1, shows what it answers. Texts only ever become text nodes.
"use strict";

const $ = (id) => document.getElementById(id);
const STEPS = [0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1];
const PAUSE = 60; // ms after the last key before a question goes out
const LIMIT = 10;
const SHOWN = 500; // characters of a document in the list of all
const PATIENCE = 5; // seconds to wait for a busy service before it is asked once more
const names = new Intl.DisplayNames(["en"], { type: "language" });

// ---------------------------------------------------------------- small things

function make(tag, properties = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name in node && name !== "list") node[name] = value;
    else node.setAttribute(name, value);
  }
  node.append(...children.filter((child) => child !== null));
  return node;
}

function language(code) {
  try { return code && code !== "und" ? names.of(code) : "unknown language"; } catch { return code; }
}

function written(node, lang) {
  // Fonts choose the forms of Han characters by lang; the direction is that of the text itself.
  node.dir = "auto";
  if (lang && lang !== "und") node.lang = lang;
  return node;
}

function plural(number, noun) { return `${number.toLocaleString("en")} ${noun}${number === 1 ? "" : "s"}`; }

function problem(text) { $("problem").textContent = text; $("problem").hidden = !text; }

function debounced(action, pause) {
  let timer;
  return () => { clearTimeout(timer); timer = setTimeout(action, pause); };
}

// ---------------------------------------------------------------- the API

const headers = () => {
  const key = sessionStorage.getItem("xling-key");
  return key ? { Authorization: `Bearer ${key}` } : {};
};

class Refused extends Error {
  constructor(status, body) {
    super(body?.error?.message ?? `The service answered ${status}.`);
    this.status = status;
  }
}

async function ask(path, body, { signal, method, again = true } = {}) {
  const asked = { method: method ?? (body === undefined ? "GET" : "POST"), headers: headers(), signal };
  if (body !== undefined) {
    asked.headers["Content-Type"] = "application/json";
    asked.body = JSON.stringify(body);
  }
  const answer = await fetch(path, asked);
  const text = await answer.text();
  let read = null;
  try { read = text ? JSON.parse(text) : null; } catch { /* told by the status */ }
  if (answer.ok) return read;
  const wait = Number(answer.headers.get("Retry-After"));
  if (again && (answer.status === 429 || answer.status === 503) && wait <= PATIENCE) {
    await new Promise((resolve) => setTimeout(resolve, 1000 * wait));
    signal?.throwIfAborted();
    return ask(path, body, { signal, method, again: false });
  }
  if (answer.status === 401) needKey();
  throw new Refused(answer.status, read);
}

const at = (name, rest = "") => `/v1/collections/${encodeURIComponent(name)}${rest}`;

function told(error) {
  if (error.name === "AbortError") return;
  problem(error instanceof Refused ? error.message : "The service cannot be reached.");
}

function needKey() {
  $("key-button").hidden = false;
  if (!$("key-dialog").open) $("key-dialog").showModal();
}

// ---------------------------------------------------------------- collections

const state = {
  collection: "", languages: new Set(), answer: null, explained: new Map(), map: null, browsing: false, cursor: null, page: 20,
};

async function loadCollections() {
  const { collections } = await ask("/v1/collections");
  const usable = collections.filter((one) => one.made_by_xling !== null || one.documents !== null);
  for (const select of [$("collection"), $("memory-name")]) {
    const before = select.value;
    select.replaceChildren(...usable.map((one) => make("option", { value: one.name, textContent: one.name })));
    if (usable.some((one) => one.name === before)) select.value = before;
  }
  $("known").replaceChildren(...usable.map((one) => make("option", { value: one.name })));
  if (!usable.length) {
    $("into").value ||= "documents";
    $("status").textContent = "There are no collections yet: drop a file on this page to make one.";
  }
  return usable.map((one) => one.name);
}

async function useCollection(name) {
  state.collection = name;
  state.languages.clear();
  state.map = null;
  state.browsing = false;
  $("collection").value = name;
  $("into").value = name;
  await countLanguages();
  if ($("show-map").checked) drawMap();
}

async function countLanguages() {
  if (!state.collection) return;
  const info = await ask(at(state.collection));
  const counts = Object.entries(info.languages).sort((a, b) => b[1] - a[1]);
  $("languages").hidden = counts.length < 2;
  $("languages").replaceChildren(...counts.map(([code, count]) => {
    const chip = make("button", { type: "button", title: language(code), textContent: `${code} ${count.toLocaleString("en")}` });
    chip.setAttribute("aria-pressed", String(state.languages.has(code)));
    chip.setAttribute("aria-label", `${language(code)}, ${plural(count, "document")}`);
    chip.addEventListener("click", () => {
      const on = !state.languages.delete(code);
      if (on) state.languages.add(code);
      chip.setAttribute("aria-pressed", String(on));
      search();
    });
    return chip;
  }));
  if ($("query").value) return;
  $("status").textContent = `${plural(info.documents, "document")} in ${plural(counts.length, "language")}`;
  if (!state.browsing) offerDocuments("Show the documents", info.documents > 0);
}

// ---------------------------------------------------------------- search

let asking = null;

function question(compare) {
  const languages = [...state.languages];
  return { query: $("query").value, limit: LIMIT, neutral: 1, compare, languages: languages.length ? languages : null };
}

async function search(all = false) {
  const query = $("query").value;
  asking?.abort(); // what was asked before is stale
  remember();
  if (!query.trim() || !state.collection) {
    state.answer = null;
    for (const id of ["hits", "raw"]) $(id).replaceChildren();
    $("echo").hidden = true;
    countLanguages().catch(told);
    if (state.browsing) browse(null);
    return;
  }
  state.browsing = false;
  offerDocuments("", false);
  const mine = (asking = new AbortController());
  try {
    const wanted = all || $("neutral").value !== "1" ? STEPS.slice(0, -1) : [0];
    const found = await ask(at(state.collection, "/search"), question(wanted), { signal: mine.signal });
    if (mine !== asking) return;
    problem("");
    const rankings = new Map(found.rankings.map((one) => [one.neutral, one.hits]));
    rankings.set(1, found.hits);
    state.answer = { query, rankings, language: found.language, milliseconds: found.milliseconds };
    state.explained.clear();
    show();
    explain();
    placeQuery();
  } catch (error) { told(error); }
}

function offerDocuments(text, offered) {
  $("browse").hidden = !offered;
  $("browse").textContent = text;
}

// The documents themselves, while nothing is asked: the first page, or what follows a cursor.
async function browse(cursor) {
  const name = state.collection;
  const languages = [...state.languages];
  const asked = new URLSearchParams([["limit", state.page], ...languages.map((code) => ["languages", code])]);
  if (cursor) asked.set("cursor", cursor);
  state.browsing = true;
  const mine = (asking = new AbortController());
  try {
    const { documents, cursor: next } = await ask(at(name, `/documents?${asked}`), undefined, { signal: mine.signal });
    if (mine !== asking) return;
    problem("");
    $("neutral-title").textContent = "Documents";
    $("raw-column").hidden = true;
    $("columns").classList.remove("two");
    if (!cursor) $("hits").replaceChildren();
    const before = $("hits").children.length;
    $("hits").append(...documents.map((one) => {
      const text = one.text.length > SHOWN ? `${one.text.slice(0, SHOWN)}…` : one.text;
      return hitItem({ ...one, text, score: null, confidence: null, chunk: null }, "");
    }));
    state.cursor = next;
    offerDocuments("More documents", next !== null);
    if (cursor) $("hits").children[before]?.querySelector("summary").focus();
  } catch (error) { told(error); }
}

const searchSoon = debounced(() => search(), PAUSE);

function keyOf(hit) { return JSON.stringify([hit.id, hit.chunk?.index ?? 0, hit.text]); }

function show() {
  const { answer } = state;
  if (!answer) return;
  const value = Number($("neutral").value);
  const hits = answer.rankings.get(value) ?? answer.rankings.get(1);
  const raw = answer.rankings.get(0);
  const places = new Map(raw.map((hit, i) => [keyOf(hit), i + 1]));
  $("neutral-title").textContent = value === 1 ? "By meaning" : `Neutrality ${value.toFixed(1)}`;
  fill($("hits"), hits, (hit) => (value === 0 ? "" : places.has(keyOf(hit)) ? `raw: ${places.get(keyOf(hit))}` : `raw: below ${LIMIT}`));
  fill($("raw"), raw, () => "");
  const both = $("compare").checked;
  $("columns").classList.toggle("two", both);
  $("raw-column").hidden = !both;
  const { lang } = answer.language;
  $("status").textContent = `${hits.length ? plural(hits.length, "hit") : "No hits"} in ${Math.round(answer.milliseconds)} ms` +
    (lang === "und" ? "" : ` for a query in ${language(lang)}`);
  underline();
}

function fill(list, hits, note) {
  const open = new Set([...list.querySelectorAll("details[open]")].map((node) => node.dataset.key));
  const focused = list.contains(document.activeElement) ? document.activeElement.closest("li")?.dataset.place : null;
  list.replaceChildren(...hits.map((hit, i) => {
    const item = hitItem(hit, note(hit));
    item.dataset.place = i;
    item.firstChild.dataset.key = keyOf(hit);
    item.firstChild.open = open.has(keyOf(hit));
    return item;
  }));
  if (focused) list.children[Math.min(Number(focused), list.children.length - 1)]?.querySelector("summary")?.focus();
}

function badge(code) {
  return make("span", { className: "badge", title: language(code), textContent: code || "und" });
}

function hitItem(hit, note) {
  const text = written(make("span", { className: "text", textContent: hit.text }), hit.lang);
  text.dataset.key = keyOf(hit);
  const about = make("span", { className: "about" }, badge(hit.lang));
  if (hit.confidence !== null) {
    const percent = `${Math.round(100 * hit.confidence)} %`;
    about.append(make("meter", { value: hit.confidence, "aria-label": "confidence" }), make("span", { textContent: percent }));
  }
  if (note) about.append(make("span", { className: "moved", textContent: note }));
  const facts = make("dl");
  const fact = (name, value) => facts.append(
    make("dt", { textContent: name }),
    written(make("dd", { textContent: typeof value === "string" ? value : JSON.stringify(value) })),
  );
  if (hit.score !== null) fact("score", hit.score.toFixed(4));
  if (hit.id !== null) fact("id", hit.id);
  if (hit.source !== null) fact("source", hit.source);
  for (const [name, value] of Object.entries(hit.metadata)) fact(name, value);
  const more = make("button", { type: "button", textContent: "More like this" });
  more.addEventListener("click", () => { $("query").value = hit.text.slice(0, 2000); $("query").focus(); search(); });
  return make("li", {}, make("details", {}, make("summary", {}, text, about), make("div", { className: "more" }, facts, more)));
}

// ---------------------------------------------------------------- words that answer each other

const explain = debounced(async () => {
  const { answer } = state;
  if (!answer) return;
  const hits = [...new Map([...answer.rankings.values()].flatMap((of) => of.slice(0, LIMIT)).map((hit) => [keyOf(hit), hit])).values()];
  const shown = new Set([...document.querySelectorAll("#columns .text")].map((node) => node.dataset.key));
  const wanted = hits.filter((hit) => shown.has(keyOf(hit)) && !state.explained.has(keyOf(hit)));
  if (!wanted.length) return;
  try {
    const { links } = await ask(at(state.collection, "/explain"), { query: answer.query, texts: wanted.map((hit) => hit.text) });
    if (state.answer?.query !== answer.query) return;
    wanted.forEach((hit, i) => state.explained.set(keyOf(hit), links[i]));
    underline();
  } catch (error) {
    if (!(error instanceof Refused)) told(error); // a model without token vectors explains nothing
  }
}, 250); // once the writer pauses: links cost more than the search

// Offsets count code points; marks carry the numbers of their links, so that both sides can be lit together.
function marked(node, text, spans) {
  const points = Array.from(text);
  const parts = [];
  let last = 0;
  for (const [start, end, title] of spans.sort((a, b) => a[0] - b[0])) {
    if (start < last) continue;
    parts.push(points.slice(last, start).join(""), make("mark", { title, textContent: points.slice(start, end).join("") }));
    last = end;
  }
  node.replaceChildren(...parts, points.slice(last).join(""));
}

function spansOf(links, side, other) {
  const spans = new Map();
  for (const link of links) {
    const { start, end } = link[side];
    const known = spans.get(start) ?? [start, end, []];
    if (!known[2].includes(link[other].text)) known[2].push(link[other].text);
    spans.set(start, known);
  }
  return [...spans.values()].map(([start, end, words]) => [start, end, words.join(", ")]);
}

function underline() {
  const { answer, explained } = state;
  const all = [];
  for (const node of document.querySelectorAll("#columns .text")) {
    const links = explained.get(node.dataset.key);
    if (!links || node.querySelector("mark")) continue;
    marked(node, node.textContent, spansOf(links, "target", "source"));
  }
  for (const node of $("hits").querySelectorAll(".text")) all.push(...(explained.get(node.dataset.key) ?? []));
  $("echo").hidden = !all.length;
  if (all.length) {
    written($("echo"), answer.language.lang);
    marked($("echo"), answer.query, spansOf(all, "source", "target"));
  }
}

document.addEventListener("pointerover", (event) => {
  const over = event.target.closest?.("mark");
  const words = over ? over.title.split(", ") : [];
  for (const mark of document.querySelectorAll("mark")) {
    mark.classList.toggle("lit", Boolean(over) && (mark === over || words.includes(mark.textContent)));
  }
});

// ---------------------------------------------------------------- the map

async function drawMap() {
  $("map-panel").hidden = !$("show-map").checked;
  if (!$("show-map").checked || !state.collection) return;
  const name = state.collection;
  if (state.map?.name !== name) {
    $("map-caption").textContent = "Drawing the map…";
    try {
      const found = await patiently(() => ask(at(name, "/map")));
      if (state.collection !== name) return;
      state.map = { ...found, name, mark: null };
    } catch (error) { $("map-caption").textContent = error.message; return; }
  }
  await placeQuery();
  paint();
}

async function patiently(action, times = 10) {
  try { return await action(); } catch (error) {
    // It goes on being drawn, however long that takes.
    if (error.status !== 504 || !times) throw error;
    return patiently(action, times - 1);
  }
}

async function placeQuery() {
  if (!state.map || !$("show-map").checked) return;
  const { answer, map } = state;
  map.mark = null;
  if (answer) {
    try { [map.mark] = (await ask(at(map.name, "/map/place"), { texts: [answer.query] })).places; } catch (error) { told(error); }
  }
  if (state.answer === answer) paint();
}

function paint() {
  const { map, answer } = state;
  if (!map || $("map-panel").hidden) return;
  const canvas = $("map");
  const ratio = window.devicePixelRatio || 1;
  const [width, height] = [canvas.clientWidth, canvas.clientHeight];
  canvas.width = width * ratio;
  canvas.height = height * ratio;
  const pen = canvas.getContext("2d");
  pen.scale(ratio, ratio);
  const style = getComputedStyle(document.documentElement);
  const codes = [...new Set(map.points.map((point) => point.lang))].sort();
  const spot = (point) => [12 + point.x * (width - 24), 12 + (1 - point.y) * (height - 24)];
  const dark = matchMedia("(prefers-color-scheme: dark)").matches;
  for (const point of map.points) {
    const [x, y] = spot(point);
    pen.fillStyle = `hsl(${(codes.indexOf(point.lang) * 137.5) % 360} 65% ${dark ? 65 : 45}%)`;
    pen.beginPath();
    pen.arc(x, y, map.points.length > 2000 ? 1.5 : 3, 0, 7);
    pen.fill();
  }
  const hits = new Map((answer?.rankings.get(1) ?? []).map((hit, i) => [JSON.stringify(hit.id), i + 1]));
  pen.strokeStyle = pen.fillStyle = style.getPropertyValue("--ink");
  pen.font = "600 12px system-ui, sans-serif";
  let onMap = 0;
  for (const point of map.points) {
    const place = hits.get(JSON.stringify(point.id));
    if (!place) continue;
    onMap += 1;
    const [x, y] = spot(point);
    pen.beginPath();
    pen.arc(x, y, 6, 0, 7);
    pen.stroke();
    pen.fillText(String(place), x + 8, y + 4);
  }
  if (map.mark) {
    const [x, y] = spot(map.mark);
    pen.fillStyle = style.getPropertyValue("--accent");
    pen.beginPath();
    for (let i = 0; i < 10; i += 1) {
      const [angle, far] = [(Math.PI * i) / 5 - Math.PI / 2, i % 2 ? 4 : 10];
      pen.lineTo(x + far * Math.cos(angle), y + far * Math.sin(angle));
    }
    pen.fill();
  }
  const what = `${plural(map.points.length, "document")} by meaning, coloured by language (${codes.join(", ")})`;
  const where = map.mark ? `; the star is the query, rings are ${plural(onMap, "hit")}` : "";
  $("map-caption").textContent = what + where;
  canvas.setAttribute("aria-label", `Map of ${what}${where}`);
}

$("map").addEventListener("pointermove", (event) => {
  if (!state.map) return;
  const { width, height } = event.target.getBoundingClientRect();
  const far = (point) => Math.hypot(12 + point.x * (width - 24) - event.offsetX, 12 + (1 - point.y) * (height - 24) - event.offsetY);
  const best = state.map.points.reduce((one, other) => (far(one) <= far(other) ? one : other));
  event.target.title = far(best) < 12 ? best.text.slice(0, 300) : "";
});
window.addEventListener("resize", debounced(paint, 100));

// ---------------------------------------------------------------- memory

async function lookUp() {
  const text = $("segment").value;
  if (!text.trim() || !$("memory-name").value) return;
  const path = `/v1/memories/${encodeURIComponent($("memory-name").value)}/lookup`;
  try {
    const { matches, milliseconds } = await ask(path, { text, target: $("target").value });
    problem("");
    $("memory-status").textContent = `${matches.length ? plural(matches.length, "match").replace(/hs$/, "hes") : "No matches"} in ${Math.round(milliseconds)} ms`;
    $("matches").replaceChildren(...matches.map(matchItem));
  } catch (error) { told(error); }
}

function matchItem(match) {
  const target = written(make("p", { className: "target", textContent: match.target }), match.target_lang);
  const source = written(make("p", { className: "source", textContent: match.source }), match.source_lang);
  const about = make("p", { className: "about" }, badge(match.source_lang), badge(match.target_lang));
  const sure = match.percent !== null ? `${match.percent} % ${match.kind}` : match.kind;
  about.append(make("span", { textContent: sure }));
  if (match.confidence !== null) about.append(make("span", { textContent: `confidence ${Math.round(100 * match.confidence)} %` }));
  for (const flag of match.flags) about.append(make("span", { className: "flag", textContent: `${flag} differ` }));
  const copy = make("button", { type: "button", textContent: "Copy" });
  copy.setAttribute("aria-label", `Copy: ${match.target}`);
  copy.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(match.target);
      $("memory-status").textContent = "Copied.";
    } catch { // no clipboard without a secure address: at least it is selected
      getSelection().selectAllChildren(target);
      $("memory-status").textContent = "Selected: copy it with the keyboard.";
    }
  });
  return make("li", {}, about, target, source, copy);
}

// ---------------------------------------------------------------- adding

async function ensureCollection(name) {
  const known = [...$("known").children].map((option) => option.value);
  if (!known.includes(name)) await ask(at(name), {}, { method: "PUT" });
}

function report(told) {
  const parts = ["added", "updated", "unchanged"].filter((what) => told[what]).map((what) => `${told[what]} ${what}`);
  if (told.skipped.length) parts.push(`${told.skipped.length} skipped: ${told.skipped[0].reason}`);
  return parts.join(", ") || "nothing to do";
}

function upload(name, file, item) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest(); // fetch does not tell how much was sent
    const bar = item.querySelector("progress");
    request.open("POST", at(name, `/files?name=${encodeURIComponent(file.name)}`));
    for (const [header, value] of Object.entries(headers())) request.setRequestHeader(header, value);
    request.setRequestHeader("Content-Type", "application/octet-stream");
    request.upload.addEventListener("progress", (event) => {
      if (event.lengthComputable) bar.value = event.loaded / event.total;
    });
    request.upload.addEventListener("load", () => {
      bar.removeAttribute("value"); // sent; how long reading and encoding take is not known
      item.querySelector(".state").textContent = "is being read and encoded…";
    });
    request.addEventListener("load", () => {
      let body = null;
      try { body = JSON.parse(request.responseText); } catch { /* told by the status */ }
      if (request.status < 300) resolve(body);
      else reject(new Refused(request.status, body));
    });
    request.addEventListener("error", () => reject(new Error("it could not be sent")));
    request.send(file);
  });
}

async function addFiles(files) {
  const name = $("into").value.trim() || state.collection;
  select($("tab-add"));
  if (!name) { problem("Name a collection first."); $("into").focus(); return; }
  const waiting = [...files].map((file) => {
    const bar = make("progress", { value: 0, max: 1 });
    bar.setAttribute("aria-label", file.name);
    const item = make("li", {}, written(make("strong", { textContent: file.name })), " ", make("span", { className: "state", textContent: "waits" }), bar);
    $("uploads").prepend(item);
    return [file, item];
  });
  try { await ensureCollection(name); } catch (error) { told(error); return; }
  for (const [file, item] of waiting) {
    item.querySelector(".state").textContent = "is being sent…";
    try {
      item.querySelector(".state").textContent = report(await upload(name, file, item));
    } catch (error) { item.querySelector(".state").textContent = `failed: ${error.message}`; }
    item.querySelector("progress").remove();
  }
  await added(name);
}

async function added(name) {
  try {
    await loadCollections();
    await useCollection(name);
  } catch (error) { told(error); }
}

async function addLines() {
  const name = $("into").value.trim() || state.collection;
  const documents = $("lines").value.split("\n").filter((line) => line.trim());
  if (!name || !documents.length) return;
  $("add-status").textContent = "Adding…";
  try {
    await ensureCollection(name);
    const done = await ask(at(name, "/documents"), { documents });
    $("add-status").textContent = report(done);
    $("lines").value = "";
    problem("");
    await added(name);
  } catch (error) { $("add-status").textContent = ""; told(error); }
}

let dragging = 0;
const carriesFiles = (event) => event.dataTransfer?.types.includes("Files");
for (const [type, step] of [["dragenter", 1], ["dragleave", -1]]) {
  document.addEventListener(type, (event) => {
    if (!carriesFiles(event)) return;
    dragging = Math.max(0, dragging + step);
    $("veil").hidden = !dragging;
  });
}
document.addEventListener("dragover", (event) => { if (carriesFiles(event)) event.preventDefault(); });
document.addEventListener("drop", (event) => {
  if (!carriesFiles(event)) return;
  event.preventDefault();
  dragging = 0;
  $("veil").hidden = true;
  addFiles(event.dataTransfer.files);
});

// ---------------------------------------------------------------- keys, tabs, beginning

function select(tab, focus = false) {
  for (const one of document.querySelectorAll("[role=tab]")) {
    const on = one === tab;
    one.setAttribute("aria-selected", String(on));
    one.tabIndex = on ? 0 : -1;
    $(one.getAttribute("aria-controls")).hidden = !on;
  }
  if (focus) tab.focus();
}

document.querySelector("[role=tablist]").addEventListener("keydown", (event) => {
  const tabs = [...document.querySelectorAll("[role=tab]:not([hidden])")];
  const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
  if (step) select(tabs[(tabs.indexOf(event.target) + step + tabs.length) % tabs.length], true);
});

document.addEventListener("keydown", (event) => {
  const writing = event.target.matches("input:not([type=range], [type=checkbox]), textarea, select");
  if (event.key === "/" && !writing && !event.ctrlKey && !event.metaKey && !event.altKey) {
    event.preventDefault();
    select($("tab-search"));
    $("query").focus();
    $("query").select();
    return;
  }
  if ($("search").hidden || event.isComposing) return;
  const column = event.target.closest("ol") ?? $("hits");
  const stops = [...column.querySelectorAll("summary")];
  const here = stops.indexOf(event.target);
  if (event.target === $("query") && event.key === "ArrowDown" && stops.length) {
    event.preventDefault();
    stops[0].focus();
  } else if (here >= 0 && (event.key === "ArrowDown" || event.key === "ArrowUp")) {
    event.preventDefault();
    (event.key === "ArrowDown" ? stops[here + 1] ?? stops[here] : stops[here - 1] ?? $("query")).focus();
  } else if (event.key === "Escape" && (here >= 0 || event.target.closest(".more"))) {
    const details = event.target.closest("details");
    if (details.open) { details.open = false; details.querySelector("summary").focus(); } else $("query").focus();
  } else if (event.key === "Escape" && event.target === $("query")) {
    event.preventDefault();
    $("query").value = "";
    search();
  }
});

function remember() {
  const asked = new URLSearchParams({ c: state.collection, q: $("query").value });
  history.replaceState(null, "", `#${asked}`); // what stands behind # is not sent
}

for (const tab of document.querySelectorAll("[role=tab]")) tab.addEventListener("click", () => select(tab));
$("query").addEventListener("input", (event) => { if (!event.isComposing) searchSoon(); });
$("query").addEventListener("compositionend", searchSoon);
$("search-form").addEventListener("submit", (event) => { event.preventDefault(); search(); });
$("collection").addEventListener("change", () => useCollection($("collection").value).then(() => search()).catch(told));
$("browse").addEventListener("click", () => browse(state.browsing ? state.cursor : null));
$("compare").addEventListener("change", () => { show(); explain(); });
$("show-map").addEventListener("change", drawMap);
$("neutral").addEventListener("input", () => {
  const value = Number($("neutral").value);
  $("neutral-value").textContent = value.toFixed(1);
  if (!state.answer || state.answer.rankings.has(value)) { show(); explain(); } else search(true);
});
$("memory-form").addEventListener("submit", (event) => { event.preventDefault(); lookUp(); });
$("segment").addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) { event.preventDefault(); lookUp(); }
});
$("lines-form").addEventListener("submit", (event) => { event.preventDefault(); addLines(); });
$("files").addEventListener("change", () => { addFiles($("files").files); $("files").value = ""; });
$("key-button").addEventListener("click", needKey);
$("key-form").addEventListener("submit", () => {
  sessionStorage.setItem("xling-key", $("key").value.trim());
  $("key").value = "";
  begin();
});

async function begin() {
  const codes = ["en", "ja", "zh", "ko", "de", "fr", "es", "it", "pt", "nl", "sv", "pl", "cs", "ru", "uk", "tr", "el", "ar", "he", "fa", "hi", "bn", "ta", "th", "vi", "id"];
  $("target").replaceChildren(...codes.map((code) => make("option", { value: code, textContent: `${language(code)} (${code})` })));
  if (matchMedia("(max-width: 45rem)").matches) $("compare").checked = false;
  try {
    const service = await ask("/v1/service");
    if (service.keys_required && service.role === null) { needKey(); return; }
    problem("");
    $("tab-add").hidden = service.role === "read";
    const known = await loadCollections();
    const asked = new URLSearchParams(location.hash.slice(1));
    const name = known.includes(asked.get("c")) ? asked.get("c") : known[0];
    if (!name) return;
    $("query").value = asked.get("q") ?? "";
    await useCollection(name);
    if ($("query").value) await search();
    if (!$("key-dialog").open) $("query").focus();
  } catch (error) { told(error); }
}

begin();
