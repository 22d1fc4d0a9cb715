#include "transports/builtin.h"

#include "transports/engine/socket_resources.h"
#include "transports/fifo/fifo.h"
#include "transports/fifo/fifo_resources.h"
#include "transports/file/file.h"
#include "transports/file/file_resources.h"
#include "transports/inproc/inproc.h"
#include "transports/mmap/mmap.h"
#include "transports/mmap/mmap_resources.h"
#include "transports/mq/mq.h"
#include "transports/mq/mq_resources.h"
#include "transports/pipe/pipe.h"
#include "transports/sctp/sctp.h"
#include "transports/shim/chaos/chaos.h"
#include "transports/shim/fragment/fragment.h"
#include "transports/shim/reliable/reliable.h"
#include "transports/shim/tls/tls.h"
#include "transports/shm/shm.h"
#include "transports/signal/signal.h"
#include "transports/sim/sim.h"
#include "transports/sysv/sysv.h"
#include "transports/sysv/sysv_resources.h"
#include "transports/tcp/tcp.h"
#include "transports/udp/udp.h"
#include "transports/unix/unix.h"
#include "transports/vsock/vsock.h"

namespace jackfield {

void AddBuiltinTransports(Registry& registry) {
  registry.Add(MakeFifoTransport());
  registry.Add(MakeFileTransport());
  registry.Add(MakeInprocTransport());
  registry.Add(MakeMmapTransport());
  registry.Add(MakeMqTransport());
  registry.Add(MakePipeTransport());
  registry.Add(MakeSctpTransport());
  registry.Add(MakeShmTransport());
  registry.Add(MakeSignalTransport());
  registry.Add(MakeSimTransport());
  registry.Add(MakeSysvTransport());
  registry.Add(MakeTcpTransport());
  registry.Add(MakeUdpTransport());
  registry.Add(MakeUnixTransport());
  registry.Add(MakeVsockTransport());

  registry.Add(MakeChaosShim());
  registry.Add(MakeTlsShim());
  // Those that mend what a medium lacks, in the order in which they are put in front of it.
  registry.Add(MakeReliableShim());
  registry.Add(MakeFragmentShim());

  registry.AddAlias("ipc", "unix", "");
  registry.AddAlias("abstract", "unix", "@");
}

MachineChecks BuiltinMachineChecks() {
  return {
      {"sctp", CheckSctpMachine},
      {"tcp", CheckTcpMachine},
      {"udp", CheckUdpMachine},
      {"vsock", CheckVsockMachine},
  };
}

ResourcesList BuiltinResources() {
  ResourcesList list;
  list.push_back(MakeFifoResources());
  list.push_back(MakeFileResources());
  list.push_back(MakeMmapResources());
  list.push_back(MakeMqResources());
  list.push_back(MakeSocketResources("shm"));
  list.push_back(MakeSysvResources());
  list.push_back(MakeSocketResources("unix"));
  return list;
}

}  // namespace jackfield
