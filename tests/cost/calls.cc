// The program whose instructions are counted: a client and a server, each on a node of its own,
// turn about on one thread by a clock that moves one microsecond a turn, so that two runs do the
// same.
//
//   calls ADDRESS CALLS [PAYLOAD_BYTES]
//   calls --build                           prints what it was built with: "gcc 12 optimised"
//
// Exit status: 0; 1 a call did not end as it should; 2 usage.
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>

#include "kernel/call/channel.h"
#include "kernel/call/port.h"
#include "kernel/node.h"
#include "kernel/registry.h"
#include "transports/builtin.h"

#define JACKFIELD_TEXT_OF(x) #x
#define JACKFIELD_TEXT(x) JACKFIELD_TEXT_OF(x)

namespace jackfield {
namespace {

constexpr uint32_t kEcho = 1;
constexpr int kTurnsMax = 100'000;  // for one call, or for the connection

class World {
 public:
  explicit World(const Registry& registry) {
    NodeOptions options{.registry = &registry, .wait = NodeOptions::Wait::kEpoll, .spin_ns = 0};
    options.clock = &clock_;
    options.epoch = 1;
    server_ = Node::Create(options).value();
    options.epoch = 2;
    client_ = Node::Create(options).value();
  }

  int Run(const std::string& address, int calls, size_t payload_bytes) {
    auto port = Port::Open(*server_, {address});
    if (!port.ok()) return Fail(port.status());
    (*port)->Handle(kEcho,
                    [](ServerCall& call) { call.Reply(Bytes(call.payload())).IgnoreError(); });
    if (!TurnUntil([&] { return (*port)->serving(); })) return Fail((*port)->failure());
    auto channel = Channel::Open(*client_, (*port)->addresses()[0]);
    if (!channel.ok()) return Fail(channel.status());
    if (!TurnUntil([&] { return (*channel)->open(); })) return Fail((*channel)->ended_why());
    const std::string payload(payload_bytes, 'x');
    for (int i = 0; i < calls; ++i) {
      bool ended = false;
      absl::Status how;
      const absl::Status status =
          (*channel)->CallAsync(kEcho, Bytes(payload), {}, [&](Answer& reply) {
            ended = true;
            how = reply.status();
            if (reply.ok() && reply->payload().size() != payload_bytes)
              how = absl::DataLossError("an answer of another size");
          });
      if (!status.ok()) return Fail(status);
      if (!TurnUntil([&] { return ended; })) return Fail(absl::DeadlineExceededError("no answer"));
      if (!how.ok()) return Fail(how);
    }
    return 0;
  }

 private:
  template <class Done>
  bool TurnUntil(Done done) {
    for (int i = 0; i < kTurnsMax && !done(); ++i) {
      client_->Turn(Node::kDoNotSleep);
      server_->Turn(Node::kDoNotSleep);
      clock_.AdvanceToNs(clock_.NowNs() + 1000);
    }
    return done();
  }
  static int Fail(const absl::Status& status) {
    std::fprintf(stderr, "calls: %s\n", std::string(status.message()).c_str());
    return 1;
  }

  ManualClock clock_;
  std::unique_ptr<Node> server_, client_;
};

// Figures of two builds can be compared if this is the same.
constexpr const char* kBuild =
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) || !defined(__OPTIMIZE__)
    "plain";
#elif defined(__clang__)
    "clang optimised";
#else
    "gcc " JACKFIELD_TEXT(__GNUC__) " optimised";
#endif

}  // namespace
}  // namespace jackfield

int main(int argc, char** argv) {
  if (argc == 2 && std::string_view(argv[1]) == "--build") {
    std::puts(jackfield::kBuild);
    return 0;
  }
  if (argc < 3 || argc > 4) {
    std::fputs("usage: calls ADDRESS CALLS [PAYLOAD_BYTES]\n", stderr);
    return 2;
  }
  jackfield::Registry registry;
  jackfield::AddBuiltinTransports(registry);
  return jackfield::World(registry).Run(argv[1], std::atoi(argv[2]),
                                        argc == 4 ? static_cast<size_t>(std::atoi(argv[3])) : 64);
}
