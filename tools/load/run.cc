#include "tools/load/run.h"

#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>
#include <new>
#include <string>
#include <string_view>

#include "kernel/base/clock.h"
#include "kernel/base/text.h"

namespace jackfield::load {
namespace {

constexpr int64_t kAheadNs = 20'000'000;  // of the start: all have heard of it by then

size_t Rounded(size_t bytes) { return (bytes + 4095) / 4096 * 4096; }

}  // namespace

// Written by both sides.
struct Run::Shared {
  enum State : uint32_t { kConnecting, kConnected, kFailed, kDone };
  struct Each {
    std::atomic<uint32_t> state;  // publishes `why` and `code`
    int code;
    char why[1024];
  };
  std::atomic<int64_t> start_ns;  // CLOCK_MONOTONIC; 0: not yet
  std::atomic<bool> stop;
  Each each[kProcessesMax];
};

Run::Run(const Job& job, const Arrivals& arrivals)
    : job_(job), arrivals_(arrivals), grid_(arrivals.profile()) {}

Run::~Run() {
  for (Child& child : children_) {
    if (child.pid < 0) continue;
    kill(child.pid, SIGKILL);
    while (waitpid(child.pid, nullptr, 0) < 0 && errno == EINTR) {
    }
  }
  if (memory_ != nullptr) munmap(memory_, bytes_);
}

absl::Status Run::Start() {
  const size_t sheet_bytes = Rounded(Sheet::BytesOf(grid_));
  bytes_ = Rounded(sizeof(Shared)) + (1 + job_.processes) * sheet_bytes;
  void* memory = mmap(nullptr, bytes_, PROT_READ | PROT_WRITE,
                      MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED) {
    return status_ = absl::ResourceExhaustedError(
               Text("no memory for the results of ", job_.processes, " processes (", bytes_ >> 20,
                    " MiB): ", std::strerror(errno), "  try: fewer --processes, fewer steps"));
  }
  memory_ = memory;
  shared_ = new (memory) Shared();
  char* at = static_cast<char*>(memory) + Rounded(sizeof(Shared));
  total_.emplace(grid_, at);
  for (uint32_t i = 0; i < job_.processes; ++i)
    children_.push_back({-1, at + (1 + i) * sheet_bytes});
  const pid_t parent = getpid();
  for (uint32_t i = 0; i < job_.processes; ++i) {
    const pid_t pid = fork();
    if (pid == 0) {
      prctl(PR_SET_PDEATHSIG, SIGKILL);
      if (getppid() != parent) _exit(1);
      Generate(i);
    }
    if (pid < 0) {
      return status_ =
                 absl::ResourceExhaustedError(Text("cannot start generator process ", i + 1, " of ",
                                                   job_.processes, ": ", std::strerror(errno)));
    }
    children_[i].pid = pid;
  }
  return absl::OkStatus();
}

void Run::Generate(uint32_t index) {
  Shared::Each& self = shared_->each[index];
  absl::StatusOr<std::unique_ptr<Generator>> generator =
      Generator::Open(job_, index, SheetOf(index));
  if (!generator.ok()) {
    self.code = static_cast<int>(generator.status().code());
    const std::string_view why(generator.status().message().data(),
                               generator.status().message().size());
    why.copy(self.why, sizeof self.why - 1);
    self.state.store(Shared::kFailed);
    _exit(1);
  }
  self.state.store(Shared::kConnected);
  if ((*generator)->WaitForStart(shared_->start_ns, shared_->stop))
    (*generator)->Run(arrivals_, shared_->stop);
  self.state.store(Shared::kDone);
  generator->reset();  // says goodbye to the service
  _exit(0);
}

bool Run::Look() {
  size_t left = 0, connected = 0;
  for (uint32_t i = 0; i < children_.size(); ++i) {
    Child& child = children_[i];
    if (child.pid < 0) continue;
    int wait_status = 0;
    if (waitpid(child.pid, &wait_status, WNOHANG) == child.pid) {
      child.pid = -1;
      Ended(i, wait_status);
      continue;
    }
    ++left;
    if (shared_->each[i].state.load() == Shared::kConnected) ++connected;
  }
  if (left > 0) {
    if (shared_->start_ns.load() == 0 && connected == children_.size())
      shared_->start_ns.store(SystemClock().NowNs() + kAheadNs);
    return true;
  }
  if (status_.ok()) {
    for (uint32_t i = 0; i < children_.size(); ++i) total_->Merge(SheetOf(i));
  }
  return false;
}

void Run::Ended(uint32_t index, int wait_status) {
  const Shared::Each& child = shared_->each[index];
  if (child.state.load() == Shared::kDone) return;
  if (status_.ok()) {
    if (child.state.load() == Shared::kFailed) {
      status_ = absl::Status(static_cast<absl::StatusCode>(child.code), child.why);
    } else {
      status_ = absl::AbortedError(
          WIFSIGNALED(wait_status)
              ? Text("a generator process was killed by signal ", WTERMSIG(wait_status),
                     "; what it had measured is lost")
              : Text("a generator process ended with status ", WEXITSTATUS(wait_status)));
    }
  }
  Stop();
}

void Run::Stop() { shared_->stop.store(true); }

Run::Glance Run::Now() const {
  Glance glance;
  const int64_t start_ns = shared_->start_ns.load();
  glance.at_ns = start_ns == 0 ? -1 : SystemClock().NowNs() - start_ns;
  if (glance.at_ns < 0) return glance;
  // The last slot that is over.
  const size_t at = grid_.SlotAt(glance.at_ns - grid_.slot_ns());
  auto slot = std::make_unique<Slot>();
  for (uint32_t i = 0; i < children_.size(); ++i) {
    const Sheet sheet = SheetOf(i);
    slot->Merge(sheet.slot(at));
    glance.ended += sheet.counts().answered + sheet.counts().error_count();
    glance.errors += sheet.counts().error_count();
  }
  glance.due_per_second =
      static_cast<double>(slot->due) * 1e9 / static_cast<double>(grid_.slot_ns());
  glance.lag_p99_ns = static_cast<int64_t>(slot->lag.Quantile(0.99));
  glance.p50_ns = static_cast<int64_t>(slot->latency.Quantile(0.5));
  glance.p99_ns = static_cast<int64_t>(slot->latency.Quantile(0.99));
  glance.out = slot->out;
  glance.waiting = slot->waiting;
  return glance;
}

}  // namespace jackfield::load
