// What only a network of its own can show: interfaces, zones, routes. Each case is a child in a
// network namespace that it makes (as root, or where users may make them); elsewhere it is skipped.
#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>
#include <string_view>

#include "gtest/gtest.h"
#include "kernel/base/outcome.h"
#include "kernel/base/owned_fd.h"
#include "kernel/base/text.h"
#include "kernel/call/channel.h"
#include "kernel/call/port.h"
#include "kernel/node.h"
#include "tests/conformance/subjects.h"

namespace jackfield::conformance {
namespace {

constexpr uint32_t kEcho = 1;
constexpr int kNoNamespace = 99;

bool SetUpInterface(const char* name, bool up) {
  const OwnedFd fd(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  ifreq request{};
  std::strncpy(request.ifr_name, name, IF_NAMESIZE - 1);
  request.ifr_flags = up ? IFF_UP : 0;
  return ioctl(fd.get(), SIOCSIFFLAGS, &request) == 0;
}

bool Rename(const char* from, const char* to) {
  const OwnedFd fd(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  ifreq request{};
  std::strncpy(request.ifr_name, from, IF_NAMESIZE - 1);
  std::strncpy(request.ifr_newname, to, IF_NAMESIZE - 1);
  return ioctl(fd.get(), SIOCSIFNAME, &request) == 0;
}

bool AddLinkLocal(const char* name) {
  struct {  // in6_ifreq of linux/ipv6.h, which goes with no other header
    in6_addr address;
    uint32_t prefix_bits;
    int index;
  } request{};
  const OwnedFd fd(socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  inet_pton(AF_INET6, "fe80::1", &request.address);
  request.prefix_bits = 64;
  request.index = static_cast<int>(if_nametoindex(name));
  if (!fd.ok() || ioctl(fd.get(), SIOCSIFADDR, &request) != 0) return false;
  // Until the system has made sure that nobody else has it, it is nobody's (RFC 4862, 5.4).
  sockaddr_in6 at{};
  at.sin6_family = AF_INET6;
  at.sin6_addr = request.address;
  at.sin6_scope_id = if_nametoindex(name);
  while (bind(fd.get(), reinterpret_cast<const sockaddr*>(&at), sizeof at) != 0) {
    if (errno != EADDRNOTAVAIL) return false;
    usleep(10'000);  // the child's alarm is the watchdog
  }
  return true;
}

// Runs `body` in a network of its own, in which there is one interface, which is down. Returns what
// it found wrong, line by line.
template <class Body>
std::string InItsOwnNetwork(Body body) {
  int ends[2];
  if (pipe(ends) != 0) return "no pipe";
  const pid_t child = fork();
  if (child == 0) {
    close(ends[0]);
    alarm(120);
    if (unshare(CLONE_NEWNET) != 0 && unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0)
      _exit(kNoNamespace);
    const std::string wrong = body();
    _exit(write(ends[1], wrong.data(), wrong.size()) < 0 ? 1 : 0);
  }
  close(ends[1]);
  std::string wrong;
  char bytes[4096];
  for (ssize_t got; (got = read(ends[0], bytes, sizeof bytes)) > 0;)
    wrong.append(bytes, static_cast<size_t>(got));
  close(ends[0]);
  int status = -1;
  waitpid(child, &status, 0);
  if (WIFEXITED(status) && WEXITSTATUS(status) == kNoNamespace)
    return "skip: no network namespaces";
  return status == 0 ? wrong : Text(wrong, "the child ended with ", status, "\n");
}
#define EXPECT_NOTHING_WRONG(wrong)                                   \
  do {                                                                \
    const std::string found = (wrong);                                \
    if (found.starts_with("skip: ")) GTEST_SKIP() << found.substr(6); \
    EXPECT_EQ(found, "");                                             \
  } while (false)

std::string Expect(const absl::Status& status, absl::StatusCode code, std::string_view words,
                   std::string_view no_words = "is the service running") {
  const std::string text(status.message());
  if (status.code() == code && text.find(words) != text.npos && text.find(no_words) == text.npos)
    return "";
  return Text("not \"", words, "\": ", status.ToString(), "\n");
}

std::unique_ptr<Node> MakeNode() { return Node::Create({.registry = &TestRegistry()}).value(); }

absl::Status WhyNotServing(Node& node, const std::string& address, const PortOptions& options) {
  const auto port = Port::Open(node, {address}, options);
  return port.ok() ? (*port)->WaitServing() : port.status();
}
absl::Status WhyNotConnected(Node& node, const std::string& address, ChannelOptions options = {}) {
  options.connect_timeout = 50ms;
  const auto channel = Channel::Open(node, address, options);
  return channel.ok() ? (*channel)->WaitOpen() : channel.status();
}

TEST(Network, AGroupToWhichNoRouteLeadsNamesIfaceAndTheInterfaces) {
  EXPECT_NOTHING_WRONG(InItsOwnNetwork([] {
    if (!SetUpInterface("lo", true)) return std::string("lo cannot be set up\n");
    const auto node = MakeNode();
    PortOptions receives;
    receives.needs = ReceiveNeeds();
    ChannelOptions sends;
    sends.needs = SendNeeds();
    const std::string group = "udp://239.1.2.3:7777?plain";
    std::string wrong = Expect(WhyNotServing(*node, group, receives),
                               absl::StatusCode::kUnavailable, "?iface=lo (up are: lo)");
    wrong += Expect(WhyNotConnected(*node, group, sends), absl::StatusCode::kUnavailable,
                    "?iface=lo (up are: lo)");
    // And what is said helps.
    const absl::Status served = WhyNotServing(*node, group + "&iface=lo", receives);
    if (!served.ok()) wrong += Text(served.ToString(), "\n");
    const absl::Status sent = WhyNotConnected(*node, group + "&iface=lo", sends);
    if (!sent.ok()) wrong += Text(sent.ToString(), "\n");
    return wrong + Expect(WhyNotConnected(*node, group + "&iface=v0", sends),
                          absl::StatusCode::kInvalidArgument, "no interface \"v0\"");
  }));
}

TEST(Network, AServiceIsNotSaidToBeMissingWhereItIsTheWay) {
  EXPECT_NOTHING_WRONG(InItsOwnNetwork([] {
    const auto node = MakeNode();
    return Expect(WhyNotConnected(*node, "tcp://127.0.0.1:7"), absl::StatusCode::kUnavailable,
                  "no way leads there from here: ip link");
  }));
}

TEST(Network, ALinkLocalAddressIsReportedWithItsZoneAndCanBeReached) {
  EXPECT_NOTHING_WRONG(InItsOwnNetwork([] {
    // A name that begins like an escape.
    const char* const name = Rename("lo", "ab8") ? "ab8" : "lo";
    if (!SetUpInterface(name, true)) return std::string("the interface cannot be set up\n");
    if (!AddLinkLocal(name)) return std::string("skip: no IPv6 here");
    const auto node = MakeNode();
    std::string wrong;
    for (const std::string scheme : {"tcp", "udp"}) {
      for (const std::string& zone :
           {std::string(name), Text("25", name), Text(if_nametoindex(name))}) {
        const auto port = Port::Open(*node, {Text(scheme, "://[fe80::1%", zone, "]:0?plain")});
        const absl::Status serving = port.ok() ? (*port)->WaitServing() : port.status();
        if (!serving.ok()) {
          wrong += Text(zone, ": ", serving.ToString(), "\n");
          continue;
        }
        (*port)->Handle(kEcho,
                        [](ServerCall& call) { call.Reply(Bytes(call.payload())).IgnoreError(); });
        const std::string reported = (*port)->addresses()[0].ToString();
        if (reported.find(Text("[fe80::1%", name, "]")) == reported.npos)
          wrong += Text(zone, ": reported as ", reported, "\n");
        const auto channel = Channel::Open(*node, reported);
        const absl::Status called =
            channel.ok() ? (*channel)->Call(kEcho, Bytes("x")).Wait().status() : channel.status();
        if (!called.ok()) wrong += Text(reported, ": ", called.ToString(), "\n");
      }
    }
    return wrong;
  }));
}

}  // namespace
}  // namespace jackfield::conformance
