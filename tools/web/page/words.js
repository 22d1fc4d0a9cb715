// How figures are written: as the command line does.

const UNITS = [[1e9, "s"], [1e6, "ms"], [1e3, "us"], [1, "ns"]];

// 12300 → "12.3us"; null, which is not known, → "-"
export function duration(ns) {
  if (ns === null || ns === undefined) return "-";
  if (ns === 0) return "0s";
  if (ns >= 60e9) {
    const minutes = Math.floor(ns / 60e9), seconds = Math.floor(ns / 1e9) % 60;
    if (minutes < 60) return `${minutes}m ${seconds}s`;
    return `${Math.floor(minutes / 60)}h ${minutes % 60}m`;
  }
  const [size, unit] = UNITS.find(([size]) => ns >= size) ?? UNITS[3];
  return Number((ns / size).toPrecision(3)) + unit;
}

// Of a call: within one turn of its client it is not told how long it took.
export const took = (ns) => (ns === 0 ? "<turn" : duration(ns));

export function rate(perSecond) {
  if (perSecond === null) return "-";
  if (perSecond >= 1000) return Number((perSecond / 1000).toPrecision(3)) + "k";
  return String(Number(perSecond.toPrecision(3)));
}

// What a service is doing, in a word.
export function stateOf(service) {
  if (service.stopped) return "stopped";
  if (service.silent) return "silent";
  if (!service.well && service.state === "ready") return "stuck";
  return service.state;
}

export const isBad = (service) => !service.well && service.state !== "waiting";
export const keyOf = (channel) => [channel.client, channel.role, channel.server].join("\n");
