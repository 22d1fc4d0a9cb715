// The tables of services and channels. Rows are kept and filled anew, so that what has the focus
// keeps it.

import { duration, isBad, rate, stateOf, took } from "./words.js";

// rows: of { bad, cells }; a cell is text, or { choose: text } for a button.
function fill(table, rows, onChoose) {
  const body = table.tBodies[0];
  const columns = [...table.tHead.rows[0].cells];
  while (body.rows.length > rows.length) body.deleteRow(-1);
  rows.forEach(({ bad, cells }, i) => {
    const row = body.rows[i] ?? body.insertRow();
    row.classList.toggle("bad", bad);
    cells.forEach((cell, j) => {
      const place = row.cells[j] ?? row.insertCell();
      place.className = columns[j].className;
      if (typeof cell === "string") {
        if (place.textContent !== cell) place.textContent = cell;
        return;
      }
      let button = place.firstChild;
      if (!button) {
        button = document.createElement("button");
        button.type = "button";
        button.addEventListener("click", () => onChoose(button.textContent));
        place.append(button);
      }
      if (button.textContent !== cell.choose) button.textContent = cell.choose;
    });
  });
}

export function showServices(table, services, onChoose) {
  fill(table, services.map((service) => ({
    bad: isBad(service),
    cells: [{ choose: service.name }, stateOf(service), duration(service.since_ns),
            service.pid === 0 ? "-" : String(service.pid), String(service.restarts),
            service.told ? String(service.handling + service.waiting) : "-",
            service.told ? String(service.handled) : "-", service.note],
  })), onChoose);
}

function noteOf(channel) {
  if (channel.stuck) return `waits for ${channel.oldest}` +
                            (channel.because ? `: ${channel.because}` : "");
  if (channel.one_way) return "one way";
  return channel.open ? "" : "not connected";
}

export function showChannels(table, channels) {
  fill(table, channels.map((channel) => ({
    bad: channel.stuck,
    cells: [channel.client, channel.server, channel.over, rate(channel.sent_per_s),
            took(channel.p50_ns), took(channel.p99_ns), String(channel.calls),
            channel.oldest_ns === 0 ? "-" : duration(channel.oldest_ns),
            String(channel.in_doubt), noteOf(channel)],
  })));
}

// Sentences about what does not get on.
export function showStuck(section, list, data) {
  const sentences = [
    ...data.services.filter(isBad).map((service) =>
      (service.state === "ready" || service.state === "started" ? `${service.name} ${service.note}`
        : `${service.name} is ${stateOf(service)}${service.note ? ": " + service.note : ""}`)),
    ...data.channels.filter((channel) => channel.stuck).map((channel) =>
      `${channel.client} waits for ${channel.server} (${channel.oldest})` +
      (channel.because ? `: ${channel.because}` : "")),
  ];
  section.hidden = sentences.length === 0;
  const shown = [...list.children].map((item) => item.textContent);
  if (JSON.stringify(shown) === JSON.stringify(sentences)) return;
  list.replaceChildren(...sentences.map((sentence) => {
    const item = document.createElement("li");
    item.textContent = sentence;
    return item;
  }));
}
