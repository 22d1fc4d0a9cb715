#include "tests/kill/sweep.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <memory>
#include <random>
#include <span>
#include <utility>

#include "kernel/base/text.h"
#include "tests/kill/answers.h"
#include "tests/kill/ledger.h"
#include "tests/kill/path.h"
#include "tests/kill/roles.h"
#include "tests/kill/tracee.h"
#include "tests/kill/traces.h"

namespace jackfield::kill_test {
namespace {

// A client whose server dies in the middle of the hello tries on for so long, and for as long again
// with each try to come to the kill point: until it is connected, it may have to wait for a CPU.
constexpr int64_t kConnectUs = 150'000;
// Who is stepped, or whose server is, is thousands of times as slow.
constexpr int64_t kSteppedConnectUs = 20'000'000;
constexpr int kTriesMax = 5;
constexpr size_t kPathsToLearn = 3;
// After so many runs the sweep's own heap, with which its ends begin, is as it is after all others.
constexpr int kRunsToSettle = 3;

class Sweeper {
 public:
  explicit Sweeper(const SweepOptions& options)
      : options_(options), ledger_(NewLedger()), files_before_(FilesOfSharedMemory("jackfield")) {}

  // Runs differ a little; the one of middle length of several is like most of the others.
  Path Learn() {
    if (!Settle()) return {};
    std::array<Path, kPathsToLearn> paths;
    const size_t count = options_.every == 0 ? 1 : kPathsToLearn;
    for (Path& path : std::span(paths).first(count)) path = LearnOne();
    std::sort(paths.begin(), paths.begin() + count,
              [](const Path& a, const Path& b) { return a.instructions() < b.instructions(); });
    return std::move(paths[count / 2]);
  }

  SweepReport Along(const Path& path) {
    path_ = path;
    if (!Settle()) return report_;
    report_.counts.instructions = path_.instructions();
    const auto began = std::chrono::steady_clock::now();
    const auto seconds = [&] {
      return std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
    };
    std::mt19937_64 random(options_.seed);
    for (uint64_t i = 0; seconds() < options_.seconds_max; ++i) {
      if (options_.every == 0 && i >= options_.points) break;
      const uint64_t after = options_.every == 0 ? random() % (report_.counts.instructions + 1)
                                                 : options_.first + i * options_.every;
      if (after > report_.counts.instructions) {
        report_.counts.whole = true;
        break;
      }
      if (options_.skip_alike && path_.alike(after)) {
        ++report_.counts.alike;
        continue;
      }
      KillAfter(after);
      if (report_.counts.points - report_.counts.kept > 20) break;  // enough is known
    }
    report_.addresses = path_.all();
    KeepDistinct(report_.addresses);
    KeepDistinct(report_.killed_at);
    return report_;
  }

 private:
  // False: the report says why.
  bool Settle() {
    if (options_.role == Role::kClient && !StartServer()) {
      report_.first_fault = "the server does not serve";
      return false;
    }
    const Way nowhere;
    for (int i = 0; i < kRunsToSettle; ++i) Kill(&nowhere);
    report_.counts = {};
    report_.killed_at.clear();
    return true;
  }

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

  // A way that ends asleep is learnt again: the other end may just have had no CPU. So is that of a
  // client which did not connect: it was stepped too slowly for the server's patience.
  Path LearnOne() {
    Path longest;
    const int tries = options_.every == 0 ? 2 : kTriesMax;
    for (int i = 0; i < tries; ++i) {
      path_ = Path();
      Kill(nullptr);
      const bool asleep = stop_ == Tracee::Stop::kAsleep;
      const bool connected = options_.role == Role::kServer || ledger_.client.connected != 0;
      if (!asleep && connected) return FinishedPath();
      if (asleep && path_.instructions() > longest.instructions()) longest = path_;
    }
    if (longest.instructions() > 0) path_ = longest;
    return FinishedPath();
  }
  Path FinishedPath() {
    path_.Finish();
    return path_;
  }

  // It goes not quite the same way each time: numbers that the system gives it have other digits,
  // and what waits for the other end may be woken twice, or once for two things.
  void KillAfter(uint64_t after) {
    after_ = after;
    const Way way = path_.To(after);
    for (tries_ = 0; tries_ < kTriesMax; ++tries_) {
      if (Kill(&way)) return;
    }
    ++report_.counts.missed;
  }

  // way: null to learn the path, and to kill at its end. False: it was not come to the instruction
  // that stands there in the path; then this does not count, though it must keep the rules.
  bool Kill(const Way* way) {
    Clear(ledger_);
    way_ = way;
    stop_ = Tracee::Stop::kStepped;
    const std::string fault = options_.role == Role::kClient ? KillClient() : KillServer();
    const bool there =
        way == nullptr ||
        (stop_ == Tracee::Stop::kStepped &&
         (path_.instructions() == 0 || report_.killed_at.back() == path_.at(after_)));
    if (there) ++report_.counts.points;
    if (fault.empty()) {
      if (there) ++report_.counts.kept;
    } else if (report_.first_fault.empty()) {
      report_.first_fault = Text(
          "phase ", options_.phase, ", ",
          way == nullptr ? "at its end" : Text("after ", after_, " instructions"), ": ", fault);
    }
    return there;
  }

  void GoThere(Tracee& tracee) {
    stop_ = way_ == nullptr ? tracee.StepAll(path_) : tracee.Follow(*way_);
    if (way_ != nullptr && stop_ == Tracee::Stop::kStepped)
      report_.killed_at.push_back(tracee.Instruction());
    if (!Stands()) tracee.Kill();
  }
  // It was only stopped.
  bool Stands() const {
    return options_.stop && way_ != nullptr && stop_ == Tracee::Stop::kStepped;
  }

  std::string KillClient() {
    const Work work = {.connect_us = kSteppedConnectUs};
    Tracee client([&] { return RunClient(options_.address, work, Marks::kStop, ledger_); });
    client.TakeTurnsWith(server_->pid());
    for (int mark = 0; mark <= options_.phase; ++mark) {
      if (!client.RunToMark()) return "the client did not come so far";
    }
    GoThere(client);
    if (Stands()) {
      const std::string answer =
          InAnotherProcess([this] { return AskAsNewClient(options_.address, kAnyNumber); });
      if (!answer.empty()) return "a new client, while one is stopped: " + answer;
      client.Release();
      const int code = client.Wait(kWatchdogMs);
      if (code != 0) return Text("the stopped client did not go on to its end: ", code);
    }
    const auto killed = std::chrono::steady_clock::now();
    const std::string answer =
        InAnotherProcess([this] { return AskAsNewClient(options_.address, 1); });
    if (!answer.empty()) return "a new client: " + answer;
    NoteTime(killed);
    return InAnotherProcess([this] {
      const std::string held = WhatTheServerHolds();
      return held.empty() ? WhatIsLeft() : held;
    });
  }

  // More than before, of the dead one's; or "".
  std::string WhatTheServerHolds() {
    if (!Becomes([&] { return HoldingsOf(server_->pid()) == server_holds_; })) {
      const Holdings now = HoldingsOf(server_->pid());
      return Text("the server holds ", now.fds, " descriptors and ", now.memfd_mappings,
                  " mappings, ", server_holds_.fds, " and ", server_holds_.memfd_mappings,
                  " before");
    }
    if (!Becomes([&] { return SocketsNamed(options_.name) == sockets_before_; })) {
      return "a socket is left";
    }
    return "";
  }

  std::string KillServer() {
    const Pipe ready;
    Tracee server(
        [&] { return RunServer(options_.address, ready.write_fd(), Marks::kStop, ledger_); });
    if (!server.RunToMark()) return "the server does not serve";
    Work work = {.connect_us = kSteppedConnectUs};
    if (options_.phase == 0 && way_ != nullptr && !options_.stop)
      work.connect_us = kConnectUs * (1 + tries_);
    Child client([&] { return RunClient(options_.address, work, Marks::kNone, ledger_); });
    server.TakeTurnsWith(client.pid());
    for (int mark = 1; mark <= options_.phase; ++mark) {
      if (!server.RunToMark()) return "the server did not come so far";
    }
    GoThere(server);
    if (Stands()) server.Release();
    const auto killed = std::chrono::steady_clock::now();
    const int code = client.Wait(kWatchdogMs);
    NoteTime(killed);
    server.Kill();
    if (code != 0) return Text("the client did not end by itself: ", code);
    return InAnotherProcess([this] {
      const bool closed = Becomes([&] { return SocketsNamed(options_.name) == 0; });
      return closed ? WhatIsLeft() : "a socket is left";
    });
  }

  void NoteTime(std::chrono::steady_clock::time_point killed) {
    const std::chrono::duration<double, std::milli> took =
        std::chrono::steady_clock::now() - killed;
    report_.counts.slowest_ms = std::max(report_.counts.slowest_ms, took.count());
  }

  std::string WhatIsLeft() {
    if (FilesOfSharedMemory(options_.name) != 0 ||
        FilesOfSharedMemory("jackfield") > files_before_) {
      return "a file is left in /dev/shm";
    }
    if (const std::string fault = Fault(ledger_); !fault.empty()) return fault;
    return Stands() ? Missing(ledger_, Work().calls, Work().notes) : "";
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
  int tries_ = 0;
  Tracee::Stop stop_ = Tracee::Stop::kStepped;
  SweepReport report_;
};

}  // namespace

Path LearnPath(const SweepOptions& options) { return Sweeper(options).Learn(); }

SweepReport Sweep(const SweepOptions& options, const Path& path) {
  return Sweeper(options).Along(path);
}

}  // namespace jackfield::kill_test
