#include "tests/faults/raw_peer.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstddef>
#include <cstring>

#include "gtest/gtest.h"
#include "kernel/base/text.h"
#include "schemas/control_generated.h"

namespace jackfield {
namespace {

socklen_t Abstract(std::string_view name, sockaddr_un& address) {
  address = {};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path + 1, name.data(), name.size());
  return static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + name.size());
}

template <class Finish>
std::string Built(Finish finish) {
  flatbuffers::FlatBufferBuilder fbb;
  finish(fbb);
  return {reinterpret_cast<const char*>(fbb.GetBufferPointer()), fbb.GetSize()};
}

}  // namespace

std::string RawFrame::ToBytes() const {
  const auto bytes = static_cast<uint32_t>(kHeaderBytes + extension.size() + payload.size());
  const FrameHeader header(
      magic, version, static_cast<FrameKind>(kind), flags, frame_bytes.value_or(bytes), priority,
      extension_words.value_or(static_cast<uint8_t>(extension.size() / 8)), code, fd_count,
      message_type, call_id, epoch, sequence, ack, budget_us, grant);
  std::string text(reinterpret_cast<const char*>(&header), kHeaderBytes);
  text += extension + payload;
  text.resize(Align8(bytes));
  return text;
}

RawFrame HelloFrame(uint8_t version_min, uint8_t version_max, uint64_t epoch,
                    uint32_t window_units) {
  RawFrame frame;
  frame.grant = window_units;
  frame.payload = Built([&](flatbuffers::FlatBufferBuilder& fbb) {
    const auto name = fbb.CreateString("by hand");
    fbb.Finish(wire::CreateHello(fbb, version_min, version_max, 0, epoch, kFrameBytesMaxDefault,
                                 window_units, 64, name));
  });
  return frame;
}

RawFrame WelcomeFrame(uint64_t client_epoch, uint64_t epoch, uint32_t frame_bytes_max,
                      uint32_t window_units, uint32_t stream_items) {
  RawFrame frame;
  frame.kind = static_cast<uint8_t>(FrameKind::Welcome);
  frame.epoch = client_epoch;
  frame.grant = window_units;
  frame.payload = Built([&](flatbuffers::FlatBufferBuilder& fbb) {
    const auto name = fbb.CreateString("by hand");
    fbb.Finish(wire::CreateWelcome(fbb, kVersionMax, 0, epoch, frame_bytes_max, window_units,
                                   stream_items, name));
  });
  return frame;
}

RawFrame RefuseFrame(uint8_t reason, uint8_t version_min, uint8_t version_max,
                     std::string_view text) {
  RawFrame frame;
  frame.kind = static_cast<uint8_t>(FrameKind::Refuse);
  frame.payload = Built([&](flatbuffers::FlatBufferBuilder& fbb) {
    const auto words = fbb.CreateString(text.data(), text.size());
    fbb.Finish(wire::CreateRefuse(fbb, reason, 0, version_min, version_max, words));
  });
  return frame;
}

// ---- RawPeer.

RawPeer RawPeer::ConnectTo(const Address& address) {
  sockaddr_un to;
  const socklen_t bytes = Abstract(std::string_view(address.target()).substr(1), to);
  const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  EXPECT_EQ(connect(fd, reinterpret_cast<const sockaddr*>(&to), bytes), 0)
      << address.ToString() << ": " << std::strerror(errno);
  return RawPeer(fd);
}

RawPeer::~RawPeer() { Close(); }

void RawPeer::Close() {
  if (fd_ >= 0) close(std::exchange(fd_, -1));
}

void RawPeer::Send(std::string_view bytes) {
  // The other side may have ended it: then nobody reads, which is what the test is about.
  [[maybe_unused]] const ssize_t sent =
      send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
}

void RawPeer::SendWithDescriptor(std::string_view bytes, int fd) {
  iovec part{const_cast<char*>(bytes.data()), bytes.size()};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  cmsghdr* head = CMSG_FIRSTHDR(&message);
  head->cmsg_level = SOL_SOCKET;
  head->cmsg_type = SCM_RIGHTS;
  head->cmsg_len = CMSG_LEN(sizeof(int));
  std::memcpy(CMSG_DATA(head), &fd, sizeof fd);
  EXPECT_EQ(sendmsg(fd_, &message, MSG_NOSIGNAL), static_cast<ssize_t>(bytes.size()));
}

void RawPeer::ReadSome() {
  char bytes[4096];
  const ssize_t got = recv(fd_, bytes, sizeof bytes, MSG_DONTWAIT);
  if (got > 0)
    received_.append(bytes, static_cast<size_t>(got));
  else if (got == 0 || (errno != EAGAIN && errno != EINTR))
    ended_ = true;
}

std::optional<RawFrame> RawPeer::AwaitFrame(Node& node) {
  const auto complete = [this] {
    return received_.size() >= 8 &&
           received_.size() >=
               Align8(PeekFrameBytes(reinterpret_cast<const std::byte*>(received_.data())));
  };
  if (!TurnUntil(node,
                 [&] {
                   if (!complete()) ReadSome();
                   return complete() || ended_;
                 }) ||
      !complete()) {
    return std::nullopt;
  }
  const FrameHeader header = CopyHeader(reinterpret_cast<const std::byte*>(received_.data()));
  const size_t front = kHeaderBytes + 8u * header.extension_words();
  RawFrame frame{.magic = header.magic(),
                 .version = header.version(),
                 .kind = static_cast<uint8_t>(header.kind()),
                 .flags = header.flags(),
                 .frame_bytes = header.frame_bytes(),
                 .priority = header.priority(),
                 .extension_words = header.extension_words(),
                 .code = header.code(),
                 .fd_count = header.fd_count(),
                 .message_type = header.message_type(),
                 .call_id = header.call_id(),
                 .epoch = header.epoch(),
                 .sequence = header.sequence(),
                 .ack = header.ack(),
                 .budget_us = header.budget_us(),
                 .grant = header.grant(),
                 .extension = received_.substr(kHeaderBytes, front - kHeaderBytes),
                 .payload = received_.substr(front, header.frame_bytes() - front)};
  received_.erase(0, Align8(header.frame_bytes()));
  return frame;
}

bool RawPeer::AwaitEnd(Node& node) {
  return TurnUntil(node, [&] {
    ReadSome();
    return ended_;
  });
}

// ---- RawListener.

RawListener::RawListener() {
  static std::atomic<int> next{0};
  const std::string name = Text("jackfield-by-hand-", getpid(), "-", next++);
  sockaddr_un at;
  const socklen_t bytes = Abstract(name, at);
  fd_ = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  EXPECT_EQ(bind(fd_, reinterpret_cast<const sockaddr*>(&at), bytes), 0) << std::strerror(errno);
  EXPECT_EQ(listen(fd_, 8), 0);
  address_ = "unix:@" + name;
}

RawListener::~RawListener() { close(fd_); }

std::optional<RawPeer> RawListener::TryAccept() {
  const int fd = accept4(fd_, nullptr, nullptr, SOCK_CLOEXEC);
  if (fd < 0) return std::nullopt;
  return RawPeer(fd);
}

std::optional<RawPeer> RawListener::Accept(Node& node) {
  std::optional<RawPeer> peer;
  TurnUntil(node, [&] {
    peer = TryAccept();
    return peer.has_value();
  });
  return peer;
}

}  // namespace jackfield
