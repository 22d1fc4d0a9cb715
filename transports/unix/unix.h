// unix: — stream and packet sockets of one machine.
//
//   unix:/run/kv.sock     a path, at most 107 bytes; its directory's permissions guard it
//   unix:@kv              an abstract name: nothing is left behind, whatever dies
//   unix:                 a server gets an abstract name from the kernel and reports it
//   ?type=stream|seqpacket|dgram  seqpacket: one frame, one packet, at most 128 KiB
//                                 dgram: the same, many senders to one socket (datagram.h)
//   ?uid=same|any                 who may connect (default same: this program's own uid, and root)
//   ?mode=0600                    of a path
//   ?gid=NAME                     of a path: its group, with ?mode=0660 if not said; whom the
//                                 permissions let in is let in then, of any uid
#ifndef JACKFIELD_TRANSPORTS_UNIX_UNIX_H_
#define JACKFIELD_TRANSPORTS_UNIX_UNIX_H_

#include <memory>

#include "kernel/transport.h"

namespace jackfield {

std::unique_ptr<Transport> MakeUnixTransport();

}  // namespace jackfield

#endif  // JACKFIELD_TRANSPORTS_UNIX_UNIX_H_
