// One thread and what lives on it, and the registry of the transports that it knows.
// Thread rules, ownership, limits and errors: kernel/node.h, kernel/registry.h
//
//   Registry registry;
//   AddBuiltinTransports(registry);                                    // jackfield/transports.h
//   absl::StatusOr<std::unique_ptr<Node>> node = Node::Create({.name = "me", .registry =
//   &registry});
//   (*node)->Run();
#ifndef JACKFIELD_PUBLIC_NODE_H_
#define JACKFIELD_PUBLIC_NODE_H_

#include "kernel/node.h"      // IWYU pragma: export
#include "kernel/registry.h"  // IWYU pragma: export

#endif  // JACKFIELD_PUBLIC_NODE_H_
