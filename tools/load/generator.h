// One generator process: a node, channels to the service, and the loop that sends what is due.
//
// In each round it sends all that is due (kBurst, then it looks at answers), sleeps until shortly
// before the next is due, and spins for the rest: a thread that sleeps wakes up tens of us late.
//
// Thread: the main one of its process. Ownership: a Job's owner outlives it.
#ifndef JACKFIELD_TOOLS_LOAD_GENERATOR_H_
#define JACKFIELD_TOOLS_LOAD_GENERATOR_H_

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "kernel/base/clock.h"
#include "kernel/base/duration.h"
#include "kernel/call/channel.h"
#include "kernel/node.h"
#include "tools/load/issuer.h"
#include "tools/load/schedule.h"
#include "tools/load/sheet.h"

namespace jackfield::load {

inline constexpr uint32_t kOutOfChannelMost = 4096;  // calls that a channel carries at once
inline constexpr uint32_t kBurst = 256;              // calls, then it looks at answers
inline constexpr int64_t kSpinNs = 60'000;           // before a call is due

struct Job {
  const Registry* registry = nullptr;
  std::string address;
  uint32_t type = 0;         // of the method
  nanoseconds timeout = 0s;  // of a call, from when it is sent; > 0
  std::vector<std::string> requests;
  uint32_t processes = 1;    // each makes every processes-th call
  uint32_t connections = 1;  // of all processes; at least one each
  uint32_t out_max = 0;      // of all processes; at least one each
  uint64_t waiting_max = 0;  // of each
  int64_t drain_ns = 0;      // to send what waits when the schedule has ended
};

class Generator final : private Sender {
 public:
  // Connects. Blocks. index: 0..job.processes - 1. Errors: as Node::Create, Channel::Open and
  // WaitOpen.
  static absl::StatusOr<std::unique_ptr<Generator>> Open(const Job& job, uint32_t index,
                                                         const Sheet& sheet);
  // Turns the node until the run has begun: `start_ns` (CLOCK_MONOTONIC) is no longer 0. False:
  // it shall stop.
  bool WaitForStart(const std::atomic<int64_t>& start_ns, const std::atomic<bool>& stop);
  // From then to the last answer. Blocks.
  void Run(Arrivals arrivals, const std::atomic<bool>& stop);

 private:
  Generator(const Job& job, uint32_t index, const Sheet& sheet, std::unique_ptr<Node> node);
  absl::Status Send(uint64_t number, uint32_t place) override;
  int64_t NowNs() { return clock_.NowNs() - start_ns_; }
  void SendDue(Arrivals& arrivals);

  const Job& job_;
  const uint32_t index_;
  SystemClock clock_;
  Issuer issuer_;  // before the node, which at its end tells it of calls
  std::unique_ptr<Node> node_;
  std::vector<std::unique_ptr<Channel>> channels_;
  CallOptions terms_;
  size_t next_channel_ = 0;
  int64_t start_ns_ = 0;
};

}  // namespace jackfield::load

#endif  // JACKFIELD_TOOLS_LOAD_GENERATOR_H_
