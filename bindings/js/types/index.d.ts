export { Channel } from "./channel.js";
export { typeOf } from "./frame.js";
export { Gate } from "./gate.js";
export { Request } from "./request.js";
export { Code, Failed, InDoubt, JackfieldError, Outcome, Reason, Refused } from "./errors.js";
export { Port, serve } from "./port.js";
export { MethodKind, Schema } from "./schema.js";
export { runService, Service } from "./service.js";
export { ClientStream, ItemStream } from "./stream.js";
