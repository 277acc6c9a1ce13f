(function () {
  "use strict";
  const root = document.documentElement;
  const data = JSON.parse(document.getElementById("data").textContent);
  const hidden = new Set();
  const charts = new Map();
  let focused = -1;
  let axisMode = "auto";
  root.classList.add("scripted");

  const variable = name => getComputedStyle(root).getPropertyValue(name).trim();
  const color = method => variable("--c" + (method % 8));
  const fade = (hex, alpha) => hex + Math.round(255 * alpha).toString(16).padStart(2, "0");
  const isDim = method => focused >= 0 && focused !== method;

  function element(name, className, text) {
    const node = document.createElement(name);
    if (className) node.className = className;
    if (text !== undefined) node.textContent = text;
    return node;
  }

  // Ticks and labels: the same rules as the still pictures.
  function linearTicks(count, low, high) {
    const raw = (high - low) / count;
    const power = Math.pow(10, Math.floor(Math.log10(raw)));
    const stride = power * [1, 2, 5, 10].find(factor => factor * power >= raw * 0.999);
    const ticks = [];
    const from = Math.ceil(low / stride - 1e-9), places = Math.floor(high / stride + 1e-9) - from + 1;
    for (let i = 0; i < places && places < 100; i++) ticks.push((from + i) * stride);
    return ticks;
  }
  function logTicks(low, high) {
    const first = Math.floor(Math.log10(low)), last = Math.ceil(Math.log10(high));
    const every = Math.max(1, Math.floor((last - first + 5) / 6));
    const factors = Math.log10(high / low) < 2.2 ? [1, 2, 5] : [1];
    const ticks = [];
    for (let e = first; e <= last; e++) {
      if (e % every !== 0) continue;
      for (const factor of factors) {
        const place = Number(factor + "e" + e);
        if (place >= low * 0.999 && place <= high * 1.001) ticks.push(place);
      }
    }
    return ticks;
  }
  function label(isPercent, value) {
    const short = scaled => String(Number(scaled.toFixed(4)));
    if (isPercent) return short(100 * value) + "%";
    if (value === 0) return "0";
    const size = Math.abs(value);
    if (size < 0.9e-3 || size >= 1e9) return Number(value.toPrecision(2)).toExponential().replace("e+", "e");
    if (size >= 1e6) return short(value / 1e6) + "M";
    if (size >= 1e3) return short(value / 1e3) + "k";
    return short(value);
  }
  function reading(isPercent, value) {
    if (isPercent) return (100 * value).toFixed(1) + "%";
    const size = Math.abs(value);
    if (value !== 0 && (size < 1e-3 || size >= 1e6)) return value.toExponential(2).replace("e+", "e");
    if (size >= 1000) return Number(value.toPrecision(3)).toLocaleString("en");
    return value === 0 ? "0" : value.toPrecision(3);
  }
  function place(axis, x) {
    if (axis === "step") return "Step " + Math.round(x).toLocaleString("en");
    if (axis === "seconds") return reading(false, x) + " s";
    return reading(false, x) + " gradient-equivalents";
  }

  // Where a line is at x; none before its first point, its end after its last.
  function valueAt(line, key, x, isLog) {
    const xs = line.x, ys = line[key];
    if (!ys || xs.length === 0 || x < xs[0]) return null;
    let low = 0, high = xs.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (xs[middle] <= x) low = middle; else high = middle - 1;
    }
    if (low === xs.length - 1) return ys[low];
    const share = (x - xs[low]) / (xs[low + 1] - xs[low]);
    if (isLog && ys[low] > 0 && ys[low + 1] > 0) return Math.exp((1 - share) * Math.log(ys[low]) + share * Math.log(ys[low + 1]));
    return (1 - share) * ys[low] + share * ys[low + 1];
  }

  function mark(u, method, x, y, how, isLogX) {
    if (how === "spent" || (isLogX && x <= 0) || x < u.scales.x.min || x > u.scales.x.max) return;
    const ratio = devicePixelRatio, ctx = u.ctx, box = u.bbox;
    const px = u.valToPos(x, "x", true);
    const raw = y > 0 || u.scales.y.distr !== 3 ? u.valToPos(y, "y", true) : box.top + box.height;
    const py = Math.min(box.top + box.height, Math.max(box.top, raw));
    const r = 3.5 * ratio;
    ctx.save();
    ctx.globalAlpha = isDim(method) ? 0.2 : 1;
    ctx.strokeStyle = ctx.fillStyle = color(method);
    ctx.lineWidth = 1.75 * ratio;
    ctx.beginPath();
    if (how === "failed") {
      ctx.moveTo(px - r, py - r); ctx.lineTo(px + r, py + r);
      ctx.moveTo(px - r, py + r); ctx.lineTo(px + r, py - r);
    } else {
      ctx.arc(px, py, r, 0, 2 * Math.PI);
      if (how === "stopped") ctx.fillStyle = variable("--paper");
      ctx.fill();
    }
    ctx.stroke();
    ctx.restore();
  }

  function targetLine(u, target) {
    const ratio = devicePixelRatio, ctx = u.ctx, box = u.bbox;
    const y = Math.round(u.valToPos(target, "y", true)) + 0.5;
    if (y < box.top || y > box.top + box.height) return;
    ctx.save();
    ctx.strokeStyle = variable("--soft");
    ctx.lineCap = "round";
    ctx.lineWidth = ratio;
    ctx.setLineDash([ratio, 4 * ratio]);
    ctx.beginPath();
    ctx.moveTo(box.left, y); ctx.lineTo(box.left + box.width, y);
    ctx.stroke();
    ctx.restore();
  }

  function showTip(u, panel, lines, tip, dots) {
    const left = u.cursor.left;
    for (const dot of dots) dot.style.display = "none";
    if (left === null || left === undefined || left < 0) { tip.hidden = true; return; }
    const x = u.posToVal(left, "x");
    const rows = [];
    lines.forEach((line, i) => {
      const y = valueAt(line, "y", x, panel.isLogY);
      if (y === null) return;
      const isOver = x > line.x[line.x.length - 1];
      rows.push({ line, y, isOver, low: valueAt(line, "low", x, panel.isLogY), high: valueAt(line, "high", x, panel.isLogY) });
      if (!isOver && y >= panel.y[0] && y <= panel.y[1]) {
        dots[i].style.display = "block";
        dots[i].style.left = left + "px";
        dots[i].style.top = u.valToPos(y, "y") + "px";
      }
    });
    if (rows.length === 0) { tip.hidden = true; return; }
    rows.sort((a, b) => panel.isGain ? b.y - a.y : a.y - b.y);
    const table = element("table");
    for (const row of rows) {
      const tr = element("tr", row.isOver ? "over" : "");
      const name = element("th");
      name.append(element("span", "key m" + row.line.method), data.methods[row.line.method]);
      const value = element("td");
      value.append(element("b", "", reading(panel.isPercent, row.y)));
      let extra = "";
      if (row.isOver) extra = "ended";
      else if (row.low !== null) extra = reading(panel.isPercent, row.low) + " to " + reading(panel.isPercent, row.high);
      tr.append(name, value, element("td", "over", extra));
      table.append(tr);
    }
    tip.replaceChildren(element("b", "", place(panel.axis, x)), table);
    tip.hidden = false;
    // Below the chart, so that no curve is covered; above it where the window ends. Never outside the window's sides.
    const box = u.root.getBoundingClientRect();
    const wanted = left + u.over.offsetLeft - tip.offsetWidth / 2;
    const rightmost = document.documentElement.clientWidth - box.left - tip.offsetWidth - 4;
    tip.style.left = Math.max(4 - box.left, Math.min(wanted, rightmost)) + "px";
    const fitsBelow = box.bottom + tip.offsetHeight + 4 <= innerHeight;
    const fitsAbove = box.top - tip.offsetHeight - 4 >= 0;
    tip.style.top = (fitsBelow || !fitsAbove ? box.height - 18 : -tip.offsetHeight - 4) + "px";
  }

  function build(panel, host) {
    const width = host.clientWidth;
    if (width < 80) return;
    const old = charts.get(panel.id);
    if (old) old.destroy();
    host.replaceChildren();
    const isLogX = axisMode === "log" || (axisMode === "auto" && panel.isLogX);
    const lines = panel.lines.filter(line => !hidden.has(line.method));
    const tables = [], series = [{}], bands = [];
    const usable = (xs, ys) => {
      const keep = xs.map((x, i) => (isLogX ? x > 0 : true) && (panel.isLogY ? ys[i] > 0 : true));
      return [xs.filter((_, i) => keep[i]), ys.filter((_, i) => keep[i])];
    };
    const add = (xs, ys, options) => {
      tables.push(usable(xs, ys));
      series.push(Object.assign({ spanGaps: true, points: { show: false } }, options));
      return series.length - 1;
    };
    for (const line of lines) {
      if (!line.low) continue;
      const edge = { stroke: "transparent", width: 0 };
      const high = add(line.x, line.high, edge), low = add(line.x, line.low, edge);
      bands.push({ series: [high, low], fill: () => fade(color(line.method), isDim(line.method) ? 0.03 : 0.14) });
    }
    for (const line of lines) {
      const stroke = () => fade(color(line.method), isDim(line.method) ? 0.2 : 1);
      for (const stray of line.strays) add(stray.x, stray.y, { stroke, width: 1, dash: [3, 3] });
      add(line.x, line.y, { stroke, width: 1.75, dash: line.method >= 8 ? [6, 3] : undefined });
    }
    if (tables.length === 0) tables.push([[1], [null]]), series.push({ show: false });
    const joined = uPlot.join(tables);
    const first = joined[0][0], last = joined[0][joined[0].length - 1];
    const bounds = [isLogX ? Math.min(panel.x[0], panel.x[1] / 2) : 0, panel.x[1]];
    const font = "11px " + getComputedStyle(document.body).fontFamily;
    const axis = { stroke: variable("--soft"), font, labelFont: font, grid: { stroke: variable("--grid"), width: 1 }, ticks: { show: false }, filter: (u, splits) => splits };
    const tip = element("div", "tip");
    tip.hidden = true;
    tip.setAttribute("role", "status");
    const dots = lines.map(line => element("div", "dot m" + line.method));
    const chart = new uPlot({
      width, height: 290, pxAlign: 0, padding: [10, 18, 0, 0],
      legend: { show: false },
      cursor: { y: false, points: { show: false }, drag: { x: true, y: false } },
      scales: {
        x: { time: false, distr: isLogX ? 3 : 1, range: (u, low, high) => low === null || (low === first && high === last) ? bounds : [low, high] },
        y: { distr: panel.isLogY ? 3 : 1, range: () => panel.y }
      },
      axes: [
        Object.assign({}, axis, { size: 26, gap: 4, label: panel.xName, labelSize: 16, splits: (u, i, low, high) => isLogX ? logTicks(low, high) : linearTicks(5, low, high), values: (u, splits) => splits.map(v => label(false, v)) }),
        Object.assign({}, axis, { size: 48, gap: 4, splits: (u, i, low, high) => panel.isLogY ? logTicks(low, high) : linearTicks(5, low, high), values: (u, splits) => splits.map(v => label(panel.isPercent, v)) })
      ],
      series, bands,
      hooks: {
        drawAxes: [u => { if (panel.target !== undefined) targetLine(u, panel.target); }],
        draw: [u => {
          for (const line of lines) {
            if (line.end) mark(u, line.method, line.end.x, line.end.y, line.end.how, isLogX);
            for (const stray of line.strays) mark(u, line.method, stray.x[stray.x.length - 1], stray.y[stray.y.length - 1], "failed", isLogX);
          }
        }],
        setCursor: [u => showTip(u, panel, lines, tip, dots)]
      }
    }, joined, host);
    for (const dot of dots) { dot.style.display = "none"; chart.over.append(dot); }
    host.append(tip);
    charts.set(panel.id, chart);
  }

  const hosts = data.panels.map(panel => {
    const figure = document.querySelector('figure[data-panel="' + panel.id + '"]');
    const host = figure.querySelector(".live");
    host.tabIndex = 0;
    host.setAttribute("role", "img");
    host.setAttribute("aria-label", figure.querySelector(".still").getAttribute("aria-label") + " Left and right arrow keys read values.");
    host.addEventListener("keydown", event => {
      const chart = charts.get(panel.id);
      const move = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
      if (!chart || !move) return;
      event.preventDefault();
      const width = chart.over.clientWidth;
      const from = chart.cursor.left >= 0 ? chart.cursor.left : width / 2;
      chart.setCursor({ left: Math.max(0, Math.min(width - 1, from + move * width / 40)), top: 10 });
    });
    host.addEventListener("blur", () => { const chart = charts.get(panel.id); if (chart) chart.setCursor({ left: -10, top: -10 }); });
    return { panel, host };
  });
  const buildAll = () => { for (const { panel, host } of hosts) build(panel, host); };

  for (const button of document.querySelectorAll(".legend button")) {
    const method = Number(button.dataset.method);
    const refocus = to => { focused = to; for (const chart of charts.values()) chart.redraw(false); };
    button.addEventListener("click", () => {
      if (hidden.has(method)) hidden.delete(method); else hidden.add(method);
      button.setAttribute("aria-pressed", String(!hidden.has(method)));
      root.classList.toggle("off-m" + method, hidden.has(method));
      focused = -1;
      buildAll();
    });
    button.addEventListener("mouseenter", () => { if (!hidden.has(method)) refocus(method); });
    button.addEventListener("mouseleave", () => refocus(-1));
  }
  const choices = document.querySelectorAll(".choice button");
  for (const button of choices) {
    button.addEventListener("click", () => {
      axisMode = button.dataset.x;
      for (const other of choices) other.setAttribute("aria-pressed", String(other === button));
      buildAll();
    });
  }
  const widths = new Map();
  const watcher = new ResizeObserver(entries => {
    for (const entry of entries) {
      const found = hosts.find(({ host }) => host === entry.target);
      const width = Math.round(entry.contentRect.width);
      if (widths.get(found.panel.id) === width) continue;
      widths.set(found.panel.id, width);
      build(found.panel, found.host);
    }
  });
  for (const { host } of hosts) watcher.observe(host);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", buildAll);
})();
