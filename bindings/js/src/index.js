// Jackfield, a service bus for Linux: calls, one-way messages and streams between processes.
//
//   import { Channel } from "jackfield";
//
//   const greeter = new Channel("unix:/run/greeter.sock");
//   const reply = await greeter.call("greet.Greeter/Greet", request);        // a Buffer
//
// A service, as a program of a wiring:
//
//   await runService(async (service) => {
//     await service.serve({ "greet.Greeter/Greet": (request) => request.payload });
//     await service.run();
//   });
//
// Messages are bytes: FlatBuffers by the service's schema. Schema makes objects of them.

export { Channel } from "./channel.js";
export { Code, Failed, InDoubt, JackfieldError, Outcome, Reason, Refused } from "./errors.js";
export { typeOf } from "./frame.js";
export { Gate } from "./gate.js";
export { Port, serve } from "./port.js";
export { Request } from "./request.js";
export { MethodKind, Schema } from "./schema.js";
export { runService, Service } from "./service.js";
export { ClientStream, ItemStream } from "./stream.js";
