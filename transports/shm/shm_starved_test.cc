// Ends that get no CPU, or too little: frozen by a cgroup, starved by others, or of a lower class
// than those who wait for them (FAULTS B4, B10, B11). None is taken for dead, who waits for one
// waits until its own deadline, and with the CPU back everything goes on.
#include <sched.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "kernel/base/outcome.h"
#include "kernel/base/text.h"
#include "transports/shm/shm_test_world.h"

namespace jackfield {
namespace {

std::string UniqueAddress() {
  static int count = 0;
  return Text("shm:starved-", getpid(), "-", ++count);
}

void ServeForEver(const std::string& address) {
  ShmWorld world(address);
  world.node().Run().IgnoreError();
}

std::vector<std::unique_ptr<Child>> MakeBurners(long count) {
  std::vector<std::unique_ptr<Child>> burners;
  for (long i = 0; i < count; ++i) {
    burners.push_back(std::make_unique<Child>([] {
      for (std::atomic<uint64_t> rounds = 0;; ++rounds) {
      }
    }));
  }
  return burners;
}

// A control group of its own, version 2 or 1, whose processes can be frozen. It goes with this; its
// processes must have ended.
class FreezableGroup {
 public:
  FreezableGroup() {
    std::ifstream groups("/proc/self/cgroup");
    for (std::string line; std::getline(groups, line);) {
      const size_t first = line.find(':');
      const size_t second = line.find(':', first + 1);
      if (second == std::string::npos) continue;
      const std::string controller = line.substr(first + 1, second - first - 1);
      const std::string group = line.substr(second + 1);
      if (controller == "freezer") {
        Make("/sys/fs/cgroup/freezer" + group, "freezer.state");
      } else if (controller.empty()) {
        Make("/sys/fs/cgroup" + group, "cgroup.freeze");
        Make("/sys/fs/cgroup/unified" + group, "cgroup.freeze");
      }
    }
  }
  ~FreezableGroup() {
    if (made()) rmdir(folder_.c_str());
  }
  bool made() const { return !folder_.empty(); }

  bool Take(pid_t pid) const { return WriteTo("cgroup.procs", Text(pid)); }
  // Returns when all its processes are.
  [[nodiscard]] bool Freeze() const {
    if (!WriteTo(switch_, version_1() ? "FROZEN" : "1")) return false;
    const auto [file, word] =
        version_1() ? std::pair("freezer.state", "FROZEN") : std::pair("cgroup.events", "frozen 1");
    for (int i = 0; i < 10'000; ++i) {  // a watchdog
      std::ifstream lines(folder_ + "/" + file);
      for (std::string line; std::getline(lines, line);) {
        if (line == word) return true;
      }
      usleep(1000);
    }
    return false;
  }
  [[nodiscard]] bool Thaw() const { return WriteTo(switch_, version_1() ? "THAWED" : "0"); }

 private:
  void Make(const std::string& parent, const std::string& with_switch) {
    if (made()) return;
    const std::string folder = Text(parent, "/jackfield-frozen-", getpid());
    if (mkdir(folder.c_str(), 0755) != 0) return;
    if (access(Text(folder, "/", with_switch).c_str(), W_OK) != 0) {
      rmdir(folder.c_str());
      return;
    }
    folder_ = folder;
    switch_ = with_switch;
  }
  bool version_1() const { return switch_ == "freezer.state"; }
  bool WriteTo(const std::string& file, const std::string& text) const {
    std::ofstream out(folder_ + "/" + file);
    out << text;
    return out.flush().good();
  }

  std::string folder_;
  std::string switch_;
};

TEST(ShmStarvedTest, AFrozenServerPushesBackAndIsNotDead) {
  const FreezableGroup group;
  if (!group.made()) {
    GTEST_SKIP()
        << "no control group can be made here: that takes root, or a group that was handed "
           "to this user, and a /sys/fs/cgroup that may be written";
  }
  const std::string address = UniqueAddress();
  Child child([&] { ServeForEver(address); });
  ASSERT_TRUE(group.Take(child.pid()));
  const std::unique_ptr<Node> node = ShmNode();
  ChannelOptions patient;
  patient.timeout = 10min;
  const auto channel = Channel::Open(*node, address + "?on_full=fail&size=64KiB", patient).value();
  ASSERT_TRUE(channel->WaitOpen().ok());
  EXPECT_EQ(Echoed(*channel, "first"), "first");
  // Until it is thawed nothing may end this test: on version 1 a frozen child cannot be killed.
  EXPECT_TRUE(group.Freeze());
  CallOptions options;
  options.timeout = 50ms;
  const absl::Status late = channel->Call(kEcho, Bytes("second"), options).Wait().status();
  EXPECT_EQ(late.code(), absl::StatusCode::kDeadlineExceeded) << late;
  absl::Status sent;
  uint64_t notes = 0;
  for (; sent.ok() && notes < 1'000'000; ++notes) sent = channel->Send(kNote, Bytes("n")).Wait();
  EXPECT_EQ(OutcomeOf(sent), Outcome::kRefused) << sent << " after " << notes;
  EXPECT_EQ(ReasonOf(sent), Reason::kBackPressure) << sent;
  EXPECT_TRUE(channel->ended_why().ok()) << channel->ended_why();
  EXPECT_TRUE(group.Thaw());
  // Behind what the server has yet to do.
  for (std::string echoed; echoed != "third";) {
    const absl::StatusOr<Message> reply = channel->Call(kEcho, Bytes("third")).Wait();
    if (reply.ok()) {
      echoed = reply->text();
    } else {
      ASSERT_EQ(ReasonOf(reply.status()), Reason::kBackPressure) << reply.status();
      node->Turn(node->clock().NowNs() + 1'000'000);
    }
  }
  child.Kill();
}

TEST(ShmStarvedTest, EndsThatAreStarvedOfTheCpuAreNotDead) {
  constexpr int kCalls = 200;
  ShmWorld world;
  const std::string address = world.address();
  const auto burners = MakeBurners(6 * sysconf(_SC_NPROCESSORS_ONLN));
  // What a child finds wrong, it says here.
  Child client([&] {
    const std::unique_ptr<Node> node = ShmNode();
    const auto channel = Channel::Open(*node, address).value();
    CallOptions options;
    options.timeout = 10min;
    for (int i = 0; i < kCalls; ++i) {
      const absl::StatusOr<Message> reply = channel->Call(kEcho, Bytes("x"), options).Wait();
      const std::string note = reply.ok() ? "answered" : std::string(reply.status().message());
      channel->Send(kNote, Bytes(note)).Wait().IgnoreError();
    }
    channel->Close(10min);
  });
  ASSERT_TRUE(world.Drive([&] { return world.notes().size() == kCalls; })) << world.notes().size();
  for (const std::string& note : world.notes()) EXPECT_EQ(note, "answered");
}

// The class of this process, and where it runs, as they were when this goes.
class Scheduling {
 public:
  Scheduling() { sched_getaffinity(0, sizeof cpus_, &cpus_); }
  ~Scheduling() {
    const sched_param none = {};
    sched_setscheduler(0, SCHED_OTHER, &none);
    sched_setaffinity(0, sizeof cpus_, &cpus_);
  }
  // Of those it has. What is forked from now on has it too.
  bool UseOneCpu() const {
    cpu_set_t one;
    CPU_ZERO(&one);
    for (size_t cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
      if (!CPU_ISSET(cpu, &cpus_)) continue;
      CPU_SET(cpu, &one);
      return sched_setaffinity(0, sizeof one, &one) == 0;
    }
    return false;
  }

 private:
  cpu_set_t cpus_;
};

// On one CPU, which the server gets only when nobody else wants it.
void CallAnIdleServer(int policy, std::string_view query) {
  const Scheduling before;
  ASSERT_TRUE(before.UseOneCpu());
  const std::string address = UniqueAddress();
  const Child server([&] { ServeForEver(address); });
  const std::unique_ptr<Node> node = ShmNode();
  ChannelOptions patient;
  patient.timeout = 10min;
  const auto channel = Channel::Open(*node, Text(address, query), patient).value();
  ASSERT_EQ(Echoed(*channel, "first"), "first");
  const sched_param none = {};
  ASSERT_EQ(sched_setscheduler(server.pid(), SCHED_IDLE, &none), 0);
  {
    const auto burners = MakeBurners(1);
    const sched_param priority = {.sched_priority = policy == SCHED_FIFO ? 1 : 0};
    if (sched_setscheduler(0, policy, &priority) != 0)
      GTEST_SKIP() << "no real-time class for this process: " << std::strerror(errno);
    for (int i = 0; i < 5; ++i) {
      CallOptions options;
      options.timeout = 50ms;
      const absl::Status status = channel->Call(kEcho, Bytes("second"), options).Wait().status();
      EXPECT_TRUE(status.ok() || status.code() == absl::StatusCode::kDeadlineExceeded) << status;
    }
    EXPECT_TRUE(channel->ended_why().ok()) << channel->ended_why();
    ASSERT_EQ(sched_setscheduler(0, SCHED_OTHER, &none), 0);
  }
  EXPECT_EQ(Echoed(*channel, "third"), "third");
}

TEST(ShmStarvedTest, ACallToAServerOfTheIdleClassIsBoundedByItsDeadline) {
  CallAnIdleServer(SCHED_OTHER, "");
}

TEST(ShmStarvedTest, ARealTimeCallToAServerOfTheIdleClassIsBoundedByItsDeadline) {
  CallAnIdleServer(SCHED_FIFO, "");
}

TEST(ShmStarvedTest, ARealTimeCallThatSpinsOnTheServersCpuIsBoundedByItsDeadline) {
  CallAnIdleServer(SCHED_FIFO, "?spin=always");
}

}  // namespace
}  // namespace jackfield
