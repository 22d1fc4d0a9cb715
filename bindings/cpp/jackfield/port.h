// A service's end: it serves at addresses and dispatches what comes to handlers.
// Thread rules, ownership, limits and errors: kernel/call/port.h, kernel/call/interface.h
//
//   auto port = Port::Open(*node, {"unix:@greeter"});
//   (*port)->Handle(kGreet, [](ServerCall& call) { call.Reply(Bytes("hello")).IgnoreError(); });
#ifndef JACKFIELD_PUBLIC_PORT_H_
#define JACKFIELD_PUBLIC_PORT_H_

#include "kernel/call/interface.h"  // IWYU pragma: export
#include "kernel/call/port.h"       // IWYU pragma: export

#endif  // JACKFIELD_PUBLIC_PORT_H_
