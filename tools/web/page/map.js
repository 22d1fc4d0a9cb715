// The map: services as boxes, channels as arrows between them. dagre says where they lie, anew only
// when there are others than before.

import { duration, isBad, keyOf, rate, stateOf } from "./words.js";

const SVG = "http://www.w3.org/2000/svg";
const LETTER = 7.6, NODE_HEIGHT = 44, LABEL_HEIGHT = 18;

function element(name, attributes, parent) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  parent?.append(made);
  return made;
}

function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

// "M…" through the points, with round corners.
function pathThrough(points) {
  let path = `M${points[0].x},${points[0].y}`;
  for (let i = 1; i < points.length - 1; ++i) {
    const at = points[i], next = points[i + 1];
    path += ` Q${at.x},${at.y} ${(at.x + next.x) / 2},${(at.y + next.y) / 2}`;
  }
  const end = points[points.length - 1];
  return path + ` L${end.x},${end.y}`;
}

export class ServiceMap {
  #svg; #onChoose; #structure = ""; #nodes = new Map(); #edges = new Map(); #chosen = null;

  constructor(svg, onChoose) {
    this.#svg = svg;
    this.#onChoose = onChoose;
  }

  choose(service) {
    this.#chosen = service;
    for (const [name, node] of this.#nodes) node.classList.toggle("chosen", name === service);
  }

  show(data) {
    const structure = JSON.stringify([data.services.map((service) => service.name),
                                      data.channels.map(keyOf), data.channels.map((c) => c.over)]);
    if (structure !== this.#structure) this.#layOut(data);
    this.#structure = structure;
    for (const service of data.services) this.#showService(service);
    for (const channel of data.channels) this.#showChannel(channel);
  }

  #layOut(data) {
    const graph = new dagre.graphlib.Graph({ multigraph: true });
    graph.setGraph({ rankdir: "LR", nodesep: 28, edgesep: 24, ranksep: 34,
                     marginx: 8, marginy: 14 });
    const known = new Set(data.services.map((service) => service.name));
    const outside = new Set(data.channels.map((c) => c.server).filter((name) => !known.has(name)));
    for (const name of [...known, ...outside]) {
      graph.setNode(name, { width: Math.max(84, name.length * LETTER + 24), height: NODE_HEIGHT });
    }
    for (const channel of data.channels) {
      const width = (channel.over.length + 22) * LETTER * 0.9;
      graph.setEdge(channel.client, channel.server,
                    { width, height: LABEL_HEIGHT, labelpos: "c" }, keyOf(channel));
    }
    dagre.layout(graph);
    this.#draw(graph, known, data);
  }

  #draw(graph, known, data) {
    const focused = document.activeElement?.dataset?.service;
    this.#svg.replaceChildren();
    this.#nodes.clear();
    this.#edges.clear();
    const { width, height } = graph.graph();
    this.#svg.setAttribute("viewBox", `0 0 ${Math.ceil(width)} ${Math.ceil(height)}`);
    this.#svg.setAttribute("width", Math.ceil(width));
    this.#svg.setAttribute("height", Math.ceil(height));
    const defs = element("defs", {}, this.#svg);
    for (const id of ["arrow", "arrow-bad"]) {
      const marker = element("marker", { id, viewBox: "0 0 10 10", refX: 9, refY: 5,
        markerWidth: 11, markerHeight: 11, markerUnits: "userSpaceOnUse", orient: "auto" }, defs);
      element("path", { d: "M0,0 L10,5 L0,10 z" }, marker);
    }
    for (const channel of data.channels) this.#drawEdge(graph, channel);
    for (const name of graph.nodes()) this.#drawNode(graph.node(name), name, known.has(name));
    if (focused) this.#nodes.get(focused)?.focus();
    this.choose(this.#chosen);
  }

  #drawNode(place, name, isService) {
    const node = element("g", { class: isService ? "node" : "node outside",
      transform: `translate(${place.x - place.width / 2},${place.y - place.height / 2})`,
    }, this.#svg);
    element("rect", { width: place.width, height: place.height, rx: 6 }, node);
    const middle = place.width / 2;
    element("text", { class: "name", x: middle, y: 18 }, node).textContent = name;
    element("text", { class: "word", x: middle, y: 35 }, node).textContent =
      isService ? "" : "outside";
    if (!isService) return;
    node.dataset.service = name;
    node.setAttribute("tabindex", "0");
    node.setAttribute("role", "button");
    node.addEventListener("click", () => this.#onChoose(name));
    node.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" && event.key !== " ") return;
      event.preventDefault();
      this.#onChoose(name);
    });
    this.#nodes.set(name, node);
  }

  #drawEdge(graph, channel) {
    const place = graph.edge({ v: channel.client, w: channel.server, name: keyOf(channel) });
    const edge = element("g", { class: "edge" }, this.#svg);
    edge.dataset.client = channel.client;
    edge.dataset.server = channel.server;
    edge.dataset.role = channel.role;
    element("path", { d: pathThrough(place.points) }, edge);
    element("text", { x: place.x, y: place.y - 6 }, edge);
    this.#edges.set(keyOf(channel), edge);
  }

  #showService(service) {
    const node = this.#nodes.get(service.name);
    const bad = isBad(service), word = stateOf(service);
    node.classList.toggle("bad", bad);
    node.classList.toggle("waits", !service.well && !bad);
    setText(node.querySelector(".word"), (bad ? "⚠ " : "") + word);
    const label = `${service.name}: ${word}${service.note ? ", " + service.note : ""}`;
    if (node.getAttribute("aria-label") !== label) node.setAttribute("aria-label", label);
  }

  #showChannel(channel) {
    const edge = this.#edges.get(keyOf(channel));
    edge.setAttribute("class", "edge" + (channel.stuck ? " bad" : "") +
                               (channel.one_way ? " one-way" : ""));
    edge.querySelector("path").setAttribute(
      "marker-end", channel.stuck ? "url(#arrow-bad)" : "url(#arrow)");
    const p99 = channel.p99_ns === null ? "" : `  p99 ${duration(channel.p99_ns)}`;
    const wait = channel.stuck ? `  ⚠ ${duration(channel.oldest_ns)}` : p99;
    setText(edge.querySelector("text"), `${channel.over}  ${rate(channel.sent_per_s)}/s${wait}`);
  }
}
