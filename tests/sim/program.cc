#include "tests/sim/program.h"

#include "kernel/base/text.h"
#include "tests/sim/operations.h"

namespace jackfield::sim_test {

Program::Program(Scene& scene, int place, uint64_t seed)
    : scene_(scene),
      place_(place),
      random_(seed),
      node_(scene.world.AddNode(Text("p", place), scene.registry)) {
  channels_.resize(static_cast<size_t>(scene.programs));
  OpenPort();
}

Program::~Program() {
  gone_ = true;
  port_.reset();  // before the channels that its handlers use
  channels_.clear();
  ended_channels_.clear();
  node_.Turn(Node::kDoNotSleep);  // the links go
  scene_.world.RemoveNode(node_);
}

void Program::OpenPort() {
  PortOptions options = scene_.port;
  absl::StatusOr<std::unique_ptr<Port>> port =
      Port::Open(node_, {Text("sim:s", place_, scene_.address_params)}, options);
  if (!port.ok())
    return scene_.journal.Violate("a port cannot be opened: " +
                                  std::string(port.status().message()));
  port_ = *std::move(port);
  ++ports_opened_;
  HandleAll(*this, *port_);
}

void Program::StartClient(int operations) {
  ++scene_.clients_running;
  node_.Spawn(RunClient(*this, operations));
}

int64_t Program::TimeoutUs() {
  if (scene_.short_deadlines && random_.Chance(0.3)) return random_.Between(1, 400);
  return 2'000'000;
}

Channel* Program::ChannelTo(int place) {
  if (gone_) return nullptr;
  std::unique_ptr<Channel>& channel = channels_[static_cast<size_t>(place)];
  if (channel != nullptr && !channel->ended_why().ok())
    ended_channels_.push_back(std::move(channel));
  if (channel == nullptr) {
    if (++scene_.channels_made > 10'000) return nullptr;
    absl::StatusOr<std::unique_ptr<Channel>> opened =
        Channel::Open(node_, Text("sim:s", place, scene_.address_params), scene_.channel);
    if (!opened.ok()) {
      scene_.journal.Violate("a channel cannot be opened: " +
                             std::string(opened.status().message()));
      return nullptr;
    }
    channel = *std::move(opened);
  }
  return channel.get();
}

void Program::CloseChannel() {
  std::unique_ptr<Channel>& channel = channels_[random_.Below(channels_.size())];
  if (channel != nullptr) channel->Close(0s);
}

void Program::CloseThis(Channel& channel) {
  scene_.closed_any = true;
  channel.Close(0s);
}

void Program::ReopenPort() {
  port_.reset();
  OpenPort();
}

void Program::CheckInvariants() {
  const auto check = [this](const absl::Status& status) {
    if (!status.ok())
      scene_.journal.Violate(Text("node ", place_, ": ", std::string(status.message())));
  };
  if (port_ != nullptr) check(port_->CheckInvariants());
  for (const auto* channels : {&channels_, &ended_channels_}) {
    for (const auto& channel : *channels) {
      if (channel != nullptr) check(channel->CheckInvariants());
    }
  }
}

void Program::CheckAtRest() {
  Journal& journal = scene_.journal;
  for (const auto& channel : channels_) {
    if (channel == nullptr) continue;
    const Ledger ledger = channel->ledger();
    if (channel->calls_under_way() != 0)
      journal.Violate(Text("node ", place_, ": ", channel->calls_under_way(),
                           " calls under way on a channel at rest"));
    if (ledger.queued() != 0)
      journal.Violate(Text("node ", place_, ": a ledger at rest with ", ledger.queued(),
                           " frames queued of ", ledger.sent));
    if (ledger.received != ledger.handled && channel->open() && !scene_.channel.reconnect) {
      journal.Violate(Text("node ", place_, ": ", ledger.received, " replies and items received, ",
                           ledger.handled, " handled"));
    }
  }
  const Ledger ledger = port_->ledger();
  if (port_->calls_under_way() != 0 || port_->waiting() != 0) {
    journal.Violate(Text("node ", place_, ": a port at rest with ", port_->calls_under_way(),
                         " calls under way, ", port_->waiting(), " waiting"));
  }
  if (ledger.queued() != 0)
    journal.Violate(Text("node ", place_, ": a port's ledger at rest with ", ledger.queued(),
                         " frames queued of ", ledger.sent));
  if (node_.blocks().bytes_in_use() != 0) {
    std::string what =
        Text("node ", place_, ": ", node_.blocks().bytes_in_use(),
             " bytes of message memory in use at rest; ", port_->clients(), " clients");
    for (const auto& channel : channels_) {
      if (channel != nullptr)
        what += Text("; ", channel->Describe(), channel->open() ? " open" : " not open");
    }
    journal.Violate(what);
  }
}

void Program::DropEnded() {
  ended_channels_.clear();
  for (auto& channel : channels_) {
    if (channel != nullptr && !channel->ended_why().ok()) channel.reset();
  }
}

void Program::TearDown() {
  gone_ = true;
  port_.reset();
  channels_.clear();
  ended_channels_.clear();
}

void Program::CheckGone() {
  if (node_.blocks().bytes_in_use() != 0)
    scene_.journal.Violate(Text("node ", place_, ": ", node_.blocks().bytes_in_use(),
                                " bytes of message memory are left"));
  if (node_.timers().next_ns() != Timers::kNever)
    scene_.journal.Violate(Text("node ", place_, ": a timer is left"));
  if (node_.reactor().pending() > 1)
    scene_.journal.Violate(
        Text("node ", place_, ": operations of the reactor are left"));  // 1: its mailbox's
}

}  // namespace jackfield::sim_test
