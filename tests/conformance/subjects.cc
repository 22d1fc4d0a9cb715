#include "tests/conformance/subjects.h"

#include <sys/stat.h>

#include <cstdlib>
#include <deque>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "kernel/base/text.h"
#include "kernel/call/port.h"
#include "kernel/node.h"
#include "transports/builtin.h"

namespace jackfield::conformance {
namespace {

constexpr Subject kPlainSubjects[] = {
    {"inproc", "inproc:"},
    {"unix_stream", "unix:"},
    {"unix_seqpacket", "unix:?type=seqpacket"},
    {"unix_dgram", "unix:?type=dgram"},
    // Small queues: RLIMIT_MSGQUEUE counts those of all tests that run at once.
    {"mq", "mq:?depth=2&frame=8KiB"},
    {"sysv", "sysv:"},
    {"pipe", "pipe:"},
    {"fifo", "fifo:"},
    {"tcp4", "tcp://127.0.0.1:0"},
    {"tcp6", "tcp://[::1]:0"},
    // Where the running kernel has them; else skipped, with what it lacks.
    {"vsock", "vsock:"},
    {"sctp4_seqpacket", "sctp://127.0.0.1:0"},
    {"sctp6_seqpacket", "sctp://[::1]:0"},
    {"fragment_sctp4_seqpacket", "fragment+sctp://127.0.0.1:0"},
    {"sim", "sim:"},
    {"mmap", "mmap:"},      // one way
    {"file", "file:"},      // one way
    {"signal", "signal:"},  // one way, 4 bytes
    {"shm", "shm:"},
    {"shm_bell_socket", "shm:?bell=socket&size=256KiB"},
    // Large messages over small frames: packets, and a ring of the least size.
    {"fragment_unix_dgram", "fragment+unix:?type=dgram"},
    {"fragment_unix_seqpacket", "fragment+unix:?type=seqpacket&message=1MiB"},
    {"fragment_mq", "fragment+mq:?depth=2&frame=8KiB"},
    {"fragment_sysv", "fragment+sysv:"},
    {"fragment_inproc", "fragment+inproc:?size=64KiB"},
    {"fragment_pipe", "fragment+pipe:?message=64KiB"},
    // Through the shim, with the faults that leave a medium what it claims to be.
    {"chaos_inproc", "chaos+inproc:?seed=1&delay=0us..200us&stall=1%:1ms"},
    {"chaos_unix_stream", "chaos+unix:?seed=2&delay=0us..200us&stall=1%:1ms"},
    {"chaos_unix_seqpacket", "chaos+unix:?type=seqpacket&seed=3&delay=0us..200us&stall=1%:1ms"},
    {"chaos_unix_dgram", "chaos+unix:?type=dgram&seed=6&delay=0us..200us&stall=1%:1ms"},
    {"chaos_mq", "chaos+mq:?depth=2&frame=8KiB&seed=9&delay=0us..200us&stall=1%:1ms"},
    {"chaos_sysv", "chaos+sysv:?seed=10&delay=0us..200us&stall=1%:1ms"},
    {"chaos_pipe", "chaos+pipe:?seed=4&delay=0us..200us&stall=1%:1ms"},
    {"chaos_shm", "chaos+shm:?seed=6&delay=0us..200us&stall=1%:1ms"},
    {"chaos_fifo", "chaos+fifo:?seed=6&delay=0us..200us&stall=1%:1ms"},
    {"chaos_mmap", "chaos+mmap:?seed=10&delay=0us..200us&stall=1%:1ms"},
    {"chaos_file", "chaos+file:?seed=11&delay=0us..200us&stall=1%:1ms"},
    {"chaos_signal", "chaos+signal:?seed=12&delay=0us..200us&stall=1%:1ms"},
    {"chaos_tcp4", "chaos+tcp://127.0.0.1:0?seed=5&delay=0us..200us&stall=1%:1ms"},
    {"chaos_vsock", "chaos+vsock:?seed=13&delay=0us..200us&stall=1%:1ms"},
    {"chaos_sctp4_seqpacket", "chaos+sctp://127.0.0.1:0?seed=14&delay=0us..200us&stall=1%:1ms"},
    {"chaos_fragment_dgram",
     "chaos+fragment+unix:?type=dgram&seed=7&delay=0us..200us&stall=1%:1ms"},
    {"fragment_chaos_seqpacket",
     "fragment+chaos+unix:?type=seqpacket&seed=8&delay=0us..200us&stall=1%:1ms"},
    // What a medium breaks is mended above it. The shim is at both ends, so each frame meets its
    // fate twice: in all 20 % are lost, 10 % repeated and 20 % overtaken.
    {"reliable_sim", "reliable+sim:"},
    {"reliable_unix_seqpacket", "reliable+unix:?type=seqpacket"},
    {"fragment_reliable_udp4", "fragment+reliable+udp://127.0.0.1:0"},
    {"fragment_reliable_udp6", "fragment+reliable+udp://[::1]:0"},
    {"reliable_chaos_sim",
     "reliable+chaos+sim:?seed=6&drop=10.6%&dup=5.1%&reorder=10.6%&corrupt=1%"},
    {"reliable_chaos_inproc", "reliable+chaos+inproc:?seed=7&drop=10.6%&dup=5.1%&reorder=10.6%"},
    {"fragment_reliable_chaos_udp4",
     "fragment+reliable+chaos+udp://"
     "127.0.0.1:0?message=64KiB&seed=8&drop=10.6%&dup=5.1%&reorder=10.6%"},
};

// Over TLS; a token file is put in for each %.
constexpr Subject kTlsSubjects[] = {
    {"tls_unix_stream", "tls+unix:?token=%"},
    {"tls_tcp4", "tls+tcp://127.0.0.1:0?token=%"},
    {"tls_mq", "tls+mq:?depth=2&frame=8KiB&token=%"},
    {"tls_chaos_unix_stream", "tls+chaos+unix:?seed=15&delay=0us..200us&stall=1%:1ms&token=%"},
};

// The same for every process of a test: its service gets the path in its address.
std::string TokenFile() {
  const char* directory = std::getenv("TEST_TMPDIR");
  std::string path = Text(directory == nullptr ? "/tmp" : directory, "/jf-conformance-token");
  std::ofstream(path) << "no secret, and long enough";
  chmod(path.c_str(), 0600);
  return path;
}

std::vector<Subject> AllSubjects() {
  std::vector<Subject> all(std::begin(kPlainSubjects), std::end(kPlainSubjects));
  static const std::string* const token = new std::string(TokenFile());
  static auto* const addresses = new std::deque<std::string>;
  for (const Subject& subject : kTlsSubjects) {
    const std::string_view front = subject.serve.substr(0, subject.serve.rfind('%'));
    addresses->push_back(Text(front, *token));
    all.push_back({subject.name, addresses->back()});
  }
  return all;
}

}  // namespace

std::span<const Subject> Subjects() {
  static const std::vector<Subject>* const all = new std::vector<Subject>(AllSubjects());
  return *all;
}

bool MeetsByAddress(const Subject& subject) {
  const absl::StatusOr<Address> address = TestRegistry().Parse(subject.serve);
  if (!address.ok()) return false;
  const absl::StatusOr<Caps> caps = TestRegistry().Describe(*address, Role::kServe);
  return caps.ok() && !caps->inherited;
}

bool Answers(const Subject& subject) {
  const absl::StatusOr<Address> address = TestRegistry().Parse(subject.serve);
  if (!address.ok()) return false;
  const absl::StatusOr<Caps> caps = TestRegistry().Describe(*address, Role::kServe);
  return caps.ok() && caps->reply;
}

std::string Lacks(const Subject& subject) {
  if (!MeetsByAddress(subject)) return "";
  const std::unique_ptr<Node> node =
      Node::Create({.registry = &TestRegistry(), .wait = NodeOptions::Wait::kEpoll}).value();
  PortOptions options;
  options.needs = ReceiveNeeds();
  absl::StatusOr<std::unique_ptr<Port>> port =
      Port::Open(*node, {Raw(subject.serve)}, std::move(options));
  const absl::Status status = port.ok() ? (*port)->WaitServing() : port.status();
  const std::string why(status.message());
  return why.find("modprobe ") == why.npos ? "" : why;
}

std::string Raw(std::string_view address) {
  const char* joint = address.find('?') == address.npos ? "?" : "&";
  return Text(address, joint, "raw");
}

const Registry& TestRegistry() {
  static const Registry* const registry = [] {
    auto* built = new Registry;
    AddBuiltinTransports(*built);
    return built;
  }();
  return *registry;
}

}  // namespace jackfield::conformance
