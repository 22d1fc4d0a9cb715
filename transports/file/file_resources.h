// What file: leaves in the system: recordings (kept: they are data), and those of servers without a
// place of their own, in the runtime directory.
#ifndef JACKFIELD_TRANSPORTS_FILE_FILE_RESOURCES_H_
#define JACKFIELD_TRANSPORTS_FILE_FILE_RESOURCES_H_

#include <memory>

#include "transports/resources.h"

namespace jackfield {

std::unique_ptr<Resources> MakeFileResources();

}  // namespace jackfield

#endif  // JACKFIELD_TRANSPORTS_FILE_FILE_RESOURCES_H_
