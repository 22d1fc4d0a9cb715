#include "transports/shm/shm_server.h"

#include <fcntl.h>
#include <limits.h>
#include <unistd.h>

#include <algorithm>
#include <span>
#include <string_view>
#include <utility>

#include "kernel/base/outcome.h"
#include "kernel/base/text.h"
#include "transports/engine/socket_opening.h"
#include "transports/engine/turn_away.h"

namespace jackfield {
namespace {

// Tells the client why, if it listens.
void Refuse(Loop& loop, int socket_fd, const absl::Status& why) {
  const ShmWelcome refusal = RefusalOf(why);
  SendRecord(loop.sys(), socket_fd, std::as_bytes(std::span(&refusal, 1)), {})
      .IgnoreError();  // it may have gone
}

// What a client names its bell is written to and read from: it must be what it says.
absl::Status CheckEventFd(int fd) {
  char target[64];
  const ssize_t bytes = readlink(Text("/proc/self/fd/", fd).c_str(), target, sizeof target);
  const int flags = fcntl(fd, F_GETFL);
  if (bytes > 0 && std::string_view(target, static_cast<size_t>(bytes)) == "anon_inode:[eventfd]" &&
      flags >= 0 && (flags & O_NONBLOCK) != 0)
    return absl::OkStatus();
  return absl::InvalidArgumentError("a bell that the client handed over is no eventfd");
}

}  // namespace

ShmServer::Handshake::Handshake(ShmServer& server, int fd, const PeerIdentity& peer)
    : server(server),
      peer(peer),
      wait(
          server.loop_, fd, std::as_writable_bytes(std::span(&hello, 1)), kHelloNsMax,
          [](void* owner, const absl::Status& status) {
            auto* handshake = static_cast<Handshake*>(owner);
            handshake->server.OnHello(*handshake, status);
          },
          this) {}

ShmServer::ShmServer(Loop& loop, LinkSink& sink, const ShmSettings& settings, int listening_fd,
                     Address actual, std::unique_ptr<SocketPath> path)
    : loop_(loop),
      sink_(sink),
      settings_(settings),
      description_(actual.ToString()),
      path_(std::move(path)),
      quota_(settings.quota_bytes, settings.lanes_max),
      listener_(MakeSocketServer(
          loop, sink, listening_fd, std::move(actual),
          [this](int fd, LinkSink&) { OnConnected(fd); },
          [&loop](OwnedFd socket, const absl::Status& why) { Refuse(loop, socket.get(), why); })) {}

// May it say hello?
absl::Status ShmServer::Admit(const PeerIdentity& peer) const {
  const bool same_uid = peer.known && peer.uid == geteuid();
  if (!settings_.any_uid && !same_uid && (!peer.known || peer.uid != 0)) {
    return TakesNoClientOf(peer.uid);
  }
  if (handshakes_.size() >= kHandshakesMax) {
    return MakeStatus(Outcome::kRefused, Reason::kUnreachable,
                      Text(kHandshakesMax, " clients are being let in at this moment"));
  }
  if (same_uid) return absl::OkStatus();
  // Who connects and says nothing takes no place from others.
  const auto of_this_uid = [&](const Handshake& other) { return other.peer.uid == peer.uid; };
  if (std::count_if(handshakes_.begin(), handshakes_.end(), of_this_uid) >=
      static_cast<ptrdiff_t>(kForeignHandshakesMax)) {
    return MakeStatus(Outcome::kRefused, Reason::kUnreachable,
                      Text(kForeignHandshakesMax, " clients of uid ", peer.uid,
                           " are being let in at this moment"));
  }
  return absl::OkStatus();
}

void ShmServer::OnConnected(int fd) {
  const PeerIdentity peer = PeerOf(fd);
  if (const absl::Status admitted = Admit(peer); !admitted.ok()) {
    Refuse(loop_, fd, admitted);
    close(fd);
    return NoteRefused(admitted);
  }
  handshakes_.emplace_back(*this, fd, peer);
  handshakes_.back().self = std::prev(handshakes_.end());
}

void ShmServer::OnHello(Handshake& handshake, const absl::Status& status) {
  absl::StatusOr<ShmMeeting> meeting =
      status.ok() ? Meet(handshake) : absl::StatusOr<ShmMeeting>(status);
  if (meeting.ok()) {
    const ShmWelcome welcome;
    if (const absl::Status sent =
            SendRecord(loop_.sys(), meeting->socket_fd, std::as_bytes(std::span(&welcome, 1)), {});
        !sent.ok()) {
      // It has gone. The driver that is made and dropped gives everything back.
      const ShmDriver dropped(loop_, *std::move(meeting));
      handshakes_.erase(handshake.self);
      return;
    }
    LinkTraits traits;
    traits.caps = ShmSettings::caps();
    traits.peer = handshake.peer;
    traits.provides_tx = true;
    traits.description = description_;
    handshakes_.erase(handshake.self);
    return sink_.OnLink(std::make_unique<ShmDriver>(loop_, *std::move(meeting)), std::move(traits));
  }
  Refuse(loop_, handshake.wait.socket_fd(), meeting.status());
  NoteRefused(meeting.status());
  handshakes_.erase(handshake.self);
}

void ShmServer::NoteRefused(const absl::Status& why) {
  sink_.OnRefused(absl::Status(why.code(), Text(description_, ": ", std::string(why.message()))));
}

absl::StatusOr<ShmMeeting> ShmServer::Meet(Handshake& handshake) {
  const ShmHello& hello = handshake.hello;
  std::vector<int>& fds = handshake.wait.fds();
  if (absl::Status status = CheckHello(hello, fds.size()); !status.ok()) return status;
  const bool same_uid = handshake.peer.uid == geteuid();
  const bool socket_bell = hello.bell == static_cast<uint32_t>(BellKind::kSocket);
  if (!same_uid && !socket_bell) {
    // Who shares an eventfd can make writing to it block.
    return MakeStatus(Outcome::kRefused, Reason::kPermission,
                      "a client of another uid rings by the socket: ?bell=socket");
  }
  if (settings_.chosen_bell && settings_.bell == BellKind::kSocket && !socket_bell) {
    return MakeStatus(Outcome::kRefused, Reason::kPermission,
                      "this server is rung by the socket alone: say ?bell=socket");
  }
  for (size_t i = 1; i < fds.size(); ++i) {
    if (absl::Status status = CheckEventFd(fds[i]); !status.ok()) return status;
  }
  const Segment::Shape shape{hello.lane_bytes, hello.data_offset};
  absl::StatusOr<UidQuota::Share> share = quota_.Take(handshake.peer.uid, shape.bytes());
  if (!share.ok()) return share.status();
  const Segment::Wishes wishes{.lane_bytes = hello.lane_bytes, .lock = settings_.lock, .end = 1};
  absl::StatusOr<Segment> segment =
      Segment::Attach(std::exchange(fds[0], -1), shape, wishes, same_uid);
  if (!segment.ok()) return segment.status();
  segment->CloseFd();
  return ShmMeeting{
      .segment = *std::move(segment),
      .end = 1,
      .socket_fd = handshake.wait.ReleaseSocket(),
      .own_bell_fd = socket_bell ? -1 : std::exchange(fds[2], -1),
      .other_bell_fd = socket_bell ? -1 : std::exchange(fds[1], -1),
      .trust = same_uid ? RingDriver::Trust::kReadInPlace : RingDriver::Trust::kCopyFirst,
      .share = *std::move(share),
      .peer = handshake.peer};
}

}  // namespace jackfield
