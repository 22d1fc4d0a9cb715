// Every transport of the tree, for the tests of services; made once and never destroyed.
//
// Thread: any.
#ifndef JACKFIELD_SERVICES_TEST_TRANSPORTS_H_
#define JACKFIELD_SERVICES_TEST_TRANSPORTS_H_

#include "jackfield/transports.h"

namespace jackfield {

inline const Registry& Transports() {
  static const Registry* const registry = [] {
    auto* built = new Registry;
    AddBuiltinTransports(*built);
    return built;
  }();
  return *registry;
}

}  // namespace jackfield

#endif  // JACKFIELD_SERVICES_TEST_TRANSPORTS_H_
