// The two ends of a connection inside one test, which can hold back what is sent.
//
// Thread: the test's.
#ifndef JACKFIELD_KERNEL_TEST_PAIR_DRIVER_H_
#define JACKFIELD_KERNEL_TEST_PAIR_DRIVER_H_

#include <cstddef>
#include <deque>
#include <memory>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "kernel/frame.h"
#include "kernel/link.h"

namespace jackfield {

// lanes[i] is what end i reads.
struct Pair {
  struct Lane {
    std::deque<std::vector<std::byte>> frames;
    Link* reader = nullptr;
    bool closed = false;  // by the other end
  };
  Lane lanes[2];
};

class PairDriver final : public LinkDriver {
 public:
  // blocked: what is sent stays with its sender, as long as it is true. It outlives the driver.
  PairDriver(std::shared_ptr<Pair> pair, int side, const bool& blocked)
      : blocked_(blocked),
        pair_(std::move(pair)),
        in_(pair_->lanes[side]),
        out_(pair_->lanes[1 - side]) {}
  ~PairDriver() override { in_.reader = nullptr; }

  void Pump(Link& link) override {
    in_.reader = &link;
    while (!closing_ && !blocked_ && link.has_tx()) {
      const FrameRef& frame = link.NextTx();
      out_.frames.emplace_back(frame.data, frame.data + Align8(frame.bytes));
      link.PopTx(1);
      if (out_.reader != nullptr) out_.reader->Wake();
    }
    if (link.has_rx()) return;
    read_.clear();
    for (; !in_.frames.empty() && read_.size() < 64; in_.frames.pop_front())
      read_.push_back(std::move(in_.frames.front()));
    for (auto& frame : read_) link.PushRx({frame.data(), PeekFrameBytes(frame.data())});
    if (read_.empty() && in_.closed) link.Closed(absl::OkStatus());
  }
  void Close(Link& link) override {
    closing_ = out_.closed = true;
    if (out_.reader != nullptr) out_.reader->Wake();
    link.Closed(absl::OkStatus());
  }

 private:
  const bool& blocked_;
  const std::shared_ptr<Pair> pair_;
  Pair::Lane& in_;
  Pair::Lane& out_;
  bool closing_ = false;
  std::deque<std::vector<std::byte>> read_;
};

}  // namespace jackfield

#endif  // JACKFIELD_KERNEL_TEST_PAIR_DRIVER_H_
