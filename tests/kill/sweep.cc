#include "tests/kill/sweep.h"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <random>
#include <utility>

#include "kernel/text.h"
#include "tests/kill/ledger.h"
#include "tests/kill/path.h"
#include "tests/kill/roles.h"
#include "tests/kill/tracee.h"
#include "tests/kill/traces.h"

namespace jackfield::kill_test {
namespace {

constexpr int64_t kWatchdogMs = 30'000;
// A client whose server dies in the middle of the hello tries on for so long. (Behind it, it is
// connected; until then it may have to wait for a CPU.)
constexpr int64_t kConnectUs = 400'000;
constexpr int kTriesMax = 5;

class Pipe {
 public:
  Pipe() {
    if (pipe2(fds_, O_CLOEXEC) != 0) std::abort();
  }
  ~Pipe() {
    close(fds_[0]);
    close(fds_[1]);
  }
  Pipe(const Pipe&) = delete;
  int write_fd() const { return fds_[1]; }
  bool AwaitByte() const {
    pollfd ready = {fds_[0], POLLIN, 0};
    char byte;
    return poll(&ready, 1, static_cast<int>(kWatchdogMs)) == 1 && read(fds_[0], &byte, 1) == 1;
  }

 private:
  int fds_[2];
};

class Sweeper {
 public:
  explicit Sweeper(const SweepOptions& options)
      : options_(options), ledger_(NewLedger()), files_before_(FilesOfSharedMemory("jackfield")) {}

  SweepReport All() {
    if (options_.role == Role::kClient && !StartServer()) {
      report_.first_fault = "the server does not serve";
      return report_;
    }
    const auto began = std::chrono::steady_clock::now();
    const auto seconds = [&] {
      return std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
    };
    // The phase's instructions, and a kill at its very end.
    LearnPath();
    report_.instructions = path_.instructions();
    std::mt19937_64 random(options_.seed);
    for (uint64_t i = 0; seconds() < options_.seconds_max; ++i) {
      if (options_.every == 0 && i >= options_.points) break;
      const uint64_t after = options_.every == 0 ? random() % (report_.instructions + 1)
                                                 : options_.first + i * options_.every;
      if (after > report_.instructions) {
        report_.whole = true;
        break;
      }
      KillAfter(after);
      if (report_.points - report_.kept > 20) break;  // enough is known
    }
    return report_;
  }

 private:
  bool StartServer() {
    const Pipe ready;
    server_ = std::make_unique<Child>(
        [&] { return RunServer(options_.address, ready.write_fd(), Marks::kNone, ledger_); });
    if (!ready.AwaitByte()) return false;
    // Without a client. After each death it must be the same again.
    server_holds_ = HoldingsOf(server_->pid());
    sockets_before_ = SocketsNamed(options_.name);
    return true;
  }

  // A way that ends asleep is learnt again: the other end may just have had no CPU.
  void LearnPath() {
    for (int i = 0; i < kTriesMax; ++i) {
      Path before = std::exchange(path_, Path());
      Kill(nullptr);
      if (before.instructions() > path_.instructions()) std::swap(path_, before);
      if (stop_ != Tracee::Stop::kAsleep) break;
    }
  }

  // It goes not quite the same way each time: what waits for the other end goes round more often,
  // or falls asleep.
  void KillAfter(uint64_t after) {
    after_ = after;
    const Way way = path_.To(after);
    for (int i = 0; i < kTriesMax; ++i) {
      if (Kill(&way)) return;
    }
    ++report_.missed;
  }

  // way: null to learn the path, and to kill at its end. False: the phase ended before it was come
  // to; then this does not count.
  bool Kill(const Way* way) {
    Clear(ledger_);
    way_ = way;
    stop_ = Tracee::Stop::kStepped;
    const std::string fault = options_.role == Role::kClient ? KillClient() : KillServer();
    const bool there = way == nullptr || stop_ == Tracee::Stop::kStepped;
    if (there) ++report_.points;
    if (fault.empty()) {
      if (there) ++report_.kept;
    } else if (report_.first_fault.empty()) {
      report_.first_fault = Text(
          "phase ", options_.phase, ", ",
          way == nullptr ? "at its end" : Text("after ", after_, " instructions"), ": ", fault);
    }
    return there;
  }

  void GoThere(Tracee& tracee) {
    stop_ = way_ == nullptr ? tracee.StepAll(path_) : tracee.Follow(*way_);
    tracee.Kill();
  }

  std::string KillClient() {
    Tracee client([&] { return RunClient(options_.address, {}, Marks::kStop, ledger_); });
    for (int mark = 0; mark <= options_.phase; ++mark) {
      if (!client.RunToMark()) return "the client did not come so far";
    }
    GoThere(client);
    const auto killed = std::chrono::steady_clock::now();
    if (const std::string answer = AskAsNewClient(options_.address, 1); !answer.empty()) {
      return "a new client: " + answer;
    }
    NoteTime(killed);
    if (!Becomes([&] { return HoldingsOf(server_->pid()) == server_holds_; })) {
      const Holdings now = HoldingsOf(server_->pid());
      return Text("the server holds ", now.fds, " descriptors and ", now.memfd_mappings,
                  " mappings, ", server_holds_.fds, " and ", server_holds_.memfd_mappings,
                  " before");
    }
    if (!Becomes([&] { return SocketsNamed(options_.name) == sockets_before_; })) {
      return "a socket is left";
    }
    return WhatIsLeft();
  }

  std::string KillServer() {
    const Pipe ready;
    Tracee server(
        [&] { return RunServer(options_.address, ready.write_fd(), Marks::kStop, ledger_); });
    if (!server.RunToMark()) return "the server does not serve";
    Work work;
    if (options_.phase == 0) work.connect_us = kConnectUs;
    Child client([&] { return RunClient(options_.address, work, Marks::kNone, ledger_); });
    for (int mark = 1; mark <= options_.phase; ++mark) {
      if (!server.RunToMark()) return "the server did not come so far";
    }
    GoThere(server);
    const auto killed = std::chrono::steady_clock::now();
    const int code = client.Wait(kWatchdogMs);
    NoteTime(killed);
    if (code != 0) return Text("the client did not end by itself: ", code);
    if (!Becomes([&] { return SocketsNamed(options_.name) == 0; })) return "a socket is left";
    return WhatIsLeft();
  }

  void NoteTime(std::chrono::steady_clock::time_point killed) {
    const std::chrono::duration<double, std::milli> took =
        std::chrono::steady_clock::now() - killed;
    report_.slowest_ms = std::max(report_.slowest_ms, took.count());
  }

  std::string WhatIsLeft() {
    if (FilesOfSharedMemory(options_.name) != 0 ||
        FilesOfSharedMemory("jackfield") > files_before_) {
      return "a file is left in /dev/shm";
    }
    return Fault(ledger_);
  }

  const SweepOptions options_;
  Ledger& ledger_;
  const int files_before_;
  std::unique_ptr<Child> server_;
  Holdings server_holds_;
  int sockets_before_ = 0;
  Path path_;
  const Way* way_ = nullptr;
  uint64_t after_ = 0;
  Tracee::Stop stop_ = Tracee::Stop::kStepped;
  SweepReport report_;
};

}  // namespace

SweepReport Sweep(const SweepOptions& options) { return Sweeper(options).All(); }

}  // namespace jackfield::kill_test
