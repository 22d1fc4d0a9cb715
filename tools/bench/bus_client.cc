#include <algorithm>
#include <array>
#include <cstring>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "kernel/base/outcome.h"
#include "kernel/base/text.h"
#include "tools/bench/bus.h"
#include "tools/bench/stamp.h"

namespace jackfield::bench {
namespace {

absl::Status WrongAnswer(uint64_t sequence) {
  return absl::DataLossError(
      Text("the answer to call ", sequence, " is not the payload that was sent"));
}

// One outstanding call after the other on one of many connections.
struct FaninSlot {
  class Fanin* fanin;
  uint32_t connection;
  uint64_t sequence = 0;
  int64_t issued_ns = 0;
};

class Fanin {
 public:
  Fanin(Context& context, Node& node, std::span<const std::unique_ptr<Channel>> channels)
      : context_(context),
        node_(node),
        channels_(channels),
        stamp_(context.options.size_bytes),
        payload_(stamp_.MakePayload()),
        sent_(channels.size(), 0),
        slots_(channels.size() * context.options.depth),
        window_(context) {}

  absl::Status Measure() {
    Look();
    for (size_t i = 0; i < slots_.size(); ++i) {
      slots_[i].fanin = this;
      slots_[i].connection = static_cast<uint32_t>(i % channels_.size());
      Issue(slots_[i]);
    }
    // After a fault too: the calls under way refer to this. Their deadline bounds it.
    node_.RunUntil([this] { return under_way_ == 0 || node_.interrupted(); });
    if (under_way_ > 0) {
      for (const auto& channel : channels_) channel->Close(0s);
    }
    return fault_;
  }

 private:
  // The clock is read once for all answers that come in one turn.
  void Look() {
    if (turn_ns_ == node_.now_ns()) return;
    turn_ns_ = node_.now_ns();
    now_ns_ = NowNs();
    if (window_.Begins(now_ns_)) {
      context_.run.latency.Clear();
      count_ = 0;
    }
    if (!ending_ && window_.Over(now_ns_)) {
      ending_ = true;
      window_.End(count_);
    }
  }

  void Issue(FaninSlot& slot) {
    slot.sequence = MakeSequence(slot.connection, sent_[slot.connection]++);
    slot.issued_ns = now_ns_;
    stamp_.Put(slot.sequence, payload_);
    absl::Status status = channels_[slot.connection]->CallAsync(
        kEcho, Bytes(std::span<const std::byte>(payload_)), {},
        [&slot](Answer& reply) { slot.fanin->OnReply(slot, reply); });
    if (status.ok())
      ++under_way_;
    else if (fault_.ok())
      fault_ = std::move(status);
  }

  void OnReply(FaninSlot& slot, Answer& reply) {
    --under_way_;
    if (!fault_.ok()) return;
    if (!reply.ok()) {
      fault_ = reply.status();
      return;
    }
    if (!stamp_.Check(slot.sequence, reply->payload())) {
      fault_ = WrongAnswer(slot.sequence);
      return;
    }
    Look();
    if (ending_) return;
    context_.run.latency.Add(static_cast<uint64_t>(now_ns_ - slot.issued_ns));
    ++count_;
    Issue(slot);
  }

  Context& context_;
  Node& node_;
  const std::span<const std::unique_ptr<Channel>> channels_;
  const Stamp stamp_;
  std::vector<std::byte> payload_;
  std::vector<uint64_t> sent_;  // by connection
  std::vector<FaninSlot> slots_;
  Window window_;
  int64_t turn_ns_ = 0, now_ns_ = 0;
  uint64_t under_way_ = 0, count_ = 0;
  bool ending_ = false;
  absl::Status fault_;
};

}  // namespace

absl::Status MeasureLatency(Context& context, Channel& channel) {
  const Stamp stamp(context.options.size_bytes);
  std::vector<std::byte> payload = stamp.MakePayload();
  Histogram& latency = context.run.latency;
  Window window(context);
  int64_t before_ns = NowNs();
  for (uint64_t sequence = 0; !window.Over(before_ns); ++sequence) {
    if (window.Begins(before_ns)) {
      latency.Clear();
      before_ns = NowNs();
    }
    stamp.Put(sequence, payload);
    absl::StatusOr<Message> reply =
        channel.Call(kEcho, Bytes(std::span<const std::byte>(payload))).Wait();
    if (!reply.ok()) return reply.status();
    if (!stamp.Check(sequence, reply->payload())) return WrongAnswer(sequence);
    const int64_t now_ns = NowNs();
    latency.Add(static_cast<uint64_t>(now_ns - before_ns));
    before_ns = now_ns;
  }
  window.End(latency.count());
  return absl::OkStatus();
}

absl::Status MeasureThroughput(Context& context, Channel& channel) {
  const Stamp stamp(context.options.size_bytes);
  std::vector<std::byte> payload = stamp.MakePayload();
  // So many between two looks at the clock.
  const uint64_t batch = std::clamp<uint64_t>((256 << 10) / context.options.size_bytes, 1, 256);
  const std::array<SideUse, 2> used = context.UsedByBoth();
  // The receiver's warm-up is 15 % of the time.
  const int64_t began_ns = NowNs();
  const int64_t until_ns = began_ns + static_cast<int64_t>(context.options.seconds * 1.15e9);
  uint64_t sent = 0;
  do {
    for (const uint64_t batch_end = sent + batch; sent < batch_end; ++sent) {
      stamp.Put(sent, payload);
      Bytes bytes{std::span<const std::byte>(payload)};
      absl::Status status = channel.TrySend(kTake, bytes);
      if (ReasonOf(status) == Reason::kBackPressure) status = channel.Send(kTake, bytes).Wait();
      if (!status.ok()) return status;
    }
  } while (NowNs() < until_ns);

  absl::StatusOr<Message> reply = channel.Call(kCount, Bytes()).Wait();
  if (!reply.ok()) return reply.status();
  Taken taken;
  if (reply->payload().size() != sizeof taken)
    return absl::DataLossError("a count that cannot be read");
  std::memcpy(&taken, reply->payload().data(), sizeof taken);
  if (taken.messages != sent)
    return absl::DataLossError(
        Text("sent ", sent, " messages, but the receiver counted ", taken.messages));
  Run& run = context.run;
  run.count = taken.measured;
  run.elapsed_ns = taken.measured_ns;
  run.use_count = sent;
  run.used_ns = NowNs() - began_ns;
  const std::array<SideUse, 2> used_now = context.UsedByBoth();
  for (size_t i = 0; i < 2; ++i) run.use[i] = used_now[i] - used[i];
  return absl::OkStatus();
}

absl::Status MeasureFanin(Context& context, Node& node,
                          std::span<const std::unique_ptr<Channel>> channels) {
  const auto fanin = std::make_unique<Fanin>(context, node, channels);
  return fanin->Measure();
}

}  // namespace jackfield::bench
