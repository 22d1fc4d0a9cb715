// sysv: — System V message queues.
//
//   sysv:kv           a name: the key is 0x4a000000 + 24 bits of its FNV-1a; two names of one key
//                     are told apart, and the second server is refused
//   sysv:0x4a460001   a key as it is, also decimal
//   sysv:             a server gets a name and reports it
//   ?frame=8KiB       bytes of a message, 512 … 64KiB, the same at both ends: 16 for the envelope,
//                     the rest for a frame; kernel.msgmax (8 KiB) and kernel.msgmnb (16 KiB a
//                     queue) bound it
//
// Only processes of one user (and root) can meet, in one pid namespace and with a /proc: nothing
// else tells the one that the other has died. Others are refused at once (PERMISSION_DENIED).
#ifndef JACKFIELD_TRANSPORTS_SYSV_SYSV_H_
#define JACKFIELD_TRANSPORTS_SYSV_SYSV_H_

#include <memory>

#include "kernel/transport.h"

namespace jackfield {

std::unique_ptr<Transport> MakeSysvTransport();

}  // namespace jackfield

#endif  // JACKFIELD_TRANSPORTS_SYSV_SYSV_H_
