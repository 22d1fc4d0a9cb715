#include "transports/unix/datagram.h"

#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "kernel/base/outcome.h"
#include "kernel/base/text.h"
#include "kernel/loop/loop.h"
#include "transports/engine/hub/envelope_arrival.h"
#include "transports/engine/seamed.h"
#include "transports/engine/turn_away.h"
#include "transports/unix/datagram_io.h"

namespace jackfield {
namespace {

constexpr uint32_t kArrivalBytesMax = kUnixPacketFrameBytesMax + sizeof(HubEnvelope);

// Is the endpoint itself broken, or was it just a bad moment?
bool IsFatal(int error) { return error == -EBADF || error == -ENOTSOCK || error == -EFAULT; }

LinkTraits Traits(const UnixSettings& settings, const HubSender& from,
                  const std::string& description) {
  LinkTraits traits;
  traits.caps = CapsOf(settings);
  traits.peer = {.known = from.known, .uid = from.uid, .gid = from.gid, .pid = from.pid};
  traits.description = description;
  return traits;
}

// The server's end of the line that a client handed over.
class LinePeer final : public HubPeer {
 public:
  LinePeer(int fd, uint64_t key) : fd(fd), key(key) {}
  ~LinePeer() override { close(fd); }
  int watch_fd() const override { return fd; }  // nothing ever comes on it but the end
  int room_fd() const override { return fd; }
  const int fd;
  const uint64_t key;
};

class DatagramServer final : public HubMedium {
 public:
  DatagramServer(Loop& loop, const UnixSettings& settings, int fd, std::string description)
      : loop_(loop), settings_(settings), fd_(fd), description_(std::move(description)) {}
  ~DatagramServer() override { close(fd_); }

  uint32_t arrival_bytes_max() const override { return kArrivalBytesMax; }
  uint32_t arrivals_at_once() const override { return DatagramIo::kMessagesMax; }
  int readable_fd() const override { return fd_; }

  int Receive(HubBatch& batch) override {
    // Without the spare one there is a place for one line at most, so greetings come one by one.
    const int got =
        io_.Receive(loop_.sys(), fd_, batch, spare_.kept() ? DatagramIo::kMessagesMax : 1);
    if (got > 0 && io_.cut_off()) spare_.Spend();
    for (int i = 0; i < got; ++i) {
      HubArrival& arrival = batch.slot(static_cast<uint32_t>(i)).arrival;
      using What = HubArrival::What;
      // The line says when a client ends; and a name in the abstract space is no guard. A
      // stranger's greeting is answered, though: by Admit.
      if (arrival.what == What::kEnds || arrival.what == What::kRefused ||
          (arrival.what != What::kOpens && !IsAdmitted(arrival.identity.uid)))
        arrival.what = What::kNothing;
    }
    return got < 0 && !IsFatal(got) ? 0 : got;
  }

  absl::StatusOr<HubAdmission> Admit(HubArrival& arrival) override {
    const int line = arrival.fd_count > 0 ? arrival.fds[0] : -1;
    int domain = 0, type = 0;
    socklen_t bytes = sizeof domain;
    if (line < 0 || getsockopt(line, SOL_SOCKET, SO_DOMAIN, &domain, &bytes) != 0 ||
        getsockopt(line, SOL_SOCKET, SO_TYPE, &type, &bytes) != 0 || domain != AF_UNIX ||
        type != SOCK_SEQPACKET)
      return absl::InvalidArgumentError("a greeting without a line for the answers");
    const uint64_t key = KeyOf(arrival);
    if (absl::Status may = MayEnter(arrival, line); !may.ok()) {
      DatagramIo::SendWord(loop_.sys(), line,
                           {.kind = HubEnvelope::kRefusal,
                            .reason = static_cast<uint8_t>(ReasonOf(may)),
                            .key = key},
                           std::string(may.message()));
      return may;
    }
    if (DatagramIo::SendWord(loop_.sys(), line, HubEnvelope::kWelcome, key, "") != 0)
      return absl::UnavailableError("the client has gone already");
    for (uint8_t i = 1; i < arrival.fd_count; ++i) close(arrival.fds[i]);
    arrival.fd_count = 0;
    return HubAdmission{arrival.from, std::make_unique<LinePeer>(line, key),
                        Traits(settings_, arrival.identity, description_)};
  }

  void RefuseAdmission(HubArrival& arrival, std::string_view why) override {
    if (arrival.fd_count == 0) return;
    DatagramIo::SendWord(loop_.sys(), arrival.fds[0], HubEnvelope::kRefusal, KeyOf(arrival), why);
  }

  int Send(HubPeer& peer, Link& link) override {
    const auto& line = static_cast<LinePeer&>(peer);
    return io_.Send(loop_.sys(), line.fd, line.key, link);
  }
  bool SayGoodbye(HubPeer&) override { return true; }  // the hang-up says it

 private:
  absl::Status MayEnter(const HubArrival& arrival, int line) {
    if (!IsAdmitted(arrival.identity.uid)) return TakesNoClientOf(arrival.identity.uid);
    if (!spare_.Keep()) return NoDescriptorLeft(EMFILE);
    return WidenDatagrams(loop_, line);
  }
  // Asked for every message; the system is asked once for each user.
  bool IsAdmitted(uint32_t uid) {
    if (uid != admitted_uid_ && settings_.Admits(uid)) admitted_uid_ = uid;
    return uid == admitted_uid_;
  }

  Loop& loop_;
  const UnixSettings settings_;
  const int fd_;
  const std::string description_;
  uint32_t admitted_uid_ = geteuid();
  DatagramIo io_;
  SpareFd spare_;
};

class ServerPeer final : public HubPeer {
 public:
  explicit ServerPeer(int fd) : fd_(fd) {}
  int room_fd() const override { return fd_; }

 private:
  const int fd_;  // the medium's
};

class DatagramClient final : public HubMedium {
 public:
  DatagramClient(Loop& loop, const UnixSettings& settings, int fd, const int (&line)[2],
                 std::string description)
      : loop_(loop),
        settings_(settings),
        fd_(fd),
        line_(line[0]),
        line_of_server_(line[1]),
        key_(loop.NextRandom() | 1),
        description_(std::move(description)) {}
  ~DatagramClient() override {
    close(fd_);
    close(line_);
    if (line_of_server_ >= 0) close(line_of_server_);
  }

  uint32_t arrival_bytes_max() const override { return kArrivalBytesMax; }
  uint32_t arrivals_at_once() const override { return DatagramIo::kMessagesMax; }
  int readable_fd() const override { return line_; }

  int Receive(HubBatch& batch) override {
    int got = io_.Receive(loop_.sys(), line_, batch);
    if (got < 0) {  // the line is broken: an end like any other
      batch.Begin(0).what = HubArrival::What::kEnds;
      got = 1;
    }
    for (int i = 0; i < got; ++i) {  // whoever writes on the line is the server
      HubKey& from = batch.slot(static_cast<uint32_t>(i)).arrival.from;
      if (batch.slot(static_cast<uint32_t>(i)).arrival.what != HubArrival::What::kEnds) {
        if (from.size == sizeof key_ && std::memcmp(from.bytes.data(), &key_, sizeof key_) == 0)
          continue;
        batch.slot(static_cast<uint32_t>(i)).arrival.what = HubArrival::What::kNothing;
      }
      from = Key();
    }
    return got;
  }

  absl::StatusOr<HubAdmission> Admit(HubArrival& arrival) override {
    if (!settings_.Admits(arrival.identity.uid)) {
      return MakeStatus(
          Outcome::kRefused, Reason::kPermission,
          Text(description_, " is served by uid ", arrival.identity.uid, ", not by this program's ",
               geteuid(), "; if that is meant, say ?uid=any"));
    }
    return HubAdmission{Key(), std::make_unique<ServerPeer>(fd_),
                        Traits(settings_, arrival.identity, description_)};
  }
  void RefuseAdmission(HubArrival&, std::string_view) override {}

  int Send(HubPeer&, Link& link) override { return io_.Send(loop_.sys(), fd_, key_, link); }
  bool SayGoodbye(HubPeer&) override {
    shutdown(line_, SHUT_RDWR);  // the server sees the hang-up
    return true;
  }

  absl::StatusOr<Greeted> Greet() override {
    const int sent =
        DatagramIo::SendWord(loop_.sys(), fd_, HubEnvelope::kGreeting, key_, "", line_of_server_);
    if (sent == -EAGAIN) return Greeted::kNoRoom;
    if (sent < 0) return SysError(-sent, Text("connect ", description_));
    close(std::exchange(line_of_server_, -1));
    return Greeted::kSent;
  }

 private:
  HubKey Key() const {
    HubKey key;
    key.Append(&key_, sizeof key_);
    return key;
  }

  Loop& loop_;
  const UnixSettings settings_;
  const int fd_;        // sends
  const int line_;      // receives
  int line_of_server_;  // until the greeting has left
  const uint64_t key_;
  const std::string description_;
  DatagramIo io_;
};

}  // namespace

absl::Status WidenDatagrams(Loop& loop, int fd) {
  constexpr int kWanted = 4 * static_cast<int>(kUnixPacketFrameBytesMax);
  loop.sys().SetOption(fd, SOL_SOCKET, SO_SNDBUF, kWanted);  // what matters is what came of it
  int bytes = 0;
  socklen_t size = sizeof bytes;
  getsockopt(fd, SOL_SOCKET, SO_SNDBUF, &bytes, &size);
  if (bytes >= static_cast<int>(kArrivalBytesMax) + 4096) return absl::OkStatus();
  return MakeStatus(
      Outcome::kRefused, Reason::kResource,
      Text("a datagram socket's buffer has ", bytes, " bytes, a frame up to ", kArrivalBytesMax,
           ": raise net.core.wmem_max (sysctl -w net.core.wmem_max=", kWanted, ")"));
}

std::unique_ptr<HubMedium> MakeDatagramServer(Loop& loop, const UnixSettings& settings, int fd,
                                              std::string description) {
  return std::make_unique<DatagramServer>(loop, settings, fd, std::move(description));
}

absl::StatusOr<std::unique_ptr<HubMedium>> MakeDatagramClient(Loop& loop,
                                                              const UnixSettings& settings, int fd,
                                                              std::string description) {
  int line[2];
  const int64_t made = ThroughSeam(loop.sys(), Site::kSocketPair, -1, [&line] {
    return socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, line);
  });
  if (made < 0) {
    close(fd);
    return SysError(static_cast<int>(-made), Text("socketpair for ", description));
  }
  const int on = 1;
  setsockopt(line[0], SOL_SOCKET, SO_PASSCRED, &on, sizeof on);
  return std::make_unique<DatagramClient>(loop, settings, fd, line, std::move(description));
}

}  // namespace jackfield
