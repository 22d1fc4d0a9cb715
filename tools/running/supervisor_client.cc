#include "tools/running/supervisor_client.h"

#include <utility>

#include "kernel/base/text.h"
#include "kernel/base/units.h"
#include "tools/running/find_wiring.h"

namespace jackfield {

absl::StatusOr<std::unique_ptr<SupervisorClient>> SupervisorClient::Open(const Registry& registry,
                                                                         std::string_view wanted) {
  absl::StatusOr<RunningWiring> wiring = FindWiring(wanted);
  if (!wiring.ok()) return wiring.status();
  absl::StatusOr<std::unique_ptr<SupervisorClient>> client = Open(registry, *std::move(wiring));
  if (client.ok()) return client;
  wiring = FindWiring(wanted);  // it may have gone meanwhile: then it is said how
  return wiring.ok() ? client.status() : wiring.status();
}

absl::StatusOr<std::unique_ptr<SupervisorClient>> SupervisorClient::Open(const Registry& registry,
                                                                         RunningWiring wiring) {
  absl::StatusOr<std::unique_ptr<Node>> node =
      Node::Create({.name = "jackfield", .registry = &registry, .spin_ns = 0});
  if (!node.ok()) return node.status();
  absl::StatusOr<std::unique_ptr<Channel>> channel =
      Channel::Open(**node, wiring.address, {.role = wiring.name, .reconnect = false});
  absl::Status open = channel.ok() ? (*channel)->WaitOpen() : channel.status();
  if (!open.ok()) return open;
  auto client = std::make_unique<SupervisorClient>();
  client->wiring_ = std::move(wiring);
  client->node_ = *std::move(node);
  client->channel_ = *std::move(channel);
  client->init_ = std::make_unique<init::InitClient>(*client->channel_);
  return client;
}

absl::StatusOr<MessageOf<init::Wiring>> SupervisorClient::Look() {
  return init_
      ->Look([](flatbuffers::FlatBufferBuilder& fbb) { return init::CreateLookRequest(fbb); })
      .Wait();
}

absl::Status SupervisorClient::WaitForEnd(int64_t limit_ns) {
  const int64_t deadline_ns = AfterNs(node_->clock().NowNs(), limit_ns);
  while (channel_->ended_why().ok()) {
    if (node_->clock().NowNs() >= deadline_ns)
      return absl::DeadlineExceededError(Text(wiring_.name, " is still up after ",
                                              FormatDurationNs(limit_ns),
                                              "; see what holds it: jackfield ps"));
    if (absl::Status usable = node_->Usable(); !usable.ok()) return usable;
    node_->Turn(deadline_ns);
  }
  return absl::OkStatus();
}

}  // namespace jackfield
