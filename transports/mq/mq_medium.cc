#include "transports/mq/mq_medium.h"

#include <cerrno>
#include <cstring>
#include <utility>
#include <vector>

#include "kernel/node.h"
#include "kernel/outcome.h"
#include "kernel/text.h"
#include "transports/engine/hub/envelope_arrival.h"
#include "transports/engine/hub/hub_batch.h"
#include "transports/engine/hub/outbox.h"
#include "transports/engine/hub/process_peer.h"
#include "transports/engine/process.h"
#include "transports/engine/turn_away.h"

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

class MqClientPeer final : public ProcessPeer {
 public:
  MqClientPeer(int pid_fd, Queue queue, uint64_t key)
      : ProcessPeer(pid_fd), queue(std::move(queue)), key(key) {}
  int room_fd() const override { return queue.fd(); }
  const Queue queue;
  const uint64_t key;
};

class MqServer final : public HubMedium {
 public:
  MqServer(Node& node, const MqSettings& settings, Queue queue, std::string description)
      : node_(node),
        settings_(settings),
        queue_(std::move(queue)),
        description_(std::move(description)),
        outbox_(0, settings.size.message_bytes) {}

  uint32_t arrival_bytes_max() const override { return settings_.size.message_bytes; }
  uint32_t arrivals_at_once() const override { return settings_.size.depth; }
  int readable_fd() const override { return queue_.fd(); }
  int Receive(HubBatch& batch) override { return ReceiveInto(queue_, batch); }
  void CloseDoor() override { queue_.Unname(); }

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
    const int pid_fd = WatchProcess(node_.sys(), process);
    if (pid_fd < 0) {
      const absl::Status why = pid_fd == -EMFILE || pid_fd == -ENFILE
                                   ? NoDescriptorLeft(-pid_fd)
                                   : SysError(-pid_fd, Text("watch process ", process.pid));
      Refuse(*answers, key, std::string(why.message()));
      return why;
    }
    auto peer = std::make_unique<MqClientPeer>(pid_fd, *std::move(answers), key);
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
    if (answers.ok()) Refuse(*answers, KeyOf(arrival), why);
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
    absl::StatusOr<Queue> queue = Queue::Use(node_.sys(), name, settings_.size.message_bytes);
    // Admitted or dead, its name has done its work.
    if (queue.ok())
      Queue::Remove(name);
    else if (queue.status().code() == absl::StatusCode::kUnavailable)
      Queue::RemoveDead(name).IgnoreError();  // it has gone already
    return queue;
  }
  void Refuse(const Queue& answers, uint64_t key, std::string_view why) {
    outbox_.Word(HubEnvelope::kRefusal, key, std::as_bytes(std::span(why.substr(0, 400))),
                 Into(answers, 0));
  }

  Node& node_;
  const MqSettings settings_;
  Queue queue_;
  const std::string description_;
  HubOutbox outbox_;
  SpareFd spare_;
};

class MqServerPeer final : public ProcessPeer {
 public:
  MqServerPeer(int pid_fd, int queue_fd) : ProcessPeer(pid_fd), queue_fd_(queue_fd) {}
  int room_fd() const override { return queue_fd_; }

 private:
  const int queue_fd_;  // the medium's
};

class MqClient final : public HubMedium {
 public:
  MqClient(Node& node, const MqSettings& settings, Queue own, std::string own_name, Queue server,
           std::string description)
      : node_(node),
        settings_(settings),
        own_(std::move(own)),
        own_name_(std::move(own_name)),
        server_(std::move(server)),
        description_(std::move(description)),
        key_(node.NextRandom() | 1),
        outbox_(0, settings.size.message_bytes) {}

  ~MqClient() override {
    // A dead server cannot remove its queue.
    if (process_.pid != 0 && ProcessWithPid(process_.pid) != process_)
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
    const int pid_fd = WatchProcess(node_.sys(), process_);
    if (pid_fd < 0) return SysError(-pid_fd, Text(description_, ": watch process ", process_.pid));
    return HubAdmission{arrival.from, std::make_unique<MqServerPeer>(pid_fd, server_.fd()),
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
  void GiveUp() override { outbox_.Word(HubEnvelope::kGoodbye, key_, {}, ToServer()); }

 private:
  decltype(Into(std::declval<const Queue&>(), 0)) ToServer() const {
    return Into(server_, settings_.queue_priority);
  }

  Node& node_;
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

std::unique_ptr<HubMedium> MakeMqServer(Node& node, const MqSettings& settings, Queue queue,
                                        std::string description) {
  return std::make_unique<MqServer>(node, settings, std::move(queue), std::move(description));
}

std::unique_ptr<HubMedium> MakeMqClient(Node& node, const MqSettings& settings, Queue own,
                                        std::string own_name, Queue server,
                                        std::string description) {
  return std::make_unique<MqClient>(node, settings, std::move(own), std::move(own_name),
                                    std::move(server), std::move(description));
}

}  // namespace jackfield
