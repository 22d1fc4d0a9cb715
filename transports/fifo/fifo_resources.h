// The FIFOs that this user's servers hold or have left behind.
#ifndef JACKFIELD_TRANSPORTS_FIFO_FIFO_RESOURCES_H_
#define JACKFIELD_TRANSPORTS_FIFO_FIFO_RESOURCES_H_

#include <memory>

#include "transports/resources.h"

namespace jackfield {

std::unique_ptr<Resources> MakeFifoResources();

}  // namespace jackfield

#endif  // JACKFIELD_TRANSPORTS_FIFO_FIFO_RESOURCES_H_
