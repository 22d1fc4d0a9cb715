#include "tools/bench/floor_memory.h"

#include <sys/eventfd.h>

#include <atomic>
#include <cstring>
#include <memory>
#include <vector>

#include "kernel/base/owned_fd.h"
#include "kernel/base/text.h"
#include "tools/bench/floor_loops.h"
#include "tools/bench/floor_ring.h"

namespace jackfield::bench {
namespace {

void Relax() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#endif
}

constexpr size_t IndexOf(Side side) { return static_cast<size_t>(side); }
constexpr Side OtherOf(Side side) { return side == Side::kServer ? Side::kClient : Side::kServer; }

class MemoryFloor {
 public:
  MemoryFloor(const Options& options, Waiting waiting, Run& run)
      : blocking_(waiting == Waiting::kBlocking),
        size_(options.size_bytes),
        content_(size_),
        stop_(run.stop) {
    for (uint32_t i = 0; i < options.connections; ++i) {
      requests_.push_back(Ring::Make(size_));
      answers_.push_back(Ring::Make(size_));
      ok_ &= requests_.back() != nullptr && answers_.back() != nullptr;
    }
    for (OwnedFd& bell : bells_) {
      bell = OwnedFd(eventfd(0, EFD_CLOEXEC));
      ok_ &= bell.ok();
    }
  }
  bool ok() const { return ok_; }

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
    RingFor(Side::kServer);
    return status;
  }

 private:
  using Rings = std::vector<Ring::Owned>;  // by connection

  void RingFor(Side side) { eventfd_write(bells_[IndexOf(side)].get(), 1); }
  // `side` has nothing to do: it is the other's turn.
  void Idle(Side side) {
    if (!blocking_) return Relax();
    RingFor(OtherOf(side));
    eventfd_t rung;
    eventfd_read(bells_[IndexOf(side)].get(), &rung);
  }

  // The next message for `side`; nullptr: none will come.
  const std::byte* Await(Ring& ring, Side side) {
    while (true) {
      if (const std::byte* message = ring.Peek()) return message;
      if (stop_.load(std::memory_order_acquire) != 0) return ring.Peek();
      Idle(side);
    }
  }
  // Waits for room, copies, publishes.
  void Put(Ring& ring, const std::byte* message, Side side) {
    std::byte* to;
    while ((to = ring.Claim()) == nullptr) Idle(side);
    std::memcpy(to, message, size_);
    ring.Publish();
  }

  absl::Status Echo() {
    for (uint64_t next = 0; const std::byte* message = Await(*requests_[0], Side::kServer);
         ++next) {
      if (!content_.IsRight(next, message)) return WrongEcho();
      Put(*answers_[0], message, Side::kServer);
      requests_[0]->Pop();
    }
    return absl::OkStatus();
  }

  absl::Status Latency(Context& context) {
    std::vector<std::byte> message = content_.MakeMessage();
    return LatencyLoop(context, [&](uint64_t sequence) {
      content_.Put(sequence, message.data());
      Put(*requests_[0], message.data(), Side::kClient);
      const std::byte* answer = Await(*answers_[0], Side::kClient);
      const bool right = answer != nullptr && content_.IsRight(sequence, answer);
      answers_[0]->Pop();
      return right;
    });
  }

  absl::Status Take(Context& context) {
    constexpr size_t kTogether = 64;  // as many before the clock is looked at
    TakeMeter meter(context);
    uint64_t next = 0;
    while (const std::byte* message = Await(*requests_[0], Side::kServer)) {
      const uint64_t first = next;
      size_t count = 0;
      do {
        if (!content_.IsRight(next++, message)) return WrongEcho();
        requests_[0]->Pop();
      } while (++count < kTogether && (message = requests_[0]->Peek()) != nullptr);
      meter.TakeChecked(next - first);
    }
    meter.End();
    return absl::OkStatus();
  }

  absl::Status Send(Context& context) {
    std::vector<std::byte> message = content_.MakeMessage();
    return SendLoop(
        context,
        [&](uint64_t sequence) {
          content_.Put(sequence, message.data());
          Put(*requests_[0], message.data(), Side::kClient);
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
          if (!content_.IsRight(next[i]++, message)) return WrongEcho();
          std::memcpy(to, message, size_);
          answers_[i]->Publish();
          requests.Pop();
        }
      }
      if (!any) Idle(Side::kServer);
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
    std::vector<std::byte> message = content_.MakeMessage();
    // A call whose ring is full waits until an answer has come: so many can be outstanding at most.
    const auto send = [&](size_t i, int64_t now_ns) {
      Connection& connection = connections[i];
      std::byte* to = requests_[i]->Claim();
      if (to == nullptr) return;
      content_.Put(connection.sent, message.data());
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
      bool any = false;
      for (size_t i = 0; i < connections.size(); ++i) {
        Connection& connection = connections[i];
        for (const std::byte* answer; (answer = answers_[i]->Peek()) != nullptr;) {
          any = true;
          if (!content_.IsRight(connection.answered, answer)) return WrongEcho();
          latency.Add(
              static_cast<uint64_t>(now_ns - connection.issued_ns[connection.answered++ % depth]));
          answers_[i]->Pop();
        }
        while (connection.sent - connection.answered < depth) {
          const uint64_t before = connection.sent;
          send(i, now_ns);
          if (connection.sent == before) break;
          any = true;
        }
      }
      if (!any) Idle(Side::kClient);
    }
    window.End(latency.count());
    return absl::OkStatus();
  }

  const bool blocking_;
  const size_t size_;
  const Content content_;
  std::atomic<uint32_t>& stop_;
  Rings requests_, answers_;
  OwnedFd bells_[2];  // by Side
  bool ok_ = true;
};

}  // namespace

absl::Status MeasureMemoryFloor(const Options& options, Medium medium, Waiting waiting, Run& run) {
  run.stop = 0;
  const bool processes = medium == Medium::kSharedMemory;
  const auto floor = std::make_unique<MemoryFloor>(options, waiting, run);
  if (!floor->ok()) {
    return absl::ResourceExhaustedError(
        Text("no memory for the rings of ", options.connections, " connections"));
  }
  Sides sides;
  sides.server = [&](Context& context) { return floor->Serve(context); };
  sides.client = [&](Context& context) { return floor->Measure(context); };
  return processes ? RunProcesses(options, sides, run) : RunThreads(options, sides, run);
}

}  // namespace jackfield::bench
