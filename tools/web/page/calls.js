// The last calls of one service, each a bar on one scale of time: what ran beside what, and what
// was slow.

import { took } from "./words.js";

const ROWS_MAX = 60;
const byId = (id) => document.getElementById(id);

export class Calls {
  #ask; #service = null; #calls = [];

  // ask: fetches JSON; throws an Error with a sentence.
  constructor(ask) {
    this.#ask = ask;
    byId("calls-again").addEventListener("click", () => this.#load());
    byId("calls-order").addEventListener("change", () => this.#show());
  }

  async choose(service) {
    this.#service = service;
    byId("calls-title").textContent = `Calls of ${service}`;
    await this.#load();
    byId("calls-title").focus();
  }

  async #load() {
    try {
      this.#calls = (await this.#ask(`/calls?service=${encodeURIComponent(this.#service)}`)).calls;
    } catch (error) {
      this.#calls = [];
      byId("calls-hint").textContent = error.message;
      byId("calls-table").hidden = true;
      return;
    }
    byId("calls-tools").hidden = false;
    this.#show();
  }

  #show() {
    const slowest = byId("calls-order").value === "took";
    const calls = [...this.#calls].sort((a, b) => (slowest
      ? (b.took_ns ?? Infinity) - (a.took_ns ?? Infinity) : a.begun_us - b.begun_us));
    const shown = slowest ? calls.slice(0, ROWS_MAX) : calls.slice(-ROWS_MAX);
    byId("calls-hint").textContent = shown.length === 0
      ? "No call is among its last messages." : `${shown.length} of the calls among its last ` +
      "1,024 messages, those that it made and those that it was called for.";
    byId("calls-table").hidden = shown.length === 0;
    const endOf = (call) => call.begun_us + (call.took_ns ?? 0) / 1000;
    const first = Math.min(...shown.map((call) => call.begun_us));
    const all = Math.max(1, Math.max(...shown.map(endOf)) - first);
    byId("calls-table").tBodies[0].replaceChildren(...shown.map((call) => {
      const row = document.createElement("tr");
      const isOpen = call.took_ns === null;
      row.classList.toggle("bad", isOpen || call.status !== "OK");
      const add = (text) => { row.insertCell().textContent = text; };
      add(`${call.client} → ${call.server}`);
      add(call.method);
      const span = row.insertCell().appendChild(document.createElement("div"));
      span.className = "span";
      const bar = span.appendChild(document.createElement("div"));
      bar.style.left = `${100 * (call.begun_us - first) / all}%`;
      bar.style.width = `${100 * (isOpen ? 1 - (call.begun_us - first) / all
                                         : call.took_ns / 1000 / all)}%`;
      add(isOpen ? "-" : took(call.took_ns));
      row.lastChild.className = "number";
      add(isOpen ? "not answered yet" : call.status);
      return row;
    }));
  }
}
