// What one generator has measured, in memory that it shares with who started it: plain values
// without pointers, all zero bytes at first.
//
// Each stage of the schedule is cut into kBatches, and a call belongs to that in which it was due:
// so warm-up can be left out afterwards, and drift be seen. Besides there is a slot for each
// slot_ns of the run, for those who look at it over time.
//
// Thread: written by one process. Others may look meanwhile, to show it; what they calculate with
// they read when it has ended.
#ifndef JACKFIELD_TOOLS_LOAD_SHEET_H_
#define JACKFIELD_TOOLS_LOAD_SHEET_H_

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

#include "absl/status/status.h"
#include "tools/figures/histogram.h"
#include "tools/load/schedule.h"

namespace jackfield::load {

using figures::Histogram;
using SlotHistogram = figures::LogHistogram<5, uint32_t>;  // to 3 %

inline constexpr size_t kBatches = 20;  // of a stage
inline constexpr int64_t kSlotNsLeast = 100'000'000;
inline constexpr size_t kSlotsMax = 6000;
inline constexpr size_t kStatuses = 17;  // of absl::StatusCode
inline constexpr size_t kOutcomes = 4;   // of Outcome

struct Batch {
  uint64_t due;          // in it
  uint64_t ended;        // of those that were due in it
  uint64_t errors;       // of these
  uint64_t ended_in_it;  // whenever they were due
  Histogram latency;     // from the moment a call was due to its end, however it ended
  Histogram sent;        // from the moment it was sent
  Histogram lag;         // from the moment it was due until the generator saw that
  Histogram queue;       // from there until it was sent

  void Merge(const Batch& other) {
    due += other.due;
    ended += other.ended;
    errors += other.errors;
    ended_in_it += other.ended_in_it;
    latency.Merge(other.latency);
    sent.Merge(other.sent);
    lag.Merge(other.lag);
    queue.Merge(other.queue);
  }
};

struct Slot {
  uint32_t due;           // in it
  uint32_t ended;         // in it
  uint32_t errors;        // of these
  uint32_t out, waiting;  // the most at once
  SlotHistogram latency;  // of what ended in it, from the moment it was due
  SlotHistogram lag;      // of what was due in it

  void Merge(const Slot& other) {
    due += other.due;
    ended += other.ended;
    errors += other.errors;
    out += other.out;
    waiting += other.waiting;
    latency.Merge(other.latency);
    lag.Merge(other.lag);
  }
};

struct Counts {
  uint64_t due = 0;  // that the generator has seen to be due
  uint64_t sent = 0;
  uint64_t answered = 0;                       // with a message
  std::array<uint64_t, kOutcomes> errors{};    // by Outcome; kOk: the handler's own status
  std::array<uint64_t, kStatuses> statuses{};  // the same, by absl::StatusCode
  uint64_t not_sent = 0;    // the queue was full, or the time to empty it was over
  uint64_t unanswered = 0;  // sent, and not ended when the run was
  uint64_t out_most = 0, waiting_most = 0;
  int64_t last_due_seen_ns = 0;  // since the start: when the last one that was due was seen
  char first_error[512] = {};

  uint64_t error_count() const {
    uint64_t sum = 0;
    for (const uint64_t count : errors) sum += count;
    return sum;
  }
  void Merge(const Counts& other) {
    due += other.due;
    sent += other.sent;
    answered += other.answered;
    for (size_t i = 0; i < kOutcomes; ++i) errors[i] += other.errors[i];
    for (size_t i = 0; i < kStatuses; ++i) statuses[i] += other.statuses[i];
    not_sent += other.not_sent;
    unanswered += other.unanswered;
    out_most += other.out_most;
    waiting_most += other.waiting_most;
    last_due_seen_ns = std::max(last_due_seen_ns, other.last_due_seen_ns);
    if (first_error[0] == '\0') std::copy_n(other.first_error, sizeof first_error, first_error);
  }
};

// Where on it a moment of the run belongs.
class Grid {
 public:
  explicit Grid(const Profile& profile)
      : profile_(profile),
        slot_ns_(std::max(
            kSlotNsLeast,
            (profile.length_ns() / static_cast<int64_t>(kSlotsMax) / kSlotNsLeast +
             (profile.length_ns() >= static_cast<int64_t>(kSlotsMax) * kSlotNsLeast ? 1 : 0)) *
                kSlotNsLeast)) {}

  size_t stages() const { return profile_.stages().size(); }
  size_t batches() const { return stages() * kBatches; }
  int64_t slot_ns() const { return slot_ns_; }
  // Those of the schedule, and one for all that ends after it.
  size_t slots() const {
    return static_cast<size_t>((profile_.length_ns() + slot_ns_ - 1) / slot_ns_) + 1;
  }
  size_t BatchAt(int64_t ns) const {
    int64_t begin_ns = 0;
    const size_t stage = profile_.StageAt(ns, &begin_ns);
    const double part = static_cast<double>(ns - begin_ns) /
                        static_cast<double>(profile_.stages()[stage].length_ns);
    const auto batch = static_cast<size_t>(std::max(0.0, part * static_cast<double>(kBatches)));
    return stage * kBatches + std::min(kBatches - 1, batch);
  }
  size_t SlotAt(int64_t ns) const {
    return std::min(slots() - 1, static_cast<size_t>(std::max<int64_t>(0, ns) / slot_ns_));
  }
  const Profile& profile() const { return profile_; }

 private:
  const Profile& profile_;
  const int64_t slot_ns_;
};

// A view of the memory that holds it. Ownership: the memory is somebody else's.
class Sheet {
 public:
  static size_t BytesOf(const Grid& grid) {
    return sizeof(Counts) + grid.batches() * sizeof(Batch) + grid.slots() * sizeof(Slot);
  }
  // Requires: BytesOf(grid) zero bytes, or those of another view, at a multiple of 8.
  Sheet(const Grid& grid, void* memory)
      : grid_(&grid),
        counts_(static_cast<Counts*>(memory)),
        batches_(reinterpret_cast<Batch*>(counts_ + 1)),
        slots_(reinterpret_cast<Slot*>(batches_ + grid.batches())) {}

  const Grid& grid() const { return *grid_; }
  Counts& counts() const { return *counts_; }
  Batch& batch(size_t index) const { return batches_[index]; }
  Slot& slot(size_t index) const { return slots_[index]; }
  void Merge(const Sheet& other) const {
    counts_->Merge(*other.counts_);
    for (size_t i = 0; i < grid_->batches(); ++i) batches_[i].Merge(other.batches_[i]);
    for (size_t i = 0; i < grid_->slots(); ++i) {  // memory that was never touched is not
      if (other.slots_[i].due + other.slots_[i].ended > 0) slots_[i].Merge(other.slots_[i]);
    }
  }

 private:
  const Grid* grid_;
  Counts* counts_;
  Batch* batches_;
  Slot* slots_;
};

}  // namespace jackfield::load

#endif  // JACKFIELD_TOOLS_LOAD_SHEET_H_
