// A peer made by hand: it speaks bytes over a unix socket to a real Port or Channel, so that a test
// can say what no peer of ours says.
//
//   RawPeer peer = RawPeer::ConnectTo(port->addresses()[0]);
//   peer.Send(HelloFrame());
//   std::optional<RawFrame> welcome = peer.AwaitFrame(node);
//
// Thread: the node's. Waiting turns the node, up to a watchdog's time.
#ifndef JACKFIELD_TESTS_FAULTS_RAW_PEER_H_
#define JACKFIELD_TESTS_FAULTS_RAW_PEER_H_

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "kernel/address.h"
#include "kernel/frame.h"
#include "kernel/node.h"

namespace jackfield {

// A frame, field by field, each of which may be a lie.
struct RawFrame {
  uint8_t magic = kMagic;
  uint8_t version = kVersionMax;
  uint8_t kind = static_cast<uint8_t>(FrameKind::Hello);
  uint8_t flags = 0;
  std::optional<uint32_t> frame_bytes;  // instead of the true size
  uint8_t priority = kPriorityDefault;
  std::optional<uint8_t> extension_words;  // instead of the true size
  uint8_t code = 0;
  uint8_t fd_count = 0;
  uint32_t message_type = 0;
  uint64_t call_id = 0;
  uint64_t epoch = 0;
  uint32_t sequence = 0;
  uint32_t ack = 0;
  uint32_t budget_us = kNoDeadline;
  uint32_t grant = 0;
  std::string extension;  // a multiple of 8 bytes
  std::string payload;

  std::string ToBytes() const;  // filled up to a multiple of 8
  FrameKind Kind() const { return static_cast<FrameKind>(kind); }
  template <class T>
  const T* PayloadAs() const {
    return flatbuffers::GetRoot<T>(payload.data());
  }
};

// What a well-behaved client and server begin with.
inline constexpr uint64_t kRawEpoch = 0x1234567890abcdef;
RawFrame HelloFrame(uint8_t version_min = kVersionMin, uint8_t version_max = kVersionMax,
                    uint64_t epoch = kRawEpoch, uint32_t window_units = 64);
RawFrame WelcomeFrame(uint64_t client_epoch, uint64_t epoch = kRawEpoch,
                      uint32_t frame_bytes_max = kFrameBytesMaxDefault, uint32_t window_units = 64,
                      uint32_t stream_items = 64);
RawFrame RefuseFrame(uint8_t reason, uint8_t version_min, uint8_t version_max,
                     std::string_view text);

class RawPeer {
 public:
  // Requires: `address` is that of a unix stream socket with an abstract name.
  static RawPeer ConnectTo(const Address& address);
  RawPeer(RawPeer&& other) noexcept
      : fd_(std::exchange(other.fd_, -1)), received_(std::move(other.received_)) {}
  RawPeer& operator=(RawPeer&& other) noexcept {
    std::swap(fd_, other.fd_);
    std::swap(received_, other.received_);
    std::swap(ended_, other.ended_);
    return *this;
  }
  ~RawPeer();

  void Send(std::string_view bytes);
  void Send(const RawFrame& frame) { Send(frame.ToBytes()); }
  void SendWithDescriptor(std::string_view bytes, int fd);
  // The next frame; nullopt: the other side ended it, or the watchdog.
  std::optional<RawFrame> AwaitFrame(Node& node);
  // Reads and drops until the other side has ended it. False: the watchdog.
  bool AwaitEnd(Node& node);
  bool ended() const { return ended_; }
  void Close();

 private:
  friend class RawListener;
  explicit RawPeer(int fd) : fd_(fd) {}
  void ReadSome();

  int fd_;
  std::string received_;
  bool ended_ = false;
};

// A service made by hand, or its address at least.
class RawListener {
 public:
  RawListener();
  ~RawListener();
  RawListener(const RawListener&) = delete;
  const std::string& address() const { return address_; }
  // The next client's connection. nullopt: the watchdog.
  std::optional<RawPeer> Accept(Node& node);
  std::optional<RawPeer> TryAccept();  // nullopt: none waits

 private:
  int fd_ = -1;
  std::string address_;
};

// Turns `node` until `done`. False: not within the watchdog's time.
template <class Done>
bool TurnUntil(Node& node, Done done) {
  SystemClock clock;
  const int64_t give_up_ns = clock.NowNs() + 30'000'000'000;
  while (!done()) {
    if (clock.NowNs() > give_up_ns) return false;
    node.Turn(clock.NowNs() + 1'000'000);
  }
  return true;
}

}  // namespace jackfield

#endif  // JACKFIELD_TESTS_FAULTS_RAW_PEER_H_
