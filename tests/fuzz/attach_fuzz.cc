// A hostile rendezvous over shm:. A server welcomes nobody whose memory is not sealed, reserved and
// of the size that was said, or whose bells are none; a client lives with any server; each goes on
// with the other however it behaves after that. A bystander is served all the while, and in the
// end every descriptor, mapping and byte of quota is given back.
//
// Input: u8 who lies (even: the client), then what it makes, says and does (hostile_shm.h).
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "kernel/base/text.h"
#include "kernel/call/channel.h"
#include "kernel/call/port.h"
#include "kernel/node.h"
#include "kernel/registry.h"
#include "tests/fuzz/hostile_shm.h"
#include "transports/shm/shm.h"
#include "transports/shm/shm_settings.h"

namespace jackfield {
namespace {

using namespace hostile;

constexpr uint32_t kEcho = 1;
constexpr int kQuietTurns = 20;

void Require(bool rule, std::string_view what) {
  if (rule) return;
  std::fprintf(stderr, "attach_fuzz: %.*s\n", static_cast<int>(what.size()), what.data());
  std::abort();
}

size_t DescriptorsOpen() {
  size_t count = 0;
  for (const auto& fd : std::filesystem::directory_iterator("/proc/self/fd")) {
    count += fd.path().empty() ? 0 : 1;
  }
  return count;
}

size_t MemfdMappings() {
  size_t count = 0;
  std::ifstream maps("/proc/self/maps");
  for (std::string line; std::getline(maps, line);) {
    if (line.find("/memfd:") != std::string::npos) ++count;
  }
  return count;
}

sockaddr_un NameOf(const Address& address, socklen_t* bytes) {
  const ShmSettings settings = ShmSettings::Read(address, Role::kConnect).value();
  *bytes = settings.socket_name_bytes();
  return settings.socket_name();
}

// A mapping of what may be no memory at all: then empty.
class Mapping {
 public:
  explicit Mapping(int fd) {
    if (!IsSealedMemory(fd, kSegmentBytes)) return;
    void* base = mmap(nullptr, kSegmentBytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (base != MAP_FAILED) memory_ = {static_cast<std::byte*>(base), kSegmentBytes};
  }
  ~Mapping() {
    if (!memory_.empty()) munmap(memory_.data(), memory_.size());
  }
  Mapping(const Mapping&) = delete;
  std::span<std::byte> memory() const { return memory_; }

 private:
  std::span<std::byte> memory_;
};

// A true server with a true client; and an address of which somebody else is the server.
class House {
 public:
  House() {
    registry_.Add(MakeShmTransport());
    node_ = Node::Create({.name = "fuzz",
                          .registry = &registry_,
                          .wait = NodeOptions::Wait::kEpoll,
                          .spin_ns = 0})
                .value();
    // Room for the bystander and one more, to the byte: QuotaIsGivenBack.
    port_ = Port::Open(*node_, {Text("shm:?lanes=2&quota=", 2 * kSegmentBytes, "B")}).value();
    port_->Handle(kEcho, [](ServerCall& call) { call.Reply(Bytes(call.payload())).IgnoreError(); });
    Require(port_->WaitServing().ok(), "the server does not serve");
    bystander_ =
        Channel::Open(*node_, Text(port_->addresses()[0].ToString(), "&size=64KiB")).value();
    Require(bystander_->WaitOpen().ok(), "the bystander is not let in");
    impostor_address_ = Address::Parse(Text("shm:fuzz-", getpid(), "?size=64KiB")).value();
    socklen_t bytes = 0;
    const sockaddr_un name = NameOf(impostor_address_, &bytes);
    impostor_ = OwnedFd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    Require(bind(impostor_.get(), reinterpret_cast<const sockaddr*>(&name), bytes) == 0 &&
                listen(impostor_.get(), 16) == 0,
            "no place for the impostor");
  }

  Node& node() { return *node_; }
  // Until nothing happens any more: a node with awake links asks the system only now and then.
  void Turn() {
    for (int quiet = 0, turns = 0; quiet < kQuietTurns && turns < 1000; ++turns) {
      quiet = node_->Turn(Node::kDoNotSleep) ? 0 : quiet + 1;
    }
  }
  void BystanderIsServed() {
    const absl::StatusOr<Message> reply = bystander_->Call(kEcho, Bytes("well")).Wait();
    Require(reply.ok() && reply->text() == "well", "the bystander is not served");
  }
  // One more fits, and nothing beside it: of what others had, not a byte is missing, nor a
  // connection. (More cannot have been given back than was taken: a UidQuota::Share gives back what
  // it took, once.)
  void QuotaIsGivenBack() {
    const std::string address = Text(port_->addresses()[0].ToString(), "&size=64KiB");
    const auto last = Channel::Open(*node_, address).value();
    const absl::Status welcome = last->WaitOpen();
    Require(welcome.ok(), Text("some of the quota is not given back: ", welcome.ToString()));
  }
  // As it was before, in a while: what ends, ends within some turns.
  void AllIsGivenBack(size_t descriptors, size_t mappings) {
    for (int i = 0; i < 1000; ++i) {
      if (DescriptorsOpen() == descriptors && MemfdMappings() == mappings && port_->clients() == 1)
        return;
      Turn();
    }
    Require(false,
            Text(DescriptorsOpen(), " descriptors, ", MemfdMappings(), " mappings, ",
                 port_->clients(), " clients; there were ", descriptors, ", ", mappings, " and 1"));
  }

  void HostileClient(Input& input);
  void HostileServer(Input& input);

 private:
  Registry registry_;
  std::unique_ptr<Node> node_;
  std::unique_ptr<Port> port_;
  std::unique_ptr<Channel> bystander_;
  Address impostor_address_;
  OwnedFd impostor_;
};

void House::HostileClient(Input& input) {
  socklen_t name_bytes = 0;
  const sockaddr_un name = NameOf(port_->addresses()[0], &name_bytes);
  const OwnedFd own(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  Require(connect(own.get(), reinterpret_cast<const sockaddr*>(&name), name_bytes) == 0,
          "the server is not there");
  std::vector<OwnedFd> fds;
  fds.push_back(MakeMemory(input));
  fds.push_back(MakeBell(input));
  fds.push_back(MakeBell(input));
  const Mapping mapping(fds[0].get());
  const bool honest_things = IsSealedMemory(fds[0].get(), kSegmentBytes) &&
                             !mapping.memory().empty() && IsBell(fds[1].get()) &&
                             IsBell(fds[2].get());
  // A few too many or too few; 0: three.
  const size_t count = (input.Byte() + 3) % 24;
  while (fds.size() < count) fds.push_back(MakeBell(input));
  std::vector<OwnedFd> kept;  // of what is not handed over; the mapping and the bells live on
  while (fds.size() > count) {
    kept.push_back(std::move(fds.back()));
    fds.pop_back();
  }
  const ShmHello truth = TrueHello();
  ShmHello hello = truth;
  TellLies(input, std::as_writable_bytes(std::span(&hello, 1)));
  const bool whole =
      SendInPieces(input, own.get(), std::as_bytes(std::span(&hello, 1)), fds, [this] { Turn(); });
  Turn();

  ShmWelcome answer;
  const ssize_t got = recv(own.get(), &answer, sizeof answer, MSG_DONTWAIT);
  const bool welcome = got == sizeof answer && StatusOf(answer).ok();
  if (got == sizeof answer && !welcome) Require(answer.text_bytes > 0, "a refusal without a word");
  if (whole && count == 3 && honest_things && std::memcmp(&hello, &truth, sizeof hello) == 0)
    Require(welcome, Text("an honest client is refused: ", StatusOf(answer).ToString()));
  if (welcome) {
    const bool socket_bell = hello.bell == static_cast<uint32_t>(BellKind::kSocket);
    Require(socket_bell || hello.bell == static_cast<uint32_t>(BellKind::kEventFd),
            "welcome without a bell");
    const size_t wanted = socket_bell ? 1 : 3;
    Require(fds.size() == wanted || (!whole && fds.size() > 0), "welcome with other descriptors");
    Require(IsSealedMemory(fds[0].get(), hello.data_offset + 2 * hello.lane_bytes),
            "welcome with memory that may fail");
    Require(socket_bell || (fds.size() == 3 && IsBell(fds[1].get()) && IsBell(fds[2].get())),
            "welcome with bells that are none");
  }
  const int bell_fd = fds.size() > 2 && IsBell(fds[2].get()) ? fds[2].get() : -1;
  Disturb(input, own.get(), bell_fd, mapping.memory(), [this] { Turn(); });
  Turn();
}

void House::HostileServer(Input& input) {
  const auto accept = [this] {
    return OwnedFd(accept4(impostor_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
  };
  while (accept().ok()) {
  }  // who came again, after the last time
  const auto channel = Channel::Open(*node_, impostor_address_.ToString()).value();
  Turn();
  const OwnedFd own = accept();
  Require(own.ok(), "no client comes");
  ShmHello hello;
  iovec part{&hello, sizeof hello};
  alignas(cmsghdr) char control[CMSG_SPACE(16 * sizeof(int))];
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  Require(recvmsg(own.get(), &message, MSG_CMSG_CLOEXEC) == sizeof hello, "no hello comes");
  const cmsghdr* header = CMSG_FIRSTHDR(&message);
  Require(header != nullptr && header->cmsg_len == CMSG_LEN(3 * sizeof(int)),
          "no descriptors come");
  int numbers[3];
  std::memcpy(numbers, CMSG_DATA(header), sizeof numbers);
  const OwnedFd memory(numbers[0]), bell(numbers[1]), other_bell(numbers[2]);
  Require(
      IsSealedMemory(memory.get(), kSegmentBytes) && IsBell(bell.get()) && IsBell(other_bell.get()),
      "the client hands over what no server would take");
  const Mapping mapping(memory.get());

  std::vector<OwnedFd> fds;
  for (int left = input.Byte() % 24; left > 0; --left) fds.push_back(MakeBell(input));
  ShmWelcome welcome;
  TellLies(input, std::as_writable_bytes(std::span(&welcome, 1)));
  SendInPieces(input, own.get(), std::as_bytes(std::span(&welcome, 1)), fds, [this] { Turn(); });
  Turn();
  Disturb(input, own.get(), bell.get(), mapping.memory(), [this] { Turn(); });
  Turn();
}

House& TheHouse() {
  static House* const house = new House;
  return *house;
}

}  // namespace
}  // namespace jackfield

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace jackfield;
  House& house = TheHouse();
  house.BystanderIsServed();
  const size_t descriptors = DescriptorsOpen();
  const size_t mappings = MemfdMappings();
  Input input(data, size);
  if (input.Byte() % 2 == 0) {
    house.HostileClient(input);
  } else {
    house.HostileServer(input);
  }
  house.BystanderIsServed();
  house.AllIsGivenBack(descriptors, mappings);
  house.QuotaIsGivenBack();
  house.AllIsGivenBack(descriptors, mappings);
  return 0;
}
