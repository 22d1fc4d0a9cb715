// shm: — between processes of one machine, through memory that both map.
//
//   shm:kv                a name among all programs of this machine (an abstract socket's)
//   shm:?path=/run/x.sock  a socket file instead, with permissions (?mode=0660, default 0600;
//                          ?gid=NAME, its group: as of unix:)
//   shm:                  a server chooses a name and reports it
//   ?size=4MiB            of each direction's lane, a power of two, 64 KiB … 1 GiB; a frame that is
//                         larger than half of it goes in pieces. A client's choice.
//   ?uid=same|any         who may connect (default same: this program's own uid, and root)
//   ?bell=eventfd|socket  what wakes a sleeping end (default eventfd; socket between two uids). A
//                         server that says socket takes no client that says otherwise.
//   ?huge=2M              2 MiB pages if the system has some free; else ordinary ones
//   ?lock                 this end keeps the memory in RAM (mlock)
//   ?quota=4GiB           of a server: what the clients of one uid may have mapped in all
//   ?lanes=N              of a server: connections that one uid may have (default: no bound)
#ifndef JACKFIELD_TRANSPORTS_SHM_SHM_H_
#define JACKFIELD_TRANSPORTS_SHM_SHM_H_

#include <memory>

#include "kernel/transport.h"

namespace jackfield {

std::unique_ptr<Transport> MakeShmTransport();

}  // namespace jackfield

#endif  // JACKFIELD_TRANSPORTS_SHM_SHM_H_
