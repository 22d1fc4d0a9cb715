// The socket files that this user's servers of one scheme hold or have left behind: what
// SocketPath has noted. Names of abstract sockets go with their processes, and are not listed.
#ifndef JACKFIELD_TRANSPORTS_ENGINE_SOCKET_RESOURCES_H_
#define JACKFIELD_TRANSPORTS_ENGINE_SOCKET_RESOURCES_H_

#include <memory>
#include <string_view>

#include "transports/resources.h"

namespace jackfield {

// scheme: as given to SocketPath::SetBound; it lives for ever.
std::unique_ptr<Resources> MakeSocketResources(std::string_view scheme);

}  // namespace jackfield

#endif  // JACKFIELD_TRANSPORTS_ENGINE_SOCKET_RESOURCES_H_
