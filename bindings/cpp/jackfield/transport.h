// The waist, for those who write a transport: five functions, and what they are given.
// Thread rules, ownership, limits and errors: kernel/transport.h, kernel/link.h, kernel/caps.h …
//
// docs/adding-a-transport.md walks through one.
#ifndef JACKFIELD_PUBLIC_TRANSPORT_H_
#define JACKFIELD_PUBLIC_TRANSPORT_H_

#include "kernel/address.h"        // IWYU pragma: export
#include "kernel/caps.h"           // IWYU pragma: export
#include "kernel/common_params.h"  // IWYU pragma: export
#include "kernel/frame.h"          // IWYU pragma: export
#include "kernel/link.h"           // IWYU pragma: export
#include "kernel/loop/loop.h"      // IWYU pragma: export
#include "kernel/transport.h"      // IWYU pragma: export

#endif  // JACKFIELD_PUBLIC_TRANSPORT_H_
