// random [--scheme=shm] [--kills=N] [--seed=N] [--connect-ms=N]
//
// Kills a client, or its server, at a random moment under load, N times, and holds their ledgers
// against each other (ledger.h): nothing that was told is untrue, nothing lost, repeated or torn.
// Two of three kills are of clients of one server, which outlives them; each third is of the
// server, whose client then looks for it for --connect-ms (400): most of a long run is that wait.
// Prints a report; 1 if a rule was broken.
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <cinttypes>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <random>
#include <string>
#include <string_view>

#include "tests/kill/ledger.h"
#include "tests/kill/roles.h"
#include "tests/kill/tracee.h"
#include "tests/kill/traces.h"

namespace jackfield::kill_test {
namespace {

constexpr int64_t kWatchdogMs = 30'000;

class Load {
 public:
  Load(std::string scheme, uint64_t seed, int64_t connect_us)
      : scheme_(std::move(scheme)), random_(seed) {
    work_.calls = 2;
    work_.notes = 30;
    work_.rounds = 1'000'000;
    work_.connect_us = connect_us;
  }

  // Returns the rule that was broken, or "".
  std::string KillOne() {
    if (server_ == nullptr && !StartServer()) return "the server does not serve";
    Clear(ledger_);
    Child client([&] { return RunClient(address_, work_, Marks::kNone, ledger_); });
    // Mostly in the midst of things, sometimes within the hello.
    usleep(static_cast<useconds_t>(random_() % (random_() % 4 == 0 ? 1500 : 12'000)));
    const bool of_server = ++kills_ % 3 == 0;
    if (of_server) {
      server_.reset();
      const int code = client.Wait(kWatchdogMs);
      if (code != 0) return "the client did not end by itself: " + std::to_string(code);
      // Its death is noticed by its pidfd; its io_uring gives the sockets back a little later.
      const std::string name = address_.substr(address_.find(':') + 1);
      if (!Becomes([&] { return SocketsNamed(name) == 0; })) return "a socket is left";
    } else {
      client.Kill();
      if (const std::string answer = AskAsNewClient(address_, 1); !answer.empty()) {
        return "a new client: " + answer;
      }
    }
    notes_ += ledger_.server.notes;
    calls_ += ledger_.server.calls;
    return Fault(ledger_);
  }
  uint64_t notes() const { return notes_; }
  uint64_t calls() const { return calls_; }

 private:
  bool StartServer() {
    // A new name: the old one's last client may still look for it.
    address_ = scheme_ + (scheme_ == "unix" ? ":@" : ":") + "jackfield-load-" +
               std::to_string(getpid()) + "-" + std::to_string(++servers_);
    int ready[2];
    if (pipe2(ready, O_CLOEXEC) != 0) return false;
    server_ = std::make_unique<Child>(
        [&] { return RunServer(address_, ready[1], Marks::kNone, ledger_); });
    pollfd serving = {ready[0], POLLIN, 0};
    const bool serves = poll(&serving, 1, static_cast<int>(kWatchdogMs)) == 1;
    close(ready[0]);
    close(ready[1]);
    return serves;
  }

  const std::string scheme_;
  std::mt19937_64 random_;
  Work work_;
  Ledger& ledger_ = NewLedger();
  std::string address_;
  std::unique_ptr<Child> server_;
  uint64_t kills_ = 0, servers_ = 0, notes_ = 0, calls_ = 0;
};

int Main(int argc, char** argv) {
#ifdef __SANITIZE_THREAD__
  std::printf("random: not with ThreadSanitizer, whose runtime does not bear it\n");
  return 0;
#endif
  std::string scheme = "shm";
  uint64_t kills = 300, seed = 1;
  int64_t connect_us = 400'000;
  for (int i = 1; i < argc; ++i) {
    const std::string_view argument = argv[i];
    const size_t equals = argument.find('=');
    const std::string_view key = argument.substr(0, equals);
    const std::string value(equals == argument.npos ? "" : argument.substr(equals + 1));
    if (key == "--scheme") {
      scheme = value;
    } else if (key == "--kills") {
      kills = std::strtoull(value.c_str(), nullptr, 10);
    } else if (key == "--seed") {
      seed = std::strtoull(value.c_str(), nullptr, 10);
    } else if (key == "--connect-ms") {
      connect_us = std::strtoll(value.c_str(), nullptr, 10) * 1000;
    } else {
      std::fprintf(stderr, "random: %s is not a flag of it; see the head of random.cc\n", argv[i]);
      return 2;
    }
  }
  Load load(scheme, seed, connect_us);
  uint64_t broken = 0;
  for (uint64_t kill = 1; kill <= kills && broken < 10; ++kill) {
    const std::string fault = load.KillOne();
    if (fault.empty()) continue;
    ++broken;
    std::printf("kill %" PRIu64 ": %s\n", kill, fault.c_str());
    std::fflush(stdout);
  }
  std::printf("%" PRIu64 " kills, %" PRIu64 " calls and %" PRIu64
              " notes handled meanwhile, %" PRIu64 " rules broken\n",
              kills, load.calls(), load.notes(), broken);
  return broken == 0 ? 0 : 1;
}

}  // namespace
}  // namespace jackfield::kill_test

int main(int argc, char** argv) { return jackfield::kill_test::Main(argc, argv); }
