// The POSIX queues that this user's programs hold or have left behind.
#ifndef JACKFIELD_TRANSPORTS_MQ_MQ_RESOURCES_H_
#define JACKFIELD_TRANSPORTS_MQ_MQ_RESOURCES_H_

#include <memory>

#include "transports/resources.h"

namespace jackfield {

std::unique_ptr<Resources> MakeMqResources();

}  // namespace jackfield

#endif  // JACKFIELD_TRANSPORTS_MQ_MQ_RESOURCES_H_
