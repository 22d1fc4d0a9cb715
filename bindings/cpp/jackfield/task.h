// Coroutines of a node, and values that come later.
// Thread rules, ownership, limits and errors: kernel/loop/task.h, kernel/loop/future.h
//
//   Task<absl::Status> Serve(ServerCall& call) { … co_await … }
#ifndef JACKFIELD_PUBLIC_TASK_H_
#define JACKFIELD_PUBLIC_TASK_H_

#include "kernel/loop/future.h"  // IWYU pragma: export
#include "kernel/loop/task.h"    // IWYU pragma: export

#endif  // JACKFIELD_PUBLIC_TASK_H_
