// Asks once a second, as long as somebody looks, and shows what comes.

import { Calls } from "./calls.js";
import { Curve } from "./curve.js";
import { ServiceMap } from "./map.js";
import { showChannels, showServices, showStuck } from "./tables.js";
import { duration } from "./words.js";

const EVERY_MS = 1000;
const byId = (id) => document.getElementById(id);

// Errors have a sentence for the reader.
async function ask(path) {
  let answer;
  try {
    answer = await fetch(path, { cache: "no-store" });
  } catch {
    throw new Error("jackfield ui does not answer: it was stopped, or the connection to it is " +
                    "lost. Start it again, and open the address that it prints.");
  }
  if (!answer.ok) throw new Error((await answer.text()).replace(/^jackfield: /, ""));
  return answer.json();
}

const calls = new Calls(ask);
const curve = new Curve(byId("curve"));
const map = new ServiceMap(byId("map"), choose);

function choose(service) {
  map.choose(service);
  calls.choose(service);
}

function tell(trouble) {
  const place = byId("trouble");
  place.hidden = trouble === null;
  if (trouble !== null && place.textContent !== trouble) place.textContent = trouble;
  for (const section of document.querySelectorAll("section"))
    section.classList.toggle("stale", trouble !== null);
}

function show(data) {
  byId("name").textContent = data.wiring;
  document.title = `${data.wiring} – jackfield`;
  tell(data.trouble);
  if (data.trouble !== null) {
    byId("state").textContent = "nothing to see";
    return;
  }
  byId("state").textContent = `up ${duration(data.up_ns)}, ${data.well} of ` +
    `${data.services.length} services get on`;
  showStuck(byId("stuck"), byId("stuck-list"), data);
  map.show(data);
  showServices(byId("services"), data.services, choose);
  showChannels(byId("channels"), data.channels);
  curve.add(data);
}

let paused = false;
byId("pause").addEventListener("click", (event) => {
  paused = !paused;
  event.target.setAttribute("aria-pressed", String(paused));
});

async function look() {
  if (!paused && !document.hidden) {
    try {
      show(await ask("/data"));
    } catch (error) {
      tell(error.message);
    }
  }
  setTimeout(look, EVERY_MS);
}
look();
