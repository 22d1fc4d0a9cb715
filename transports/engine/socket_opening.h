// Listening and connecting, for every scheme that meets its peers by sockets.
//
// Thread: the node's. Owns: the descriptors until they are handed over.
#ifndef JACKFIELD_TRANSPORTS_ENGINE_SOCKET_OPENING_H_
#define JACKFIELD_TRANSPORTS_ENGINE_SOCKET_OPENING_H_

#include <sys/socket.h>

#include <functional>
#include <memory>
#include <string>

#include "kernel/base/owned_fd.h"
#include "kernel/loop/loop.h"
#include "kernel/loop/reactor.h"
#include "kernel/transport.h"
#include "transports/engine/turn_away.h"

namespace jackfield {

// Turns a connected socket, which it takes over, into a link for `sink`.
using HandOver = std::function<void(int fd, LinkSink& sink)>;

// Accepts on `listening_fd` (non-blocking; taken over) until destroyed. When descriptors run out,
// and the sink has nobody who gives way, it takes each connection with a spare one, and refuses it:
// so the client is told at once, and the listener lives (FAULTS C1).
// refuse: tells the client in the words of the scheme, and hangs up.
using RefuseSocket = std::function<void(OwnedFd socket, const absl::Status& why)>;
std::unique_ptr<Opening> MakeSocketServer(Loop& loop, LinkSink& sink, int listening_fd,
                                          Address actual, HandOver hand_over,
                                          RefuseSocket refuse = TurnAway);

// Finishes a connect() on `fd` (non-blocking; taken over) that returned `result` (0 or -errno).
// what: for errors, "connect unix:@kv".
std::unique_ptr<Opening> MakeSocketClient(Loop& loop, LinkSink& sink, int fd, int result,
                                          std::string what, HandOver hand_over);

// Who is at the other end of a unix socket (SO_PEERCRED).
PeerIdentity PeerOf(int fd);

}  // namespace jackfield

#endif  // JACKFIELD_TRANSPORTS_ENGINE_SOCKET_OPENING_H_
