// What goes into a message: bytes that exist, or a FlatBuffer that is built in the frame.
// Thread rules, ownership, limits and errors: kernel/payload.h
//
//   channel.Call(kPut, Build([&](auto& fbb) { fbb.Finish(CreatePut(fbb, fbb.CreateString(key)));
//   }))
#ifndef JACKFIELD_PUBLIC_PAYLOAD_H_
#define JACKFIELD_PUBLIC_PAYLOAD_H_

#include "kernel/payload.h"  // IWYU pragma: export

#endif  // JACKFIELD_PUBLIC_PAYLOAD_H_
