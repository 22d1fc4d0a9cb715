#include "transports/shm/shm_test_world.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <span>
#include <utility>

#include "gtest/gtest.h"
#include "kernel/base/outcome.h"
#include "kernel/base/text.h"
#include "transports/shm/record_wait.h"
#include "transports/shm/shm.h"
#include "transports/shm/shm_settings.h"

namespace jackfield {

const Registry& ShmRegistry() {
  static const Registry* const registry = [] {
    auto* built = new Registry;
    built->Add(MakeShmTransport());
    return built;
  }();
  return *registry;
}

std::unique_ptr<Node> ShmNode(FaultSeam* seam) {
  return Node::Create({.registry = &ShmRegistry(), .wait = NodeOptions::Wait::kEpoll, .seam = seam})
      .value();
}

ShmWorld::ShmWorld(std::string_view address, FaultSeam* seam) : node_(ShmNode(seam)) {
  absl::StatusOr<std::unique_ptr<Port>> port = Port::Open(*node_, {std::string(address)});
  EXPECT_TRUE(port.ok()) << port.status();
  port_ = *std::move(port);
  port_->Handle(kEcho, [](ServerCall& call) { call.Reply(Bytes(call.payload())).IgnoreError(); });
  port_->Handle(kNote, [this](ServerCall& call) {
    const auto payload = call.payload();
    notes_.emplace_back(reinterpret_cast<const char*>(payload.data()), payload.size());
  });
  const absl::Status serving = port_->WaitServing();
  EXPECT_TRUE(serving.ok()) << serving;
}

std::string ShmWorld::address() const { return port_->addresses()[0].ToString(); }

absl::StatusOr<std::unique_ptr<Channel>> ShmWorld::Connect(std::string_view query) {
  const std::string to = address();
  const char separator = to.find('?') == std::string::npos ? '?' : '&';
  absl::StatusOr<std::unique_ptr<Channel>> channel =
      Channel::Open(*node_, query.empty() ? to : Text(to, separator, query));
  if (!channel.ok()) return channel;
  if (absl::Status status = (*channel)->WaitOpen(); !status.ok()) return status;
  return channel;
}

bool ShmWorld::Drive(const std::function<bool()>& done) {
  // What `done` looks at may change without waking the node.
  constexpr int64_t kLookNs = 2'000'000;
  const int64_t give_up_ns = node_->clock().NowNs() + kWatchdogNs;
  while (!done()) {
    const int64_t now_ns = node_->clock().NowNs();
    if (now_ns >= give_up_ns) return false;
    node_->Turn(now_ns + kLookNs);
  }
  return true;
}

std::string Echoed(Channel& channel, std::string_view text) {
  const absl::StatusOr<Message> reply = channel.Call(kEcho, Bytes(text)).Wait();
  return reply.ok() ? std::string(reply->text()) : std::string(reply.status().message());
}

PlainClient::PlainClient(std::string_view address) {
  const ShmSettings settings =
      ShmSettings::Read(Address::Parse(address).value(), Role::kConnect).value();
  socket_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const sockaddr_un name = settings.socket_name();
  EXPECT_EQ(
      connect(socket_fd, reinterpret_cast<const sockaddr*>(&name), settings.socket_name_bytes()),
      0);
}

PlainClient::~PlainClient() {
  for (const int fd : fds) close(fd);
  close(socket_fd);
}

void PlainClient::Prepare(uint64_t lane_bytes) {
  segment = Segment::Make({.lane_bytes = lane_bytes}, MemoryRoom()).value();
  fds = {dup(segment.fd()), eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC),
         eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)};
  hello.lane_bytes = lane_bytes;
  hello.data_offset = segment.shape().data_offset;
  hello.bell = static_cast<uint32_t>(BellKind::kEventFd);
  hello.fd_count = 3;
}

void PlainClient::Send() {
  const absl::Status sent =
      SendRecord(Sys(nullptr), socket_fd, std::as_bytes(std::span(&hello, 1)), fds);
  EXPECT_TRUE(sent.ok()) << sent;
}

absl::Status PlainClient::Answer(ShmWorld& world) {
  ShmWelcome welcome;
  auto* at = reinterpret_cast<char*>(&welcome);
  size_t got = 0;
  bool ended = false;
  EXPECT_TRUE(world.Drive([&] {
    const ssize_t now = recv(socket_fd, at + got, sizeof welcome - got, MSG_DONTWAIT);
    if (now > 0) got += static_cast<size_t>(now);
    ended = now == 0 || (now < 0 && errno != EAGAIN);
    return ended || got == sizeof welcome;
  }));
  if (ended) return absl::UnavailableError("closed without a word");
  return StatusOf(welcome);
}

Child::Child(const std::function<void()>& body) {
  const pid_t parent = getpid();
  pid_ = fork();
  if (pid_ != 0) return;
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() == parent) body();
  _exit(0);
}

Child::~Child() {
  if (pid_ > 0) Kill();
}

void Child::Kill() {
  kill(pid_, SIGKILL);
  Wait();
}

void Child::Wait() {
  if (pid_ > 0) waitpid(std::exchange(pid_, -1), nullptr, 0);
}

void Child::Stop() const {
  kill(pid_, SIGSTOP);
  int status = 0;
  waitpid(pid_, &status, WUNTRACED);
  EXPECT_TRUE(WIFSTOPPED(status));
}

void Child::Continue() const { kill(pid_, SIGCONT); }

std::string Leftovers(std::string_view name) {
  std::vector<std::string> names;
  size_t fds = 0;
  for (const auto& fd : std::filesystem::directory_iterator("/proc/self/fd"))
    fds += fd.path().empty() ? 0 : 1;
  for (const auto& file : std::filesystem::directory_iterator("/dev/shm"))
    names.push_back(file.path());
  std::ifstream sockets("/proc/net/unix");
  for (std::string line; std::getline(sockets, line);) {
    const size_t at = line.find("@jackfield/shm/" + std::string(name));
    if (at != std::string::npos) names.push_back(line.substr(at));
  }
  std::sort(names.begin(), names.end());
  std::string text = Text(fds, " descriptors");
  for (const std::string& name : names) text += ", " + name;
  return text;
}

}  // namespace jackfield
