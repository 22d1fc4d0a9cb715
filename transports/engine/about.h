// How a sentence about an address begins: "tcp:127.0.0.1:80: ", and of a bare one "tcp: ", which
// ends in its colon already.
#ifndef JACKFIELD_TRANSPORTS_ENGINE_ABOUT_H_
#define JACKFIELD_TRANSPORTS_ENGINE_ABOUT_H_

#include <string>

#include "kernel/address.h"
#include "kernel/base/text.h"

namespace jackfield {

template <class... Parts>
std::string About(const Address& address, const Parts&... sentence) {
  const std::string name = address.ToString();
  return Text(name, name.ends_with(':') ? " " : ": ", sentence...);
}

}  // namespace jackfield

#endif  // JACKFIELD_TRANSPORTS_ENGINE_ABOUT_H_
