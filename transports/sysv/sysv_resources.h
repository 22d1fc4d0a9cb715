// The System V queues that this user's programs hold or have left behind.
#ifndef JACKFIELD_TRANSPORTS_SYSV_SYSV_RESOURCES_H_
#define JACKFIELD_TRANSPORTS_SYSV_SYSV_RESOURCES_H_

#include <memory>

#include "transports/resources.h"

namespace jackfield {

std::unique_ptr<Resources> MakeSysvResources();

}  // namespace jackfield

#endif  // JACKFIELD_TRANSPORTS_SYSV_SYSV_RESOURCES_H_
