#include "tools/load/generator.h"

#include <algorithm>
#include <utility>

#include "kernel/base/outcome.h"
#include "kernel/base/text.h"

namespace jackfield::load {
namespace {

constexpr int64_t kLookNs = 10'000'000;        // how often it asks whether it shall stop
constexpr int64_t kRetryNs = 1'000'000;        // how often what waits is tried, if nothing wakes it
constexpr int64_t kStopNs = 200'000'000;       // for answers, when it shall stop
constexpr int64_t kAnswersNs = 1'000'000'000;  // beyond the time limit of the last call
constexpr uint32_t kClockEvery = 16;           // calls of a burst

// The part of `whole` that is number `index` of `parts`.
uint32_t PartOf(uint32_t whole, uint32_t parts, uint32_t index) {
  return whole / parts + (index < whole % parts ? 1 : 0);
}

}  // namespace

Generator::Generator(const Job& job, uint32_t index, const Sheet& sheet, std::unique_ptr<Node> node)
    : job_(job),
      index_(index),
      issuer_(
          *this, sheet,
          {.out_max = PartOf(job.out_max, job.processes, index), .waiting_max = job.waiting_max}),
      node_(std::move(node)) {
  terms_.timeout = job.timeout;
}

absl::StatusOr<std::unique_ptr<Generator>> Generator::Open(const Job& job, uint32_t index,
                                                           const Sheet& sheet) {
  absl::StatusOr<std::unique_ptr<Node>> node =
      Node::Create({.name = Text("load ", index), .registry = job.registry});
  if (!node.ok()) return node.status();
  std::unique_ptr<Generator> generator(new Generator(job, index, sheet, *std::move(node)));
  for (uint32_t i = 0; i < PartOf(job.connections, job.processes, index); ++i) {
    ChannelOptions options;
    options.calls_max =
        std::clamp<uint32_t>(PartOf(job.out_max, job.processes, index), 1, kOutOfChannelMost);
    absl::StatusOr<std::unique_ptr<Channel>> channel =
        Channel::Open(*generator->node_, job.address, std::move(options));
    if (!channel.ok()) return channel.status();
    generator->channels_.push_back(*std::move(channel));
  }
  for (const auto& channel : generator->channels_) {
    if (absl::Status status = channel->WaitOpen(); !status.ok()) return status;
  }
  return generator;
}

absl::Status Generator::Send(uint64_t number, uint32_t place) {
  const std::string& request = job_.requests[number % job_.requests.size()];
  absl::Status status;
  for (size_t tried = 0; tried < channels_.size(); ++tried) {
    Channel& channel = *channels_[next_channel_];
    next_channel_ = (next_channel_ + 1) % channels_.size();
    status = channel.CallAsync(
        job_.type, Bytes(std::string_view(request)), terms_, [this, place](Answer& answer) {
          issuer_.Ended(place, answer.ok() ? absl::OkStatus() : answer.status(), NowNs());
        });
    if (status.ok() || ReasonOf(status) != Reason::kBackPressure) return status;
  }
  return status;
}

bool Generator::WaitForStart(const std::atomic<int64_t>& start_ns, const std::atomic<bool>& stop) {
  while (start_ns.load() == 0) {
    if (stop.load()) return false;
    node_->Turn(node_->clock().NowNs() + kRetryNs);
  }
  start_ns_ = start_ns.load();
  return true;
}

void Generator::SendDue(Arrivals& arrivals) {
  int64_t now_ns = NowNs();
  for (uint32_t sent = 0; sent < kBurst && !arrivals.done() && arrivals.next_ns() <= now_ns;) {
    issuer_.Due(arrivals.number(), arrivals.next_ns(), now_ns);
    arrivals.Advance(job_.processes);
    if (++sent % kClockEvery == 0) now_ns = NowNs();
  }
}

void Generator::Run(Arrivals arrivals, const std::atomic<bool>& stop) {
  if (index_ > 0) arrivals.Advance(index_);
  const int64_t length_ns = arrivals.profile().length_ns();
  const int64_t queue_ends_ns = length_ns + job_.drain_ns;
  const int64_t answers_end_ns = AfterNs(queue_ends_ns + kAnswersNs, job_.timeout.count());
  int64_t stopped_ns = INT64_MAX;
  while (true) {
    const bool over = arrivals.done() || stopped_ns != INT64_MAX;
    if (!over) SendDue(arrivals);
    int64_t now_ns = NowNs();
    if (stopped_ns == INT64_MAX && stop.load(std::memory_order_relaxed)) stopped_ns = now_ns;
    const bool may_send = stopped_ns == INT64_MAX && now_ns < queue_ends_ns;
    if (may_send) issuer_.SendWaiting(now_ns, kBurst);
    if (over && issuer_.out() == 0 && (issuer_.waiting() == 0 || !may_send)) break;
    if (now_ns > answers_end_ns || now_ns > AfterNs(stopped_ns, kStopNs)) break;
    int64_t wake_ns = now_ns + (issuer_.waiting() > 0 ? kRetryNs : kLookNs);
    if (!over && !arrivals.done()) wake_ns = std::min(wake_ns, arrivals.next_ns() - kSpinNs);
    node_->Turn(wake_ns <= now_ns ? Node::kDoNotSleep : start_ns_ + wake_ns);
  }
  issuer_.GiveUp();
}

}  // namespace jackfield::load
