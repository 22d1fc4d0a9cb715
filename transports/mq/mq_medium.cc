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
#include "transports/engine/hub/process_peer.h"
#include "transports/engine/process.h"

namespace jackfield {
namespace {

constexpr size_t kNameBytesMax = 255;

// A queue and the place where messages for it are put together.
class Outbox {
 public:
  explicit Outbox(uint32_t message_bytes) : staging_(message_bytes) {}

  int Frame(const Queue& queue, uint64_t key, unsigned priority, const FrameRef& frame) {
    return Word(queue, HubEnvelope::kFrame, key, priority, {frame.data, frame.bytes});
  }
  int Word(const Queue& queue, HubEnvelope::Kind kind, uint64_t key, unsigned priority,
           std::span<const std::byte> body) {
    HubEnvelope envelope;
    envelope.kind = kind;
    envelope.key = key;
    if (sizeof envelope + body.size() > staging_.size()) return -EMSGSIZE;
    std::memcpy(staging_.data(), &envelope, sizeof envelope);
    if (!body.empty()) std::memcpy(staging_.data() + sizeof envelope, body.data(), body.size());
    return queue.Send({staging_.data(), sizeof envelope + body.size()}, priority);
  }
  // As HubMedium::Send.
  int Frames(const Queue& queue, uint64_t key, unsigned priority, Link& link) {
    while (link.has_tx()) {
      if (const int sent = Frame(queue, key, priority, link.NextTx()); sent < 0) return sent;
      link.PopTx(1);
    }
    return 0;
  }

 private:
  std::vector<std::byte> staging_;
};

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
        outbox_(settings.size.message_bytes) {}

  uint32_t arrival_bytes_max() const override { return settings_.size.message_bytes; }
  uint32_t arrivals_at_once() const override { return settings_.size.depth; }
  int readable_fd() const override { return queue_.fd(); }
  int Receive(HubBatch& batch) override { return ReceiveInto(queue_, batch); }
  void CloseDoor() override { queue_.Unname(); }

  absl::StatusOr<HubAdmission> Admit(HubArrival& arrival) override {
    ProcessName process;
    absl::StatusOr<Queue> answers = QueueOf(arrival, process);
    if (!answers.ok()) return answers.status();
    const uint64_t key = KeyOf(arrival);
    const int pid_fd = WatchProcess(node_.sys(), process);
    if (pid_fd < 0) {
      const absl::Status why = SysError(-pid_fd, Text("watch process ", process.pid));
      Refuse(*answers, key, std::string(why.message()));
      return why;
    }
    auto peer = std::make_unique<MqClientPeer>(pid_fd, *std::move(answers), key);
    const ProcessName own = ThisProcess();
    if (const int sent = outbox_.Word(peer->queue, HubEnvelope::kWelcome, key, 0,
                                      std::as_bytes(std::span(&own, 1)));
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
    return outbox_.Frames(client.queue, client.key, 0, link);
  }
  bool SayGoodbye(HubPeer& peer) override {
    const auto& client = static_cast<MqClientPeer&>(peer);
    return outbox_.Word(client.queue, HubEnvelope::kGoodbye, client.key, 0, {}) != -EAGAIN;
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
    outbox_.Word(answers, HubEnvelope::kRefusal, key, 0,
                 std::as_bytes(std::span(why.substr(0, 400))));
  }

  Node& node_;
  const MqSettings settings_;
  Queue queue_;
  const std::string description_;
  Outbox outbox_;
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
        outbox_(settings.size.message_bytes) {}

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

  int Send(HubPeer&, Link& link) override {
    return outbox_.Frames(server_, key_, settings_.queue_priority, link);
  }
  bool SayGoodbye(HubPeer&) override {
    return outbox_.Word(server_, HubEnvelope::kGoodbye, key_, settings_.queue_priority, {}) !=
           -EAGAIN;
  }

  absl::StatusOr<Greeted> Greet() override {
    const ProcessName process = ThisProcess();
    std::vector<std::byte> body(sizeof process + own_name_.size());
    std::memcpy(body.data(), &process, sizeof process);
    std::memcpy(body.data() + sizeof process, own_name_.data(), own_name_.size());
    const int sent =
        outbox_.Word(server_, HubEnvelope::kGreeting, key_, settings_.queue_priority, body);
    if (sent == -EAGAIN) return Greeted::kNoRoom;
    if (sent < 0) return SysError(-sent, Text("connect ", description_));
    return Greeted::kSent;
  }

 private:
  Node& node_;
  const MqSettings settings_;
  Queue own_;
  const std::string own_name_;
  const Queue server_;
  const std::string description_;
  const uint64_t key_;
  ProcessName process_;  // the server's, since the welcome
  Outbox outbox_;
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
