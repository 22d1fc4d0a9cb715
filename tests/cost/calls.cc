// The program whose instructions are counted: a client and a server, each on a node of its own,
// turn about on one thread by a clock that moves one microsecond a turn, so that two runs do the
// same.
//
//   calls [--watched] ADDRESS CALLS [PAYLOAD_BYTES [CONNECTIONS CALLS_OUT]]
//                                           watched: both ends are, as services (services/watch)
//   calls --build                           prints what it was built with: "gcc 12 optimised"
//
// Exit status: 0; 1 a call did not end as it should; 2 usage.
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "kernel/call/channel.h"
#include "kernel/call/port.h"
#include "kernel/node.h"
#include "kernel/registry.h"
#include "services/watch/watch.h"
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

  absl::Status BeginWatch() {
    for (const auto& [node, watch] :
         {std::pair{server_.get(), &server_watch_}, {client_.get(), &client_watch_}}) {
      absl::StatusOr<std::unique_ptr<Watch>> begun = Watch::Begin(*node, "cost");
      if (!begun.ok()) return begun.status();
      *watch = *std::move(begun);
    }
    return absl::OkStatus();
  }

  struct Work {
    int calls = 0;
    size_t payload_bytes = 64;
    size_t connections = 1;
    int out = 1;  // calls under way, one connection after the other
  };
  int Run(const std::string& address, const Work& work) {
    auto port = Port::Open(*server_, {address});
    if (!port.ok()) return Fail(port.status());
    (*port)->Handle(kEcho,
                    [](ServerCall& call) { call.Reply(Bytes(call.payload())).IgnoreError(); });
    if (!TurnUntil([&] { return (*port)->serving(); })) return Fail((*port)->failure());
    std::vector<std::unique_ptr<Channel>> channels;
    for (size_t i = 0; i < work.connections; ++i) {
      auto channel = Channel::Open(*client_, (*port)->addresses()[0]);
      if (!channel.ok()) return Fail(channel.status());
      if (!TurnUntil([&] { return (*channel)->open(); })) return Fail((*channel)->ended_why());
      channels.push_back(*std::move(channel));
    }
    const std::string payload(work.payload_bytes, 'x');
    int ended = 0;
    absl::Status how;
    for (int begun = 0; begun < work.calls;) {
      const absl::Status status = channels[static_cast<size_t>(begun) % channels.size()]->CallAsync(
          kEcho, Bytes(payload), {}, [&](Answer& reply) {
            ++ended;
            if (!reply.ok())
              how = reply.status();
            else if (reply->payload().size() != work.payload_bytes)
              how = absl::DataLossError("an answer of another size");
          });
      if (!status.ok()) return Fail(status);
      const int enough = ++begun == work.calls ? begun : begun - work.out + 1;
      if (!TurnUntil([&] { return ended >= enough; }))
        return Fail(absl::DeadlineExceededError("no answer"));
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
  std::unique_ptr<Watch> server_watch_, client_watch_;
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
  const bool watched = argc > 1 && std::string_view(argv[1]) == "--watched";
  if (watched) --argc, ++argv;
  if (argc < 3 || argc > 6 || argc == 5) {
    std::fputs("usage: calls [--watched] ADDRESS CALLS [PAYLOAD_BYTES [CONNECTIONS CALLS_OUT]]\n",
               stderr);
    return 2;
  }
  jackfield::World::Work work{.calls = std::atoi(argv[2])};
  if (argc > 3) work.payload_bytes = static_cast<size_t>(std::atoi(argv[3]));
  if (argc > 5) {
    work.connections = static_cast<size_t>(std::atoi(argv[4]));
    work.out = std::atoi(argv[5]);
  }
  jackfield::Registry registry;
  jackfield::AddBuiltinTransports(registry);
  jackfield::World world(registry);
  if (watched) {
    if (const absl::Status begun = world.BeginWatch(); !begun.ok()) {
      std::fprintf(stderr, "calls: %s\n", std::string(begun.message()).c_str());
      return 1;
    }
  }
  return world.Run(argv[1], work);
}
