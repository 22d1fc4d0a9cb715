#include "tools/bench/floor_memory.h"

#include <atomic>
#include <cstring>
#include <memory>
#include <vector>

#include "tools/bench/floor_loops.h"
#include "tools/bench/floor_ring.h"
#include "tools/bench/stamp.h"

namespace jackfield::bench {
namespace {

void Relax() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#endif
}

class MemoryFloor {
 public:
  MemoryFloor(const Options& options, Waiting waiting, Ring::Sleep sleep, Run& run)
      : blocking_(waiting == Waiting::kBlocking && options.mode == Mode::kLatency),
        size_(options.size_bytes),
        large_(size_ > Stamp::kWholeBytesMax),
        stamp_(size_),
        stop_(run.stop) {
    for (uint32_t i = 0; i < options.connections; ++i) {
      requests_.push_back(Ring::Make(size_, sleep));
      answers_.push_back(Ring::Make(size_, sleep));
    }
  }

  absl::Status Serve(Context& context) {
    context.PinThread();
    if (context.options.mode == Mode::kLatency) return Echo();
    return context.options.mode == Mode::kThroughput ? Take(context) : EchoMany();
  }

  absl::Status Measure(Context& context) {
    context.PinThread();
    absl::Status status = context.options.mode == Mode::kLatency      ? Latency(context)
                          : context.options.mode == Mode::kThroughput ? Send(context)
                                                                      : Fanin(context);
    stop_.store(1, std::memory_order_release);
    requests_[0]->Signal();
    return status;
  }

 private:
  const std::byte* Await(Ring& ring) {
    if (blocking_) return ring.WaitPeek(stop_);
    while (true) {
      if (const std::byte* message = ring.Peek()) return message;
      if (stop_.load(std::memory_order_acquire) != 0) return ring.Peek();
      Relax();
    }
  }
  // Waits for room, copies, publishes.
  void Put(Ring& ring, const std::byte* message) {
    std::byte* to;
    while ((to = ring.Claim()) == nullptr) Relax();
    std::memcpy(to, message, size_);
    ring.Publish();
    if (blocking_) ring.Signal();
  }

  absl::Status Echo() {
    for (uint64_t next = 0; const std::byte* message = Await(*requests_[0]); ++next) {
      if (ReadSequence(message) != next) return WrongEcho();
      Put(*answers_[0], message);
      requests_[0]->Pop();
    }
    return absl::OkStatus();
  }

  absl::Status Latency(Context& context) {
    std::vector<std::byte> message(size_);
    return LatencyLoop(context, [&](uint64_t sequence) {
      WriteSequence(sequence, message.data());
      Put(*requests_[0], message.data());
      const std::byte* answer = Await(*answers_[0]);
      const bool right = answer != nullptr && ReadSequence(answer) == sequence;
      answers_[0]->Pop();
      return right;
    });
  }

  absl::Status Take(Context& context) {
    constexpr size_t kTogether = 64;  // as many before the clock is looked at
    TakeMeter meter(context);
    uint64_t next = 0;
    while (const std::byte* message = Await(*requests_[0])) {
      const uint64_t first = next;
      size_t count = 0;
      do {
        if (!IsMessage(next++, message)) return WrongEcho();
        requests_[0]->Pop();
      } while (++count < kTogether && (message = requests_[0]->Peek()) != nullptr);
      meter.TakeChecked(next - first);
    }
    meter.End();
    return absl::OkStatus();
  }

  // A large message that nobody looks at stays in its writer's cache, and no byte of it crosses
  // over: that would be no floor for anything. So this receiver looks at as much of it as the bus'
  // does.
  bool IsMessage(uint64_t sequence, const std::byte* message) const {
    if (!large_) return ReadSequence(message) == sequence;
    return stamp_.Check(sequence, {message, size_});
  }

  absl::Status Send(Context& context) {
    std::vector<std::byte> message = stamp_.MakePayload();
    return SendLoop(
        context,
        [&](uint64_t sequence) {
          if (large_) {
            stamp_.Put(sequence, message);
          } else {
            WriteSequence(sequence, message.data());
          }
          Put(*requests_[0], message.data());
          return true;
        },
        [] { return true; });
  }

  absl::Status EchoMany() {
    std::vector<uint64_t> next(requests_.size(), 0);
    while (stop_.load(std::memory_order_relaxed) == 0) {
      bool any = false;
      for (size_t i = 0; i < requests_.size(); ++i) {
        Ring& requests = *requests_[i];
        for (const std::byte* message; (message = requests.Peek()) != nullptr; any = true) {
          std::byte* to = answers_[i]->Claim();
          if (to == nullptr) break;  // the client is behind
          if (ReadSequence(message) != next[i]++) return WrongEcho();
          std::memcpy(to, message, size_);
          answers_[i]->Publish();
          requests.Pop();
        }
      }
      if (!any) Relax();
    }
    return absl::OkStatus();
  }

  absl::Status Fanin(Context& context) {
    const size_t depth = context.options.depth;
    struct Connection {
      std::vector<int64_t> issued_ns;
      uint64_t sent = 0, answered = 0;
    };
    std::vector<Connection> connections(requests_.size());
    std::vector<std::byte> message(size_);
    // A call whose ring is full waits until an answer has come: so many can be outstanding at most.
    const auto send = [&](size_t i, int64_t now_ns) {
      Connection& connection = connections[i];
      std::byte* to = requests_[i]->Claim();
      if (to == nullptr) return;
      WriteSequence(connection.sent, message.data());
      connection.issued_ns[connection.sent++ % depth] = now_ns;
      std::memcpy(to, message.data(), size_);
      requests_[i]->Publish();
    };
    Window window(context);
    Histogram& latency = context.run.latency;
    int64_t now_ns = NowNs();
    for (Connection& connection : connections) connection.issued_ns.assign(depth, now_ns);
    while (!window.Over(now_ns)) {
      if (window.Begins(now_ns)) latency.Clear();
      now_ns = NowNs();
      for (size_t i = 0; i < connections.size(); ++i) {
        Connection& connection = connections[i];
        for (const std::byte* answer; (answer = answers_[i]->Peek()) != nullptr;) {
          if (ReadSequence(answer) != connection.answered) return WrongEcho();
          latency.Add(
              static_cast<uint64_t>(now_ns - connection.issued_ns[connection.answered++ % depth]));
          answers_[i]->Pop();
        }
        while (connection.sent - connection.answered < depth) {
          const uint64_t before = connection.sent;
          send(i, now_ns);
          if (connection.sent == before) break;
        }
      }
    }
    window.End(latency.count());
    return absl::OkStatus();
  }

  const bool blocking_;
  const size_t size_;
  const bool large_;
  const Stamp stamp_;
  std::atomic<uint32_t>& stop_;
  std::vector<Ring::Owned> requests_, answers_;  // by connection
};

}  // namespace

absl::Status MeasureMemoryFloor(const Options& options, Medium medium, Waiting waiting, Run& run) {
  run.stop = 0;
  const bool processes = medium == Medium::kSharedMemory;
  const auto floor = std::make_unique<MemoryFloor>(
      options, waiting, processes ? Ring::Sleep::kEventFd : Ring::Sleep::kFutex, run);
  Sides sides;
  sides.server = [&](Context& context) { return floor->Serve(context); };
  sides.client = [&](Context& context) { return floor->Measure(context); };
  return processes ? RunProcesses(options, sides, run) : RunThreads(options, sides, run);
}

}  // namespace jackfield::bench
