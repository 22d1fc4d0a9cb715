// p99 of the busiest channels over the last minutes.

import { duration, keyOf } from "./words.js";

const SAMPLES_MAX = 300, LINES_MAX = 6, LEAST_MS = 0.001, SECONDS_LEAST = 30;
const HEIGHT = 240;
const REDRAW_MS = matchMedia("(prefers-reduced-motion: reduce)").matches ? 5000 : 0;
// Okabe and Ito's, which differ for all kinds of eyes, made a shade darker or lighter by theme.
const LIGHT = ["#0072b2", "#c04a00", "#007f5c", "#a8387f", "#7a6000", "#3a7ca5"];
const DARK = ["#56b4e9", "#f0883e", "#3fd0a4", "#e59ac7", "#f0e442", "#9fd3f5"];
const DASHES = [[], [8, 4], [2, 3], [10, 3, 2, 3], [5, 5], [14, 4]];
const dark = matchMedia("(prefers-color-scheme: dark)");
const color = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

export class Curve {
  #place; #times = []; #values = new Map(); #names = new Map(); #plot = null; #shown = "";
  #drawn = -Infinity;

  constructor(place) {
    this.#place = place;
    new ResizeObserver(() => this.#plot?.setSize(this.#size())).observe(place);
    dark.addEventListener("change", () => { this.#shown = ""; });
  }

  add(data) {
    this.#times.push(Date.now() / 1000);
    for (const channel of data.channels) {
      const key = keyOf(channel);
      this.#names.set(key, `${channel.client} → ${channel.server} (${channel.over})`);
      if (!this.#values.has(key)) this.#values.set(key, Array(this.#times.length - 1).fill(null));
    }
    const now = new Map(data.channels.map((channel) => [keyOf(channel), channel]));
    for (const [key, values] of this.#values) {
      const p99 = now.get(key)?.p99_ns ?? null;
      values.push(p99 === null ? null : Math.max(p99 / 1e6, LEAST_MS));
    }
    if (this.#times.length > SAMPLES_MAX) {
      this.#times.shift();
      for (const values of this.#values.values()) values.shift();
    }
    const busiest = data.channels.filter((channel) => this.#values.get(keyOf(channel))
      .some((value) => value !== null))
      .sort((a, b) => (b.sent_per_s ?? 0) - (a.sent_per_s ?? 0)).slice(0, LINES_MAX).map(keyOf);
    if (performance.now() - this.#drawn < REDRAW_MS) return;
    this.#drawn = performance.now();
    this.#draw(busiest.sort());
  }

  #size() {
    return { width: Math.max(280, this.#place.clientWidth), height: HEIGHT };
  }

  #draw(keys) {
    const data = [this.#times, ...keys.map((key) => this.#values.get(key))];
    if (JSON.stringify(keys) === this.#shown) return this.#plot?.setData(data);
    this.#shown = JSON.stringify(keys);
    this.#plot?.destroy();
    this.#plot = null;
    if (keys.length === 0) return;
    const colors = dark.matches ? DARK : LIGHT;
    const ms = (value) => (value === null || value === undefined ? "-" : duration(value * 1e6));
    const lines = { stroke: () => color("--grid"), width: 1 };
    const axis = { stroke: () => color("--quiet"), grid: lines, ticks: lines };
    this.#plot = new uPlot({
      ...this.#size(),
      series: [{ label: "time" }, ...keys.map((key, i) => ({
        label: this.#names.get(key), stroke: colors[i], width: 2, dash: DASHES[i],
        value: (_, value) => ms(value),
      }))],
      scales: { x: { range: (_, min, max) => [Math.min(min, max - SECONDS_LEAST), max] },
                y: { distr: 3 } },
      axes: [axis, { ...axis, size: 70,
        values: (_, splits) => splits.map((v) => (v === null ? "" : ms(v))) }],
    }, data, this.#place);
  }
}
