// A client's end: calls, one-way sends and streams to one service.
// Thread rules, ownership, limits and errors: kernel/call/channel.h
//
//   auto channel = Channel::Open(*node, "unix:@greeter");
//   absl::StatusOr<Message> reply = (*channel)->Call(kGreet, Bytes("Ada")).Wait();
#ifndef JACKFIELD_PUBLIC_CHANNEL_H_
#define JACKFIELD_PUBLIC_CHANNEL_H_

#include "kernel/call/channel.h"  // IWYU pragma: export

#endif  // JACKFIELD_PUBLIC_CHANNEL_H_
