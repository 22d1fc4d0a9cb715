// The serving end of the rendezvous: takes each client's hello, checks what it hands over, and
// makes a link of it. A client that says nothing, or something wrong, is told and let go.
//
// Thread: the node's.
#ifndef JACKFIELD_TRANSPORTS_SHM_SHM_SERVER_H_
#define JACKFIELD_TRANSPORTS_SHM_SHM_SERVER_H_

#include <list>
#include <memory>
#include <string>

#include "kernel/loop/loop.h"
#include "kernel/transport.h"
#include "transports/engine/socket_path.h"
#include "transports/shm/record_wait.h"
#include "transports/shm/shm_driver.h"
#include "transports/shm/shm_records.h"
#include "transports/shm/shm_settings.h"
#include "transports/shm/uid_quota.h"

namespace jackfield {

class ShmServer final : public Opening {
 public:
  static constexpr size_t kHandshakesMax = 1024;         // under way at once
  static constexpr size_t kForeignHandshakesMax = 128;   // of one uid that is not the server's
  static constexpr int64_t kHelloNsMax = 2'000'000'000;  // that a client may take for its hello

  // listening_fd: taken over. path: what to give back at the end, if there is a file.
  ShmServer(Loop& loop, LinkSink& sink, const ShmSettings& settings, int listening_fd,
            Address actual, std::unique_ptr<SocketPath> path);

 private:
  struct Handshake {
    Handshake(ShmServer& server, int fd, const PeerIdentity& peer);
    ShmServer& server;
    const PeerIdentity peer;
    ShmHello hello;
    RecordWait wait;
    std::list<Handshake>::iterator self;
  };

  void OnConnected(int fd);
  absl::Status Admit(const PeerIdentity& peer) const;
  void OnHello(Handshake& handshake, const absl::Status& status);
  void NoteRefused(const absl::Status& why);
  absl::StatusOr<ShmMeeting> Meet(Handshake& handshake);

  Loop& loop_;
  LinkSink& sink_;
  const ShmSettings settings_;
  const std::string description_;
  const std::unique_ptr<SocketPath> path_;
  UidQuota quota_;
  std::list<Handshake> handshakes_;
  std::unique_ptr<Opening> listener_;  // first to go
};

}  // namespace jackfield

#endif  // JACKFIELD_TRANSPORTS_SHM_SHM_SERVER_H_
