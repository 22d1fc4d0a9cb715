#include "transports/builtin.h"

#include "transports/unix/unix.h"

namespace jackfield {

void AddBuiltinTransports(Registry& registry) {
  registry.Add(MakeUnixTransport());

  registry.AddAlias("ipc", "unix", "");
  registry.AddAlias("abstract", "unix", "@");
}

}  // namespace jackfield
