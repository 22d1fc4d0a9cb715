// The logs that this user's programs hold or have left behind. Those at places of their own hold
// data, and are never removed.
#ifndef JACKFIELD_TRANSPORTS_MMAP_MMAP_RESOURCES_H_
#define JACKFIELD_TRANSPORTS_MMAP_MMAP_RESOURCES_H_

#include <memory>

#include "transports/resources.h"

namespace jackfield {

std::unique_ptr<Resources> MakeMmapResources();

}  // namespace jackfield

#endif  // JACKFIELD_TRANSPORTS_MMAP_MMAP_RESOURCES_H_
