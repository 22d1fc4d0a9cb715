// What generated clients stand on: typed calls and streams of an interface.
// Thread rules, ownership, limits and errors: services/stubs/client.h
//
//   greet::GreeterClient greeter(**channel);
//   absl::StatusOr<MessageOf<greet::Greeting>> reply = greeter.Greet(ada).Wait();
#ifndef JACKFIELD_PUBLIC_CLIENT_H_
#define JACKFIELD_PUBLIC_CLIENT_H_

#include "services/stubs/client.h"  // IWYU pragma: export

#endif  // JACKFIELD_PUBLIC_CLIENT_H_
