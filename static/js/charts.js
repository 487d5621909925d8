// The screen of the queue: figures that follow what happens, and two charts of them.

const { Chart } = window;
const root = document.documentElement;
const place = document.querySelector("[data-queue]");
const words = document.querySelector("[data-span]").dataset;
const all = (selector) => [...document.querySelectorAll(selector)];
const PAUSE = 15_000;

const clock = new Intl.DateTimeFormat(
  root.lang,
  words.span === "week"
    ? { weekday: "short", day: "numeric", hour: "numeric", minute: "2-digit" }
    : { hour: "numeric", minute: "2-digit" },
);
const number = new Intl.NumberFormat(root.lang);
const UNITS = [["day", 86400], ["hour", 3600], ["minute", 60], ["second", 1]];

function duration(seconds) {
  const [unit, size] = UNITS.find(([, length]) => seconds >= length) ?? UNITS.at(-1);
  const style = { style: "unit", unit, unitDisplay: "short", maximumFractionDigits: seconds < 60 ? 2 : 1 };
  return new Intl.NumberFormat(root.lang, style).format(seconds / size);
}

// A canvas knows no CSS variables, and `light-dark()` has no value but on an element.
const probe = document.createElement("span");
probe.hidden = true;
document.body.append(probe);
function colour(name) {
  probe.style.color = `var(--qs-${name})`;
  return getComputedStyle(probe).color;
}

const bars = (label, stack) => ({ label, stack, data: [], categoryPercentage: 0.9, barPercentage: 1 });
const line = (label, borderDash) => ({
  label, borderDash, data: [], borderWidth: 2, pointRadius: 0, pointHitRadius: 8, spanGaps: true, tension: 0.2,
});

// Chart.js itself shows a dashed line without points as an unbroken one.
function generateLabels(chart) {
  const labels = Chart.defaults.plugins.legend.labels.generateLabels(chart);
  return labels.map((label) => ({ ...label, lineDash: chart.data.datasets[label.datasetIndex].borderDash }));
}

function draw(name, type, datasets, tick) {
  return new Chart(document.querySelector(`[data-chart="${name}"]`), {
    type,
    data: { labels: [], datasets },
    options: {
      animation: false,
      locale: root.lang,
      maintainAspectRatio: false,
      interaction: { mode: "index", intersect: false },
      scales: {
        x: { stacked: true, ticks: { maxRotation: 0, autoSkipPadding: 16 }, grid: { display: false } },
        y: { stacked: type === "bar", beginAtZero: true, ticks: { precision: 0, maxTicksLimit: 6, callback: tick } },
      },
      plugins: {
        legend: {
          position: "bottom",
          labels: { usePointStyle: type === "line", pointStyle: "line", boxWidth: 24, pointStyleWidth: 32, generateLabels },
        },
        tooltip: { callbacks: { label: ({ dataset, raw }) => `${dataset.label}: ${raw === null ? "–" : tick(raw)}` } },
      },
    },
  });
}

const ended = draw("ended", "bar", [bars(words.done, "all"), bars(words.failed, "all")], (n) => number.format(n));
const waited = draw("waited", "line", [line(words.average, []), line(words.longest, [5, 4])], duration);
const charts = [ended, waited];

function paint() {
  const [done, failed, ink, grid] = ["accent", "danger", "soft", "line"].map(colour);
  ended.data.datasets[0].backgroundColor = waited.data.datasets[0].borderColor = done;
  ended.data.datasets[1].backgroundColor = failed;
  waited.data.datasets[0].backgroundColor = done;
  waited.data.datasets[1].borderColor = waited.data.datasets[1].backgroundColor = ink;
  for (const chart of charts) {
    chart.options.color = ink;
    for (const axis of Object.values(chart.options.scales)) {
      axis.ticks.color = ink;
      axis.grid = { ...axis.grid, color: grid };
      axis.border = { color: grid };
    }
    chart.update();
  }
}

function show(series) {
  const labels = series.map((point) => clock.format(new Date(point.at)));
  const column = (name) => series.map((point) => point[name]);
  for (const chart of charts) chart.data.labels = labels;
  ended.data.datasets[0].data = column("succeeded");
  ended.data.datasets[1].data = column("failed");
  waited.data.datasets[0].data = column("waited");
  waited.data.datasets[1].data = column("waited_longest");
  paint();
  fill(series.map((point, index) => [labels[index], point]).reverse());
}

function fill(points) {
  const rows = all("[data-numbers] > tr");
  points.forEach(([label, point], index) => {
    const waits = [point.waited, point.waited_longest].map((wait) => (wait === null ? "–" : duration(wait)));
    const cells = [label, number.format(point.succeeded), number.format(point.failed), ...waits];
    cells.forEach((text, at) => (rows[index].cells[at].textContent = text));
  });
}

async function ask() {
  if (document.hidden) return;
  const answer = await fetch(place.dataset.queue, { headers: { Accept: "application/json" } });
  if (!answer.ok || answer.redirected) return;
  const news = await answer.json();
  for (const figure of all("[data-figure]")) figure.textContent = news.words[figure.dataset.figure];
  for (const row of all("[data-kind]"))
    for (const cell of row.querySelectorAll("[data-cell]"))
      cell.textContent = news.kinds[row.dataset.kind]?.[cell.dataset.cell] ?? cell.textContent;
  show(news.series);
  document.querySelector("[data-span]").dataset.drawn = news.at;
}
// The network may be away; the next try may find it.
const follow = () => ask().catch(() => {});

Chart.defaults.font.family = getComputedStyle(document.body).fontFamily;
new MutationObserver(paint).observe(root, { attributeFilter: ["data-bs-theme"] });
document.addEventListener("visibilitychange", follow);
setInterval(follow, PAUSE);
follow();
