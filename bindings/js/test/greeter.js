// For interop.test.js: a service of a wiring, and one that calls it.

import { runService, Schema } from "../src/index.js";

await runService(async (service) => {
  const [what, ...names] = service.args;
  if (what === "greet") {
    const schema = Schema.load("greet.bfbs");
    const port = await service.serve({
      "js.Test/Pid": () => Buffer.from(String(process.pid)),
    });
    schema.serve(port, "greet.Greeter", { Greet: ({ name }) => ({ text: `hello ${name}` }) });
    return service.run();
  }
  const channel = service.connect("greeter");
  const schema = await Schema.fetch(channel, "greet.Greeter");
  const greeter = schema.client(channel, "greet.Greeter");
  for (const name of names) console.log((await greeter.Greet({ name })).text);
});
