"use strict";
(function () {
  const text = document.getElementById("data").textContent;
  const report = JSON.parse(text);

  const save = document.getElementById("save");
  save.hidden = false;
  save.addEventListener("click", function () {
    const url = URL.createObjectURL(new Blob([text], { type: "application/json" }));
    const a = document.createElement("a");
    a.href = url;
    a.download = "parfor-compare.json";
    a.click();
    URL.revokeObjectURL(url);
  });

  const place = document.getElementById("lanes");
  if (!place) return;
  const NS = "http://www.w3.org/2000/svg";
  const ROW = 10; // units of height per worker; x is in microseconds
  const say = document.getElementById("span");
  const known = (s) => s[2] !== null && s[3] !== null;

  function time(us) {
    if (us >= 1e6) return (us / 1e6).toPrecision(3) + " s";
    if (us >= 1e3) return (us / 1e3).toPrecision(3) + " ms";
    return Math.round(us) + " µs";
  }

  let end = 1;
  const ways = [];
  for (const lane of report.lanes || []) {
    const spans = (lane.spans || []).filter((s) => known(s) && s[0] >= 0 && s[0] < 4096);
    if (!spans.length) continue;
    spans.sort((a, b) => a[2] - b[2]);
    for (const s of spans) end = Math.max(end, s[2] + s[3]);
    // Not lane.workers: a wrong number there must not cost the reader's memory.
    const workers = spans.reduce((n, s) => Math.max(n, s[0] + 1), 1);
    ways.push({ name: lane.name, workers: workers, spans: spans, current: -1 });
  }
  const view = { from: 0, width: end };
  const clocks = [];

  function element(parent, name, attributes) {
    const e = document.createElementNS(NS, name);
    for (const k in attributes) e.setAttribute(k, attributes[k]);
    parent.appendChild(e);
    return e;
  }

  function html(parent, name, className, content) {
    const e = document.createElement(name);
    if (className) e.className = className;
    if (content) e.textContent = content;
    parent.appendChild(e);
    return e;
  }

  function bad(s) { return s[4] < 200 || s[4] > 299; }

  function draw(way) {
    const box = html(place, "div", "lane");
    html(box, "h3", "", way.name);
    const height = way.workers * ROW;
    const svg = element(box, "svg", {
      preserveAspectRatio: "none", tabindex: "0", role: "application",
      height: Math.min(Math.max(height * 1.4, 18), 360),
      "aria-label": way.name + ": " + way.spans.length + " items on " + way.workers + " workers. Arrow keys walk, plus and minus zoom.",
    });
    // Three paths, not thousands of elements. Neighbours alternate their shade,
    // since a gap between them may be narrower than a pixel.
    const d = { e: "", o: "", x: "" };
    const turn = new Array(way.workers).fill(false);
    for (const s of way.spans) {
      turn[s[0]] = !turn[s[0]];
      d[bad(s) ? "x" : turn[s[0]] ? "e" : "o"] += "M" + s[2] + " " + (s[0] * ROW + ROW / 2) + "h" + Math.max(s[3], 1);
    }
    element(svg, "path", { class: "e", d: d.e, "stroke-width": ROW * 0.6 });
    element(svg, "path", { class: "o", d: d.o, "stroke-width": ROW * 0.6 });
    element(svg, "path", { class: "x", d: d.x, "stroke-width": ROW * 0.9 });
    way.cursor = element(svg, "path", { class: "at", d: "", "stroke-width": ROW });
    way.svg = svg;
    way.height = height;
    const clock = html(box, "div", "clock");
    for (let i = 0; i <= 4; i++) clocks.push({ e: html(clock, "span", ""), f: i / 4 });

    svg.addEventListener("pointermove", function (ev) {
      const r = svg.getBoundingClientRect();
      const t = view.from + (ev.clientX - r.left) / r.width * view.width;
      const w = Math.floor((ev.clientY - r.top) / r.height * way.workers);
      const i = way.spans.findIndex((s) => s[0] === w && s[2] <= t && t <= s[2] + s[3]);
      if (i >= 0) show(way, i, false);
    });
    svg.addEventListener("keydown", function (ev) {
      const moves = { ArrowRight: 1, ArrowLeft: -1, PageDown: 50, PageUp: -50 };
      if (ev.ctrlKey || ev.metaKey || ev.altKey) return;
      if (ev.key in moves) show(way, Math.min(Math.max(way.current + moves[ev.key], 0), way.spans.length - 1), true);
      else if (ev.key === "Home") show(way, 0, true);
      else if (ev.key === "End") show(way, way.spans.length - 1, true);
      else if (ev.key === "+" || ev.key === "=") zoom("in", way);
      else if (ev.key === "-") zoom("out", way);
      else if (ev.key === "0") zoom("all");
      else return;
      ev.preventDefault();
    });
  }

  function show(way, i, follow) {
    for (const w of ways) if (w !== way) w.cursor.setAttribute("d", "");
    way.current = i;
    const s = way.spans[i];
    way.cursor.setAttribute("d", "M" + s[2] + " " + (s[0] * ROW + ROW / 2) + "h" + Math.max(s[3], view.width / 500));
    say.textContent = way.name + ": worker " + (s[0] + 1) + ", item " + s[1] + ", from " + time(s[2]) + ", took " + time(s[3]) + ", " + (s[4] ? "status " + s[4] : "no answer");
    if (follow && (s[2] < view.from || s[2] + s[3] > view.from + view.width)) {
      view.from = s[2] - view.width / 2;
      update();
    }
  }

  function zoom(how, way) {
    let middle = view.from + view.width / 2;
    if (way && way.current >= 0) middle = way.spans[way.current][2];
    if (how === "in") view.width = Math.max(view.width / 2, 100);
    if (how === "out") view.width *= 2;
    if (how === "left") middle -= view.width / 2;
    if (how === "right") middle += view.width / 2;
    if (how === "all") view.width = end;
    view.from = middle - view.width / 2;
    update();
  }

  function update() {
    view.width = Math.min(view.width, end);
    view.from = Math.min(Math.max(view.from, 0), end - view.width);
    for (const way of ways) way.svg.setAttribute("viewBox", view.from + " 0 " + view.width + " " + way.height);
    for (const c of clocks) c.e.textContent = c.f || view.from ? time(view.from + c.f * view.width) : "0";
  }

  for (const way of ways) draw(way);
  const bar = document.getElementById("zoom");
  bar.hidden = false;
  for (const b of bar.querySelectorAll("button")) b.addEventListener("click", () => zoom(b.dataset.zoom));
  update();
})();
