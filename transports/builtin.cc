#include "transports/builtin.h"

#include "transports/fifo/fifo.h"
#include "transports/fifo/fifo_resources.h"
#include "transports/inproc/inproc.h"
#include "transports/pipe/pipe.h"
#include "transports/shim/chaos/chaos.h"
#include "transports/sim/sim.h"
#include "transports/tcp/tcp.h"
#include "transports/unix/unix.h"

namespace jackfield {

void AddBuiltinTransports(Registry& registry) {
  registry.Add(MakeFifoTransport());
  registry.Add(MakeInprocTransport());
  registry.Add(MakePipeTransport());
  registry.Add(MakeSimTransport());
  registry.Add(MakeTcpTransport());
  registry.Add(MakeUnixTransport());

  registry.Add(MakeChaosShim());

  registry.AddAlias("ipc", "unix", "");
  registry.AddAlias("abstract", "unix", "@");
}

ResourcesList BuiltinResources() {
  ResourcesList list;
  list.push_back(MakeFifoResources());
  return list;
}

}  // namespace jackfield
