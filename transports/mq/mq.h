// mq: — POSIX message queues.
//
//   mq:/kv            the queue /jackfield.kv: requests; a client has one of its own for answers
//   mq:               a server gets a name and reports it
//   ?frame=8KiB       bytes of a message, 512 … 16MiB, the same at both ends: 16 for the envelope,
//                     the rest for a frame; fs.mqueue.msgsize_max (8 KiB) bounds it
//   ?depth=10         messages that a queue holds, 1 … 65,536; fs.mqueue.msg_max (10) bounds it
//   ?priority=0..3    of this client among others: the queue hands over the most urgent client's
//                     messages first (default 2). Among the messages of one client the order is
//                     that of sending, since sessions number their frames; the bus's own priorities
//                     hold.
//
// Each queue takes depth × frame of what RLIMIT_MSGQUEUE allows a user (819,200 bytes: nine of the
// default size). Only processes of one user (and root) can meet. They may be in two pid
// namespaces that share an IPC namespace: then a death is noticed within 0.1 s, not at once.
#ifndef JACKFIELD_TRANSPORTS_MQ_MQ_H_
#define JACKFIELD_TRANSPORTS_MQ_MQ_H_

#include <memory>

#include "kernel/transport.h"

namespace jackfield {

std::unique_ptr<Transport> MakeMqTransport();

}  // namespace jackfield

#endif  // JACKFIELD_TRANSPORTS_MQ_MQ_H_
