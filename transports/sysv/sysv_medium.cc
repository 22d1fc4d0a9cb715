#include "transports/sysv/sysv_medium.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>
#include <vector>

#include "kernel/base/outcome.h"
#include "kernel/base/text.h"
#include "kernel/loop/loop.h"
#include "transports/engine/hub/envelope_arrival.h"
#include "transports/engine/hub/hub_batch.h"
#include "transports/engine/hub/outbox.h"
#include "transports/engine/hub/process_peer.h"
#include "transports/engine/owner.h"
#include "transports/engine/process.h"

namespace jackfield {
namespace {

constexpr size_t kNameBytesMax = 255;

using sysv::kTypeBytes;

// What a client says of itself, in front of the name that it wants.
struct Greeting {
  ProcessName process;
  int32_t queue = -1;          // its own, for the answers
  uint32_t message_bytes = 0;  // the most that it sends and takes
};

// The type of a message: the number of its link, which a look from outside can select by. Never 0,
// never the owner's mark.
long TypeOf(uint64_t key) { return static_cast<long>((key & 0x3fffffff) | 1); }

auto Into(const Sys& sys, int queue, uint64_t key) {
  return [&sys, queue, type = TypeOf(key)](std::span<std::byte> message) {
    std::memcpy(message.data(), &type, sizeof type);
    return sysv::Send(sys, queue, message);
  };
}

int ReceiveInto(const Sys& sys, int queue, HubBatch& batch) {
  uint32_t slots = 0;
  for (; slots < batch.slots(); ++slots) {
    const int64_t got = sysv::Receive(sys, queue, {batch.data(slots), batch.slot_bytes()});
    if (got == -EIDRM && slots == 0) return -EIDRM;
    if (got < 0) break;  // empty; or a bad moment, and nothing has been taken
    HubArrival& arrival = batch.Begin(slots);
    arrival.data += kTypeBytes;
    const size_t most = batch.slot_bytes() - kTypeBytes;
    if (OpenEnvelope(arrival, std::min(static_cast<size_t>(got), most)) &&
        static_cast<size_t>(got) > most)
      arrival.what = HubArrival::What::kCorrupt;
  }
  return static_cast<int>(slots);
}

LinkTraits Traits(const SysvSettings& settings, const std::string& description) {
  LinkTraits traits;
  traits.caps = CapsOf(settings);
  traits.description = description;
  return traits;
}

bool IsProcess(const ProcessName& process) { return process.pid > 0 && process.pid <= INT32_MAX; }

class QueuePeer final : public ProcessPeer {
 public:
  QueuePeer(int pid_fd, const ProcessName& process, int queue, uint64_t key)
      : ProcessPeer(pid_fd), queue(queue), key(key), process_(process) {}
  // The dead cannot remove their queue; its number is never another's.
  ~QueuePeer() override {
    if (OwnerOf(process_) == Owner::kDead) sysv::Remove(queue);
  }
  const int queue;
  const uint64_t key;

 private:
  const ProcessName process_;
};

// What both ends have: a queue of their own, and somebody who waits for it.
class QueueEnd : public HubMedium {
 public:
  QueueEnd(Loop& loop, const SysvSettings& settings, int queue,
           std::unique_ptr<sysv::Waiter> waiter, std::string description)
      : loop_(loop),
        settings_(settings),
        queue_(queue),
        waiter_(std::move(waiter)),
        description_(std::move(description)),
        outbox_(kTypeBytes, settings.message_bytes) {}

  uint32_t arrival_bytes_max() const override { return kTypeBytes + settings_.message_bytes; }
  uint32_t arrivals_at_once() const override { return 16; }
  int readable_fd() const override { return waiter_->event_fd(); }
  bool PrepareWait() override {
    waiter_->Arm();
    return true;
  }
  int Receive(HubBatch& batch) override {
    waiter_->Disarm();
    return ReceiveInto(loop_.sys(), queue_, batch);
  }
  int Send(HubPeer& peer, Link& link) override {
    const auto& other = static_cast<QueuePeer&>(peer);
    return outbox_.Frames(other.key, link, Into(loop_.sys(), other.queue, other.key));
  }
  bool SayGoodbye(HubPeer& peer) override {
    const auto& other = static_cast<QueuePeer&>(peer);
    return Word(other.queue, HubEnvelope::kGoodbye, other.key, {}) != -EAGAIN;
  }

 protected:
  int Word(int queue, HubEnvelope::Kind kind, uint64_t key, std::span<const std::byte> body) {
    return outbox_.Word(kind, key, body, Into(loop_.sys(), queue, key));
  }

  Loop& loop_;
  const SysvSettings settings_;
  const int queue_;
  const std::unique_ptr<sysv::Waiter> waiter_;  // owns the queue
  const std::string description_;
  HubOutbox outbox_;
};

class SysvServer final : public QueueEnd {
 public:
  using QueueEnd::QueueEnd;
  // Of those, too, that died before they were heard of.
  ~SysvServer() override { sysv::RemoveQueuesOfDeadClients(); }

  absl::StatusOr<HubAdmission> Admit(HubArrival& arrival) override {
    Greeting greeting;
    if (!Read(arrival, greeting))
      return absl::InvalidArgumentError("a greeting without a queue for the answers");
    const uint64_t key = KeyOf(arrival);
    const int queue = greeting.queue;
    const std::string_view wanted(reinterpret_cast<const char*>(arrival.data) + sizeof greeting,
                                  arrival.bytes - sizeof greeting);
    if (wanted != settings_.name) {
      return Refuse(
          queue, key,
          absl::AlreadyExistsError(Text("the name \"", settings_.name,
                                        "\" has the same key: choose another for one of them")));
    }
    if (greeting.message_bytes != settings_.message_bytes) {
      return Refuse(queue, key,
                    absl::FailedPreconditionError(
                        Text("its messages have ", settings_.message_bytes, " bytes, not ",
                             greeting.message_bytes, ": say ?frame=", settings_.message_bytes)));
    }
    const int pid_fd = WatchProcess(loop_.sys(), greeting.process);
    if (pid_fd < 0) {
      const absl::Status why = Refuse(queue, key, CannotWatch(-pid_fd, greeting.process));
      sysv::RemoveIfDead(queue);  // killed in its opening
      return why;
    }
    auto peer = std::make_unique<QueuePeer>(pid_fd, greeting.process, queue, key);
    const ProcessName own = ThisProcess();
    const int sent = Word(queue, HubEnvelope::kWelcome, key, std::as_bytes(std::span(&own, 1)));
    if (sent < 0) return SysError(-sent, "welcome a client");
    return HubAdmission{arrival.from, std::move(peer), Traits(settings_, description_)};
  }

  void RefuseAdmission(HubArrival& arrival, std::string_view why) override {
    Greeting greeting;
    if (Read(arrival, greeting))
      Refuse(greeting.queue, KeyOf(arrival), Refused(Reason::kResource, why)).IgnoreError();
  }

 private:
  bool Read(const HubArrival& arrival, Greeting& greeting) const {
    if (arrival.bytes < sizeof greeting || arrival.bytes > sizeof greeting + kNameBytesMax)
      return false;
    std::memcpy(&greeting, arrival.data, sizeof greeting);
    return IsProcess(greeting.process) && greeting.queue >= 0 && greeting.queue != queue_ &&
           sysv::IsTrusted(greeting.queue);
  }
  // Returns why.
  absl::Status Refuse(int queue, uint64_t key, absl::Status why) {
    outbox_.Refuse(key, why, Into(loop_.sys(), queue, key));
    return why;
  }
};

class SysvClient final : public QueueEnd {
 public:
  SysvClient(Loop& loop, const SysvSettings& settings, int queue,
             std::unique_ptr<sysv::Waiter> waiter, int server, std::string description)
      : QueueEnd(loop, settings, queue, std::move(waiter), std::move(description)),
        server_(server),
        key_(loop.NextRandom() | 1) {}
  int Receive(HubBatch& batch) override {
    const int got = QueueEnd::Receive(batch);
    for (int i = 0; i < got; ++i) {
      HubArrival& arrival = batch.slot(static_cast<uint32_t>(i)).arrival;
      if (arrival.what != HubArrival::What::kNothing && KeyOf(arrival) != key_)
        arrival.what = HubArrival::What::kNothing;
    }
    return got;
  }

  absl::StatusOr<HubAdmission> Admit(HubArrival& arrival) override {
    ProcessName process;
    if (arrival.bytes < sizeof process)
      return absl::DataLossError(Text(description_, ": a welcome that cannot be read"));
    std::memcpy(&process, arrival.data, sizeof process);
    const int pid_fd = IsProcess(process) ? WatchProcess(loop_.sys(), process) : -ESRCH;
    if (pid_fd < 0) return CannotWatch(-pid_fd, process);
    return HubAdmission{arrival.from, std::make_unique<QueuePeer>(pid_fd, process, server_, key_),
                        Traits(settings_, description_)};
  }
  void RefuseAdmission(HubArrival&, std::string_view) override {}

  absl::StatusOr<Greeted> Greet() override {
    const Greeting greeting{ThisProcess(), queue_, settings_.message_bytes};
    std::vector<std::byte> body(sizeof greeting + settings_.name.size());
    std::memcpy(body.data(), &greeting, sizeof greeting);
    std::memcpy(body.data() + sizeof greeting, settings_.name.data(), settings_.name.size());
    const int sent = Word(server_, HubEnvelope::kGreeting, key_, body);
    if (sent == -EAGAIN) return Greeted::kNoRoom;
    if (sent == -EIDRM) return SysError(ECONNREFUSED, Text("connect ", description_));
    if (sent < 0) return SysError(-sent, Text("connect ", description_));
    return Greeted::kSent;
  }
  void GiveUp() override { Word(server_, HubEnvelope::kGoodbye, key_, {}); }

 private:
  const int server_;
  const uint64_t key_;
};

}  // namespace

Caps CapsOf(const SysvSettings& settings) {
  Caps caps;
  caps.send = caps.receive = caps.reply = caps.ordered = caps.reliable = caps.peer_loss = true;
  caps.frame_bytes_max = settings.message_bytes - static_cast<uint32_t>(sizeof(HubEnvelope));
  caps.depth_frames = Link::kDepthFrames;
  return caps;
}

std::unique_ptr<HubMedium> MakeSysvServer(Loop& loop, const SysvSettings& settings, int queue,
                                          std::unique_ptr<sysv::Waiter> waiter,
                                          std::string description) {
  return std::make_unique<SysvServer>(loop, settings, queue, std::move(waiter),
                                      std::move(description));
}

std::unique_ptr<HubMedium> MakeSysvClient(Loop& loop, const SysvSettings& settings, int queue,
                                          std::unique_ptr<sysv::Waiter> waiter, int server,
                                          std::string description) {
  return std::make_unique<SysvClient>(loop, settings, queue, std::move(waiter), server,
                                      std::move(description));
}

}  // namespace jackfield
