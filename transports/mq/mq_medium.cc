#include "transports/mq/mq_medium.h"

#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

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
#include "transports/engine/turn_away.h"
#include "transports/mq/mq_resources.h"

namespace jackfield {
namespace {

constexpr size_t kNameBytesMax = 255;

int ReceiveInto(const Queue& queue, HubBatch& batch) {
  uint32_t slots = 0;
  for (; slots < batch.slots(); ++slots) {
    const int64_t got = queue.Receive({batch.data(slots), batch.slot_bytes()});
    if (got == -EBADF || got == -EMSGSIZE) return static_cast<int>(got);
    if (got < 0) break;  // empty; or a bad moment, and nothing has been taken
    OpenEnvelope(batch.Begin(slots), static_cast<size_t>(got));
  }
  return static_cast<int>(slots);
}

LinkTraits Traits(const MqSettings& settings, const std::string& description) {
  LinkTraits traits;
  traits.caps = CapsOf(settings);
  traits.description = description;
  return traits;
}

bool ReadProcess(const HubArrival& arrival, ProcessName& process) {
  if (arrival.bytes < sizeof process) return false;
  std::memcpy(&process, arrival.data, sizeof process);
  return process.pid > 0 && process.pid <= INT32_MAX;
}

// To a queue, at a priority.
auto Into(const Queue& queue, unsigned priority) {
  return [&queue, priority](std::span<std::byte> message) { return queue.Send(message, priority); };
}

// Whose process is not to be seen from here is looked after by the lock on its queue, as often.
constexpr timespec kLookAtLock{.tv_sec = 0, .tv_nsec = 100'000'000};

struct Watch {
  int fd = -1;  // or -errno
  enum class Of { kProcess, kLock } of = Of::kProcess;
};
Watch WatchPeer(const Sys& sys, const ProcessName& process) {
  const int pid_fd = WatchProcess(sys, process);
  if (pid_fd != kProcessUnseen) return {pid_fd};
  const int timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
  if (timer < 0) return {-errno};
  const itimerspec often{.it_interval = kLookAtLock, .it_value = kLookAtLock};
  timerfd_settime(timer, 0, &often, nullptr);
  return {timer, Watch::Of::kLock};
}

class MqPeer : public ProcessPeer {
 public:
  explicit MqPeer(Watch watch) : ProcessPeer(watch.fd), of_(watch.of) {}
  int room_fd() const override { return to().fd(); }
  bool IsGone() override {
    if (of_ == Watch::Of::kProcess) return true;
    uint64_t times;
    if (read(watch_fd(), &times, sizeof times) < 0) return false;
    return !to().OwnerLives();
  }

 private:
  virtual const Queue& to() const = 0;  // the peer's, to which it is sent
  const Watch::Of of_;
};

class MqClientPeer final : public MqPeer {
 public:
  MqClientPeer(Watch watch, Queue queue, uint64_t key)
      : MqPeer(watch), queue(std::move(queue)), key(key) {}
  const Queue queue;
  const uint64_t key;

 private:
  const Queue& to() const override { return queue; }
};

class MqServer final : public HubMedium {
 public:
  MqServer(Loop& loop, const MqSettings& settings, Queue queue, std::string description)
      : loop_(loop),
        settings_(settings),
        queue_(std::move(queue)),
        description_(std::move(description)),
        outbox_(0, settings.size.message_bytes) {}

  uint32_t arrival_bytes_max() const override { return settings_.size.message_bytes; }
  uint32_t arrivals_at_once() const override { return settings_.size.depth; }
  int readable_fd() const override { return queue_.fd(); }
  int Receive(HubBatch& batch) override { return ReceiveInto(queue_, batch); }
  void CloseDoor() override { queue_.Unname(); }
  // Of those that died before they were heard of.
  ~MqServer() override { RemoveQueuesOfDeadClients(settings_.queue); }

  absl::StatusOr<HubAdmission> Admit(HubArrival& arrival) override {
    ProcessName process;
    absl::StatusOr<Queue> answers = QueueOf(arrival, process);
    if (absl::IsResourceExhausted(answers.status())) {
      spare_.Spend();  // the client is told at once, and the server lives
      const std::string why(NoDescriptorLeft(EMFILE).message());
      RefuseAdmission(arrival, why);
      spare_.Keep();
      return Refused(Reason::kResource, why);
    }
    if (!answers.ok()) return answers.status();
    const uint64_t key = KeyOf(arrival);
    const Watch watch = WatchPeer(loop_.sys(), process);
    if (watch.fd < 0) {
      const absl::Status why = CannotWatch(-watch.fd, process);
      Refuse(*answers, key, why);
      return why;
    }
    auto peer = std::make_unique<MqClientPeer>(watch, *std::move(answers), key);
    const ProcessName own = ThisProcess();
    if (const int sent = outbox_.Word(HubEnvelope::kWelcome, key, std::as_bytes(std::span(&own, 1)),
                                      Into(peer->queue, 0));
        sent < 0)
      return SysError(-sent, "welcome a client");
    return HubAdmission{arrival.from, std::move(peer), Traits(settings_, description_)};
  }

  void RefuseAdmission(HubArrival& arrival, std::string_view why) override {
    ProcessName process;
    const absl::StatusOr<Queue> answers = QueueOf(arrival, process);
    if (answers.ok()) Refuse(*answers, KeyOf(arrival), Refused(Reason::kResource, why));
  }

  int Send(HubPeer& peer, Link& link) override {
    const auto& client = static_cast<MqClientPeer&>(peer);
    return outbox_.Frames(client.key, link, Into(client.queue, 0));
  }
  bool SayGoodbye(HubPeer& peer) override {
    const auto& client = static_cast<MqClientPeer&>(peer);
    return outbox_.Word(HubEnvelope::kGoodbye, client.key, {}, Into(client.queue, 0)) != -EAGAIN;
  }

 private:
  // The queue that a greeting names, now without its name.
  absl::StatusOr<Queue> QueueOf(const HubArrival& arrival, ProcessName& process) {
    if (!ReadProcess(arrival, process)) return absl::InvalidArgumentError("a greeting too short");
    const std::string name(reinterpret_cast<const char*>(arrival.data) + sizeof process,
                           arrival.bytes - sizeof process);
    const std::string prefix = settings_.queue + ".";
    if (name.size() > kNameBytesMax || name.compare(0, prefix.size(), prefix) != 0 ||
        name.find('/', 1) != std::string::npos || name.find('\0') != std::string::npos)
      return absl::InvalidArgumentError("a greeting without a queue for the answers");
    absl::StatusOr<Queue> queue = Queue::Use(loop_.sys(), name, settings_.size.message_bytes);
    // Admitted or dead, its name has done its work.
    if (queue.ok())
      Queue::Remove(name);
    else if (queue.status().code() == absl::StatusCode::kUnavailable)
      Queue::RemoveDead(name).IgnoreError();  // it has gone already
    return queue;
  }
  void Refuse(const Queue& answers, uint64_t key, const absl::Status& why) {
    outbox_.Refuse(key, why, Into(answers, 0));
  }

  Loop& loop_;
  const MqSettings settings_;
  Queue queue_;
  const std::string description_;
  HubOutbox outbox_;
  SpareFd spare_;
};

class MqServerPeer final : public MqPeer {
 public:
  MqServerPeer(Watch watch, const Queue& queue) : MqPeer(watch), queue_(queue) {}

 private:
  const Queue& to() const override { return queue_; }
  const Queue& queue_;  // the medium's
};

class MqClient final : public HubMedium {
 public:
  MqClient(Loop& loop, const MqSettings& settings, Queue own, std::string own_name, Queue server,
           std::string description)
      : loop_(loop),
        settings_(settings),
        own_(std::move(own)),
        own_name_(std::move(own_name)),
        server_(std::move(server)),
        description_(std::move(description)),
        key_(loop.NextRandom() | 1),
        outbox_(0, settings.size.message_bytes) {}

  ~MqClient() override {
    // A dead server cannot remove its queue. Of one that is not to be seen the lock tells.
    const Owner server = process_.pid == 0 ? Owner::kLives : OwnerOf(process_);
    if (server == Owner::kDead || (server == Owner::kUnknown && !server_.OwnerLives()))
      Queue::Reap(server_, settings_.queue);
  }

  uint32_t arrival_bytes_max() const override { return settings_.size.message_bytes; }
  uint32_t arrivals_at_once() const override { return settings_.size.depth; }
  int readable_fd() const override { return own_.fd(); }

  int Receive(HubBatch& batch) override {
    const int got = ReceiveInto(own_, batch);
    for (int i = 0; i < got; ++i) {
      HubArrival& arrival = batch.slot(static_cast<uint32_t>(i)).arrival;
      if (arrival.what != HubArrival::What::kNothing && KeyOf(arrival) != key_)
        arrival.what = HubArrival::What::kNothing;
    }
    return got;
  }

  absl::StatusOr<HubAdmission> Admit(HubArrival& arrival) override {
    own_.Unname();
    if (!ReadProcess(arrival, process_))
      return absl::DataLossError(Text(description_, ": a welcome that cannot be read"));
    const Watch watch = WatchPeer(loop_.sys(), process_);
    if (watch.fd < 0) return CannotWatch(-watch.fd, process_);
    return HubAdmission{arrival.from, std::make_unique<MqServerPeer>(watch, server_),
                        Traits(settings_, description_)};
  }
  void RefuseAdmission(HubArrival&, std::string_view) override {}

  int Send(HubPeer&, Link& link) override { return outbox_.Frames(key_, link, ToServer()); }
  bool SayGoodbye(HubPeer&) override {
    return outbox_.Word(HubEnvelope::kGoodbye, key_, {}, ToServer()) != -EAGAIN;
  }

  absl::StatusOr<Greeted> Greet() override {
    const ProcessName process = ThisProcess();
    std::vector<std::byte> body(sizeof process + own_name_.size());
    std::memcpy(body.data(), &process, sizeof process);
    std::memcpy(body.data() + sizeof process, own_name_.data(), own_name_.size());
    const int sent = outbox_.Word(HubEnvelope::kGreeting, key_, body, ToServer());
    if (sent == -EAGAIN) return Greeted::kNoRoom;
    if (sent < 0) return SysError(-sent, Text("connect ", description_));
    return Greeted::kSent;
  }
  // A server that is killed may keep its lock for some milliseconds more: who greets it then
  // greets nobody.
  absl::Status CanBeAnswered() override {
    if (server_.OwnerLives()) return absl::OkStatus();
    return Refused(Reason::kUnreachable, Text("connect ", description_, ": its server has died"));
  }
  void GiveUp() override { outbox_.Word(HubEnvelope::kGoodbye, key_, {}, ToServer()); }

 private:
  decltype(Into(std::declval<const Queue&>(), 0)) ToServer() const {
    return Into(server_, settings_.queue_priority);
  }

  Loop& loop_;
  const MqSettings settings_;
  Queue own_;
  const std::string own_name_;
  const Queue server_;
  const std::string description_;
  const uint64_t key_;
  ProcessName process_;  // the server's, since the welcome
  HubOutbox outbox_;
};

}  // namespace

Caps CapsOf(const MqSettings& settings) {
  Caps caps;
  caps.send = caps.receive = caps.reply = caps.ordered = caps.reliable = caps.peer_loss = true;
  caps.frame_bytes_max = settings.size.message_bytes - static_cast<uint32_t>(sizeof(HubEnvelope));
  caps.depth_frames = Link::kDepthFrames;
  return caps;
}

std::unique_ptr<HubMedium> MakeMqServer(Loop& loop, const MqSettings& settings, Queue queue,
                                        std::string description) {
  return std::make_unique<MqServer>(loop, settings, std::move(queue), std::move(description));
}

std::unique_ptr<HubMedium> MakeMqClient(Loop& loop, const MqSettings& settings, Queue own,
                                        std::string own_name, Queue server,
                                        std::string description) {
  return std::make_unique<MqClient>(loop, settings, std::move(own), std::move(own_name),
                                    std::move(server), std::move(description));
}

}  // namespace jackfield
