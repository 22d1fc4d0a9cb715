// Each check both ways: a machine that is well has no findings but "ok"; each thing that is wrong
// with it is found, by its name, and says what helps.
#include "tools/doctor/checks.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <optional>
#include <tuple>
#include <utility>

#include "gtest/gtest.h"
#include "tools/runs/run_record.h"
#include "transports/builtin.h"

namespace jackfield::doctor {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kLimits =
    "Limit                     Soft Limit           Hard Limit           Units     \n"
    "Max processes             96364                96364                processes \n"
    "Max open files            1024                 1048576              files     \n"
    "Max locked memory         8388608              8388608              bytes     \n"
    "Max pending signals       96364                96364                signals   \n"
    "Max msgqueue size         819200               819200               bytes     \n";

// A /proc, a /sys and a /dev of its own, all well.
class ChecksTest : public ::testing::Test {
 protected:
  ChecksTest() {
    char name[] = "/tmp/doctor-XXXXXX";
    root_ = mkdtemp(name);
    machine_.root = root_;
    machine_.runtime_directory = root_ + "/run/jackfield";
    machine_.io_uring = [] { return absl::OkStatus(); };
    machine_.space = [](const std::string&) { return std::optional(Space{64 << 20, 60 << 20}); };
    Write("/proc/self/stat", "1 (doctor) R");
    Write("/proc/net/unix", "Num RefCount");
    Write("/proc/self/limits", kLimits);
    Write("/proc/self/cgroup", "0::/app/one\n");
    Write("/sys/fs/cgroup/app/one/pids.max", "max\n");
    Write("/sys/fs/cgroup/app/one/pids.current", "3\n");
    Write("/sys/fs/cgroup/app/one/memory.max", "max\n");
    for (const auto& [setting, value] : {std::pair{"fs/inotify/max_user_instances", "128"},
                                         {"fs/inotify/max_user_watches", "65536"},
                                         {"fs/mqueue/msg_max", "10"},
                                         {"fs/mqueue/msgsize_max", "8192"},
                                         {"fs/mqueue/queues_max", "256"},
                                         {"kernel/msgmax", "8192"},
                                         {"kernel/msgmnb", "16384"},
                                         {"kernel/msgmni", "32000"},
                                         {"net/unix/max_dgram_qlen", "512"},
                                         {"net/core/rmem_max", "212992"},
                                         {"net/core/wmem_max", "212992"}})
      Write(std::string("/proc/sys/") + setting, std::string(value) + "\n");
    fs::create_directories(root_ + "/run");
    fs::create_directories(root_ + "/state");
    setenv("XDG_STATE_HOME", (root_ + "/state").c_str(), 1);
  }
  ~ChecksTest() override { fs::remove_all(root_); }

  void Write(const std::string& path, std::string_view text) const {
    fs::create_directories(fs::path(root_ + path).parent_path());
    std::ofstream(root_ + path) << text;
  }
  // With another value in the line of that limit.
  void WriteLimit(const std::string& name, const std::string& soft, const std::string& hard) {
    std::string text(kLimits);
    const size_t at = text.find("\n" + name) + 1;
    text.replace(at, text.find('\n', at) - at, name + "   " + soft + "   " + hard + "   units");
    Write("/proc/self/limits", text);
  }
  // The one finding that is not ok; all others are.
  Finding TheBadOne() const {
    Finding bad;
    for (const Check check : AllChecks()) {
      const Finding finding = check(machine_);
      if (finding.mark == Mark::kOk) {
        EXPECT_EQ(finding.help, "") << finding.what;
        continue;
      }
      EXPECT_EQ(bad.what, "") << "and " << finding.what << ": " << finding.value;
      bad = finding;
    }
    return bad;
  }

  std::string root_;
  Machine machine_;
};

TEST_F(ChecksTest, AMachineThatIsWellIsOkThroughout) {
  for (const Check check : AllChecks()) {
    const Finding finding = check(machine_);
    EXPECT_EQ(finding.mark, Mark::kOk) << finding.what << ": " << finding.value;
    EXPECT_NE(finding.what, "");
    EXPECT_NE(finding.value, "") << finding.what;
    EXPECT_EQ(finding.help, "") << finding.what;
  }
}

TEST_F(ChecksTest, TheStateDirectorySaysWhatItHolds) {
  EXPECT_EQ(CheckStateDirectory(machine_).value,
            root_ + "/state/jackfield, made when it is first needed");
  {
    RunRecord record("shop", "", {"kv"});
    ASSERT_TRUE(record.status().ok()) << record.status();
    std::ofstream(record.directory() + "/kv.1.log") << std::string(100'000, 'x');
    const Finding up = CheckStateDirectory(machine_);
    EXPECT_EQ(up.mark, Mark::kOk);
    EXPECT_NE(up.value.find("/state/jackfield, 1 run, 1 up, 0 without an end, 1"),
              std::string::npos)
        << up.value;
  }
  EXPECT_NE(CheckStateDirectory(machine_).value.find("1 run, 0 up, 1 without an end, "),
            std::string::npos)
      << "as one whose supervisor was killed";
}

TEST_F(ChecksTest, AStateDirectoryThatKeepsNothingIsToldWithWhatHelps) {
  const std::string path = root_ + "/state/jackfield";
  fs::create_directories(path);
  chmod(path.c_str(), 0755);
  const Finding open = CheckStateDirectory(machine_);
  EXPECT_EQ(open.mark, Mark::kWarn);
  EXPECT_NE(open.value.find("no logs of wirings are kept"), std::string::npos) << open.value;
  EXPECT_EQ(open.help, "chmod 700 " + path);
  chmod(path.c_str(), 0700);
  EXPECT_EQ(CheckStateDirectory(machine_).value, path + ", no runs");
  machine_.space = [](const std::string&) { return std::optional(Space{64 << 20, 1 << 20}); };
  const Finding full = CheckStateDirectory(machine_);
  EXPECT_EQ(full.mark, Mark::kWarn);
  EXPECT_NE(full.value.find("has 1 MiB free, less than the logs of one service (32 MiB)"),
            std::string::npos)
      << full.value;
  EXPECT_EQ(full.help.find("jackfield clean --logs"), 0u) << full.help;
}

TEST_F(ChecksTest, ASettingThatIsTooSmallIsNamedWithTheCommandThatHelps) {
  for (const auto& [setting, least, less] :
       {std::tuple{"fs.inotify.max_user_instances", "16", "15"},
        {"fs.inotify.max_user_watches", "64", "63"},
        {"fs.mqueue.msg_max", "10", "9"},
        {"fs.mqueue.msgsize_max", "8192", "8191"},
        {"fs.mqueue.queues_max", "16", "0"},
        {"kernel.msgmax", "8192", "8191"},
        {"kernel.msgmnb", "16384", "16383"},
        {"kernel.msgmni", "16", "15"},
        {"net.unix.max_dgram_qlen", "10", "9"},
        {"net.core.rmem_max", "212992", "4096"},
        {"net.core.wmem_max", "212992", "4096"}}) {
    std::string path = std::string("/proc/sys/") + setting;
    std::replace(path.begin(), path.end(), '.', '/');
    std::string before = machine_.Read(path).value_or("");
    Write(path, std::string(less) + "\n");
    const Finding bad = TheBadOne();
    EXPECT_EQ(bad.mark, Mark::kWarn) << setting;
    EXPECT_EQ(bad.what, setting);
    EXPECT_EQ(bad.help, std::string("sysctl -w ") + setting + "=" + least);
    Write(path, std::string(least) + "\n");
    EXPECT_EQ(TheBadOne().what, "") << setting << " is as large as it must be";
    Write(path, before);
  }
}

TEST_F(ChecksTest, ASettingThatIsNotThereSaysWhatThatMeans) {
  for (const auto& [setting, means] :
       {std::pair{"fs/mqueue/msg_max", "the kernel has no POSIX queues: mq: does not work"},
        {"kernel/msgmni", "the kernel has no System V queues: sysv: does not work"},
        {"fs/inotify/max_user_watches", "the kernel has no inotify"}}) {
    const std::string path = std::string("/proc/sys/") + setting;
    const std::string before = machine_.Read(path).value_or("");
    fs::remove(root_ + path);
    const Finding bad = TheBadOne();
    EXPECT_EQ(bad.mark, Mark::kWarn) << setting;
    EXPECT_EQ(bad.value.rfind(means, 0), 0u) << bad.value;
    Write(path, "x\n");
    EXPECT_EQ(TheBadOne().mark, Mark::kWarn) << "no number, so not told";
    Write(path, before);
  }
  // A network namespace of its own has none of these, and that is well.
  for (const char* setting : {"rmem_max", "wmem_max"})
    fs::remove(root_ + "/proc/sys/net/core/" + setting);
  EXPECT_EQ(TheBadOne().what, "");
}

TEST_F(ChecksTest, WithoutIoUringItSaysWhyAndWhatHelps) {
  machine_.io_uring = [] { return absl::UnavailableError("io_uring_setup: not permitted"); };
  Finding bad = TheBadOne();
  EXPECT_EQ(bad.mark, Mark::kWarn) << "epoll does";
  EXPECT_EQ(bad.what, "io_uring");
  EXPECT_NE(bad.value.find("epoll, a little slower: io_uring_setup: not permitted"),
            std::string::npos)
      << bad.value;
  EXPECT_NE(bad.help.find("seccomp"), std::string::npos) << bad.help;
  for (const auto& [disabled, group] : {std::pair{"1", true}, {"2", false}}) {
    Write("/proc/sys/kernel/io_uring_disabled", disabled);
    bad = TheBadOne();
    EXPECT_EQ(bad.help.rfind("sysctl -w kernel.io_uring_disabled=0", 0), 0u) << bad.help;
    EXPECT_EQ(bad.help.find("io_uring_group") != std::string::npos, group) << bad.help;
  }
  machine_.io_uring = [] { return absl::FailedPreconditionError("JACKFIELD_REACTOR=epoll"); };
  EXPECT_EQ(TheBadOne().help, "unset JACKFIELD_REACTOR");
}

TEST_F(ChecksTest, WithoutProcTheBusDoesNotWork) {
  for (const char* path : {"/proc/net/unix", "/proc/self/stat"}) {
    const std::string before = machine_.Read(path).value_or("");
    fs::remove(root_ + path);
    const Finding bad = TheBadOne();
    EXPECT_EQ(bad.mark, Mark::kFail);
    EXPECT_EQ(bad.what, "/proc");
    EXPECT_NE(bad.value.find(path), std::string::npos) << bad.value;
    Write(path, before);
  }
}

TEST_F(ChecksTest, TheRuntimeDirectoryIsPrivateOrCanBeMade) {
  EXPECT_NE(CheckRuntimeDirectory(machine_).value.find("made when it is first needed"),
            std::string::npos);
  EXPECT_FALSE(fs::exists(machine_.runtime_directory)) << "it only looks";
  fs::create_directory(machine_.runtime_directory);
  ASSERT_EQ(chmod(machine_.runtime_directory.c_str(), 0700), 0);
  EXPECT_NE(CheckRuntimeDirectory(machine_).value.find(", private"), std::string::npos);
  EXPECT_EQ(TheBadOne().what, "");

  ASSERT_EQ(chmod(machine_.runtime_directory.c_str(), 0755), 0);
  Finding bad = TheBadOne();
  EXPECT_EQ(bad.mark, Mark::kFail);
  EXPECT_EQ(bad.what, "runtime directory");
  EXPECT_EQ(bad.help, "chmod 700 " + machine_.runtime_directory);

  fs::remove(machine_.runtime_directory);
  fs::create_symlink("/tmp", machine_.runtime_directory);
  EXPECT_EQ(TheBadOne().mark, Mark::kFail) << "a symlink is not followed";

  machine_.runtime_directory = root_ + "/gone/jackfield";
  bad = TheBadOne();
  EXPECT_EQ(bad.mark, Mark::kFail);
  EXPECT_NE(bad.value.find(root_ + "/gone/ is not there"), std::string::npos) << bad.value;
  EXPECT_EQ(bad.help.rfind("mkdir -p -m 700 " + root_ + "/gone/", 0), 0u) << bad.help;
}

TEST_F(ChecksTest, ALimitOfTheProcessThatIsTooLowIsNamedWithItsUlimit) {
  struct Case {
    const char *name, *what, *soft, *hard;
    Mark mark;
    const char* help;  // begins so
    bool root;         // only root can raise it
  };
  for (const Case& low : {Case{"Max open files", "RLIMIT_NOFILE", "1023", "4096", Mark::kWarn,
                               "ulimit -n 1024", false},
                          Case{"Max open files", "RLIMIT_NOFILE", "64", "64", Mark::kWarn,
                               "ulimit -n 1024, once", true},
                          Case{"Max open files", "RLIMIT_NOFILE", "63", "unlimited", Mark::kFail,
                               "ulimit -n 1024", false},
                          Case{"Max locked memory", "RLIMIT_MEMLOCK", "65536", "65536", Mark::kWarn,
                               "ulimit -l 8192, once", true},
                          Case{"Max pending signals", "RLIMIT_SIGPENDING", "63", "63", Mark::kWarn,
                               "ulimit -i 64, once", true},
                          Case{"Max processes", "RLIMIT_NPROC", "63", "unlimited", Mark::kWarn,
                               "ulimit -u 64", false},
                          Case{"Max msgqueue size", "RLIMIT_MSGQUEUE", "90000", "90000",
                               Mark::kWarn, "ulimit -q ", false}}) {
    WriteLimit(low.name, low.soft, low.hard);
    const Finding bad = TheBadOne();
    EXPECT_EQ(bad.mark, low.mark) << low.what;
    EXPECT_EQ(bad.what, low.what);
    EXPECT_EQ(bad.help.rfind(low.help, 0), 0u) << bad.help;
    EXPECT_EQ(bad.help.find("once root") != std::string::npos, low.root) << bad.help;
    WriteLimit(low.name, "unlimited", "unlimited");
    EXPECT_EQ(TheBadOne().what, "") << low.what << ", unlimited";
  }
}

TEST_F(ChecksTest, TheControlGroupWithTheLeastRoomCounts) {
  Write("/sys/fs/cgroup/app/pids.max", "100\n");
  Write("/sys/fs/cgroup/app/pids.current", "36\n");
  EXPECT_EQ(TheBadOne().what, "") << "64 more";
  EXPECT_EQ(CheckTasksOfGroups(machine_).value, "36 of 100");
  for (const auto& [now, mark] : {std::pair{"37", Mark::kWarn},
                                  {"92", Mark::kWarn},
                                  {"93", Mark::kFail},
                                  {"101", Mark::kFail}}) {
    Write("/sys/fs/cgroup/app/pids.current", now);
    const Finding bad = TheBadOne();
    EXPECT_EQ(bad.mark, mark) << now;
    EXPECT_EQ(bad.what, "pids of the control group");
    EXPECT_NE(bad.help, "");
  }
  // Version 1 mounts a controller of its own.
  Write("/proc/self/cgroup", "8:pids:/one\n");
  EXPECT_EQ(TheBadOne().what, "");
  Write("/sys/fs/cgroup/pids/one/pids.max", "10\n");
  Write("/sys/fs/cgroup/pids/one/pids.current", "9\n");
  EXPECT_EQ(TheBadOne().mark, Mark::kFail);
}

TEST_F(ChecksTest, LittleMemoryIsToldAsWhatIsLeftForMessages) {
  for (const auto& [bytes, mark] : {std::pair{"536870912", Mark::kOk},
                                    {"268435456", Mark::kWarn},
                                    {"16777216", Mark::kWarn},
                                    {"16777215", Mark::kFail}}) {
    Write("/sys/fs/cgroup/app/memory.max", bytes);
    const Finding found = CheckMemory(machine_);
    EXPECT_EQ(found.mark, mark) << bytes;
    EXPECT_EQ(found.help.empty(), mark == Mark::kOk) << found.help;
    EXPECT_EQ(TheBadOne().what, mark == Mark::kOk ? "" : found.what);
  }
  // Version 1 has no "max", but a very large number.
  Write("/proc/self/cgroup", "4:memory:/one\n");
  Write("/sys/fs/cgroup/memory/one/memory.limit_in_bytes", "9223372036854771712\n");
  EXPECT_EQ(CheckMemory(machine_).value, "not limited");
}

TEST_F(ChecksTest, SharedMemoryFilesHaveAPlaceWithRoom) {
  EXPECT_EQ(CheckSharedMemoryFiles(machine_).value, "64 MiB, 60 MiB of it free");
  machine_.space = [](const std::string&) { return std::optional(Space{64 << 20, 4096}); };
  EXPECT_EQ(TheBadOne().what, "/dev/shm");
  machine_.space = [](const std::string&) { return std::optional<Space>(); };
  EXPECT_NE(TheBadOne().value.find("is not there"), std::string::npos);
  machine_.space = SpaceOf;
  EXPECT_EQ(TheBadOne().what, "/dev/shm") << "in this root there is none";
  fs::create_directories(root_ + "/dev/shm");
  EXPECT_GT(SpaceOf(root_ + "/dev/shm").value_or(Space{}).bytes, 0u);
}

TEST(TransportsTest, EachThatAsksForSomethingIsHeard) {
  Registry registry;
  AddBuiltinTransports(registry);
  const MachineChecks checks = {
      {"tcp", [](const Address&, Role) { return absl::OkStatus(); }},
      {"udp", [](const Address&, Role) { return absl::UnavailableError("udp: no\nudp here"); }}};
  const std::vector<Finding> findings = CheckTransports(registry, checks);
  ASSERT_EQ(findings.size(), 2u);
  EXPECT_EQ(findings[0].what, "tcp:");
  EXPECT_EQ(findings[0].mark, Mark::kOk);
  EXPECT_EQ(findings[1].what, "udp:");
  EXPECT_EQ(findings[1].mark, Mark::kWarn) << "the bus works over the others";
  EXPECT_EQ(findings[1].value, "no\\x0audp here");
  EXPECT_EQ(CheckTransports(registry, BuiltinMachineChecks()).size(),
            BuiltinMachineChecks().size());
}

class SomeResources final : public Resources {
 public:
  explicit SomeResources(std::vector<Resource> all, bool& removed)
      : all_(std::move(all)), removed_(removed) {}
  std::string_view scheme() const override { return "some"; }
  std::vector<Resource> List() const override { return all_; }
  absl::Status Remove(const Resource&) const override {
    removed_ = true;
    return absl::OkStatus();
  }

 private:
  std::vector<Resource> all_;
  bool& removed_;
};

TEST(LeftoversTest, OnlyWhatTheDeadLeftIsToldAndNothingIsRemoved) {
  bool removed = false;
  const auto check = [&removed](std::vector<Resource> all) {
    ResourcesList list;
    list.push_back(std::make_unique<SomeResources>(std::move(all), removed));
    return CheckLeftovers(list);
  };
  const Resource lives{.what = "FIFO", .place = "/run/a", .owner = Resource::Owner::kLives};
  const Resource dead{.what = "FIFO", .place = "/run/b", .owner = Resource::Owner::kDead};
  const Resource kept{
      .what = "log file", .place = "/run/c", .owner = Resource::Owner::kDead, .keeps = true};
  EXPECT_EQ(check({lives, kept}).mark, Mark::kOk);
  EXPECT_EQ(check({lives, kept}).value, "none");
  const Finding found = check({lives, dead, kept});
  EXPECT_EQ(found.mark, Mark::kWarn);
  EXPECT_EQ(found.value, "1: FIFO /run/b");
  EXPECT_EQ(found.help, "jackfield clean");
  EXPECT_EQ(check({dead, dead}).value, "2, the first: FIFO /run/b");
  EXPECT_FALSE(removed);
}

TEST(FindingTest, IsALineWithWhatHelpsBelowOrAnObject) {
  const Finding findings[] = {{Mark::kOk, "a", "1"}, {Mark::kFail, "a.b", "\"2\"", "sysctl"}};
  EXPECT_EQ(AsTable(findings),
            "ok    a    1\n"
            "FAIL  a.b  \"2\"\n"
            "      try: sysctl\n");
  EXPECT_EQ(AsJson(findings),
            "{\"mark\":\"ok\",\"what\":\"a\",\"value\":\"1\",\"try\":\"\"}\n"
            "{\"mark\":\"FAIL\",\"what\":\"a.b\",\"value\":\"\\\"2\\\"\",\"try\":\"sysctl\"}\n");
}

TEST(ThisMachineTest, EveryCheckHasSomethingToSayAndDisturbsNothing) {
  for (const Check check : AllChecks()) {
    const Finding finding = check(Machine());
    EXPECT_NE(finding.what, "");
    EXPECT_NE(finding.value, "") << finding.what;
  }
}

}  // namespace
}  // namespace jackfield::doctor
