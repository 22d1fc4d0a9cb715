// The client's side of the semaphore service: a hold as an object.
//
//   absl::StatusOr<Hold> hold = Hold::Take(*channel, "index", {.wait_ms = 2000});      blocking
//   absl::StatusOr<Hold> hold = co_await Hold::TakeTask(*channel, "index");           coroutine
//   … hold->fence() …
//   absl::Status ended = hold->GiveBack();           or leave it to the destructor
//
// It is lost when its channel or the service ends, and at hold_us: who does what must not be done
// by two asks holds() before, and hands fence() to whom it writes to, who takes the greatest only.
//
// Thread: the node's. The channel outlives it. Up to calls_max holds and calls on one channel.
#ifndef JACKFIELD_SERVICES_SEMAPHORE_HOLD_H_
#define JACKFIELD_SERVICES_SEMAPHORE_HOLD_H_

#include <cstdint>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "jackfield/channel.h"
#include "jackfield/task.h"
#include "services/semaphore/semaphore_service.h"

namespace jackfield::semaphore {

struct HoldTerms {
  uint32_t permits = 1;
  uint32_t size = 1;  // of the semaphore; 1: a mutex
  uint32_t wait_ms = UINT32_MAX;
  int64_t hold_us = 0;  // from now on, the wait included; 0: an hour
};

class Hold {
 public:
  // name: of the semaphore; read until the result is there.
  // Errors: those of SemaphoreServer::Hold and of the channel. Blocks: Take, outside handlers only.
  static absl::StatusOr<Hold> Take(Channel& channel, std::string_view name,
                                   const HoldTerms& terms = {});
  static Task<absl::StatusOr<Hold>> TakeTask(Channel& channel, std::string_view name,
                                             HoldTerms terms = {});
  Hold(Hold&&) = default;
  Hold& operator=(Hold&&) = delete;
  // Gives it back without waiting until the service has heard.
  ~Hold() = default;

  uint64_t fence() const { return fence_; }
  bool abandoned() const { return abandoned_; }  // Held.abandoned
  // As far as is known here: the channel is open, and its time is not over.
  bool holds() const { return channel_->open() && channel_->node().clock().NowNs() < until_ns_; }

  // Returns when the service has it back. Errors: it was lost before. Blocks: outside handlers
  // only.
  absl::Status GiveBack();
  Task<absl::Status> GiveBackTask();

 private:
  using Stream = BothStreams<Wish, Held>;
  Hold(Channel& channel, Stream stream, const Held& held, int64_t until_ns)
      : channel_(&channel),
        stream_(std::move(stream)),
        until_ns_(until_ns),
        fence_(held.fence()),
        abandoned_(held.abandoned()) {}
  Channel* channel_;
  Stream stream_;
  int64_t until_ns_;
  uint64_t fence_;
  bool abandoned_;
};

}  // namespace jackfield::semaphore

#endif  // JACKFIELD_SERVICES_SEMAPHORE_HOLD_H_
