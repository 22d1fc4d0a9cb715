// unix:…?type=dgram — many senders, one socket that receives; the credentials of its sender come
// with every message.
//
// Requests go to the server's one datagram socket. For the answers a client hands over, with its
// greeting, one end of a private pair of packet sockets. So a client that does not read holds up
// nobody else (one sending socket for all would share its buffer between them), the wait for room
// is a plain POLLOUT, and the end of either side is a hang-up that cannot be missed or mistaken,
// whoever takes over its process number.
//
//   client                                                     server
//   bind(autobind), connect(server)
//   socketpair ── greeting, key, [descriptor of one end] ──▶   admits: SCM_CREDENTIALS, ?uid=
//              ◀── welcome ───────────────────────── pair ──
//   frames     ── key ──▶ the shared socket                    told apart by address and key
//              ◀── frames ────────────────────────── pair ──
#ifndef JACKFIELD_TRANSPORTS_UNIX_DATAGRAM_H_
#define JACKFIELD_TRANSPORTS_UNIX_DATAGRAM_H_

#include <memory>
#include <string>

#include "transports/engine/hub/hub_medium.h"
#include "transports/unix/settings.h"

namespace jackfield {

class Loop;

// Makes room in the buffers of `fd` for frames of the declared size.
// Errors: RESOURCE_EXHAUSTED (net.core.wmem_max does not allow it).
absl::Status WidenDatagrams(Loop& loop, int fd);

// On a bound socket, which it takes over.
std::unique_ptr<HubMedium> MakeDatagramServer(Loop& loop, const UnixSettings& settings, int fd,
                                              std::string description);
// On a socket connected to the server's, which it takes over.
absl::StatusOr<std::unique_ptr<HubMedium>> MakeDatagramClient(Loop& loop,
                                                              const UnixSettings& settings, int fd,
                                                              std::string description);

}  // namespace jackfield

#endif  // JACKFIELD_TRANSPORTS_UNIX_DATAGRAM_H_
