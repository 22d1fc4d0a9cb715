// Items in either direction, under one call.
// Thread rules, ownership, limits and errors: kernel/call/stream.h
//
//   while (std::optional<Message> item = co_await stream.Read()) { … }
#ifndef JACKFIELD_PUBLIC_STREAM_H_
#define JACKFIELD_PUBLIC_STREAM_H_

#include "kernel/call/stream.h"  // IWYU pragma: export

#endif  // JACKFIELD_PUBLIC_STREAM_H_
