#include "transports/builtin.h"

#include "transports/inproc/inproc.h"
#include "transports/pipe/pipe.h"
#include "transports/shim/chaos/chaos.h"
#include "transports/shim/reliable/reliable.h"
#include "transports/sim/sim.h"
#include "transports/tcp/tcp.h"
#include "transports/udp/udp.h"
#include "transports/unix/unix.h"

namespace jackfield {

void AddBuiltinTransports(Registry& registry) {
  registry.Add(MakeInprocTransport());
  registry.Add(MakePipeTransport());
  registry.Add(MakeSimTransport());
  registry.Add(MakeTcpTransport());
  registry.Add(MakeUdpTransport());
  registry.Add(MakeUnixTransport());

  registry.Add(MakeChaosShim());
  registry.Add(MakeReliableShim());

  registry.AddAlias("ipc", "unix", "");
  registry.AddAlias("abstract", "unix", "@");
}

}  // namespace jackfield
