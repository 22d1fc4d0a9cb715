// The main function of a service: its options, its grants, its readiness and its end.
// Thread rules, ownership, limits and errors: services/service.h
//
//   int main(int argc, char** argv) {
//     Registry registry;
//     AddBuiltinTransports(registry);
//     return ServiceMain(argc, argv, registry, Serve);
//   }
#ifndef JACKFIELD_PUBLIC_SERVICE_H_
#define JACKFIELD_PUBLIC_SERVICE_H_

#include "services/service.h"  // IWYU pragma: export

#endif  // JACKFIELD_PUBLIC_SERVICE_H_
