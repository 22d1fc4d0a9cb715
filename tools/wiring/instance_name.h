// What the instances of a service are called: "packer.1", "packer.2", … of `instances = 2`. No
// service that a wiring file names has a '.' in its name, so a name tells whether it is one, and of
// which service. Who says "packer" means all of them.
//
// Thread: any.
#ifndef JACKFIELD_TOOLS_WIRING_INSTANCE_NAME_H_
#define JACKFIELD_TOOLS_WIRING_INSTANCE_NAME_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "kernel/base/text.h"

namespace jackfield {

// instance: from 1.
inline std::string InstanceName(std::string_view service, uint32_t instance) {
  return Text(service, ".", instance);
}

// "packer" of "packer.2"; "" of a service that is one.
inline std::string_view GroupOf(std::string_view name) {
  const size_t dot = name.rfind('.');
  return dot == std::string_view::npos ? std::string_view() : name.substr(0, dot);
}

// Does `wanted` mean the service of that name, alone or with other instances?
inline bool Means(std::string_view wanted, std::string_view name) {
  return !wanted.empty() && (wanted == name || wanted == GroupOf(name));
}

}  // namespace jackfield

#endif  // JACKFIELD_TOOLS_WIRING_INSTANCE_NAME_H_
