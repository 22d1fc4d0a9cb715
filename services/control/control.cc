#include "services/control/control.h"

#include <optional>
#include <vector>

#include "jackfield/channel.h"

namespace jackfield {
namespace {

using flatbuffers::FlatBufferBuilder;
using flatbuffers::Offset;

Offset<control::Channel> BuildChannel(FlatBufferBuilder& fbb, const Channel& channel,
                                      int64_t now_ns) {
  const CallUnderWay oldest = channel.oldest_call().value_or(CallUnderWay{0, now_ns});
  const Ledger ledger = channel.ledger();
  const auto role = fbb.CreateString(channel.role());
  const auto address = fbb.CreateString(channel.address().ToString());
  return control::CreateChannel(fbb, role, address, channel.open(), channel.calls_under_way(),
                                oldest.type, now_ns - oldest.begun_ns, ledger.sent,
                                ledger.delivered, ledger.failed, ledger.in_doubt, ledger.refused,
                                ledger.dropped);
}

Offset<control::Port> BuildPort(FlatBufferBuilder& fbb, const Port& port, int64_t now_ns) {
  std::vector<Offset<flatbuffers::String>> addresses;
  for (const Address& address : port.addresses())
    addresses.push_back(fbb.CreateString(address.ToString()));
  std::vector<Offset<control::Method>> methods;
  for (const Interface* interface : port.interfaces()) {
    for (const Method& method : interface->methods) {
      const auto name = fbb.CreateString(method.name.data(), method.name.size());
      methods.push_back(control::CreateMethod(fbb, method.type, name));
    }
  }
  const CallUnderWay oldest = port.oldest_call().value_or(CallUnderWay{0, now_ns});
  const Ledger ledger = port.ledger();
  const auto all_addresses = fbb.CreateVector(addresses);
  const auto all_methods = fbb.CreateVector(methods);
  return control::CreatePort(fbb, all_addresses, port.clients(), port.calls_under_way(),
                             port.waiting(), oldest.type, now_ns - oldest.begun_ns, ledger.received,
                             ledger.handled, all_methods);
}

}  // namespace

absl::StatusOr<std::unique_ptr<ControlPort>> ControlPort::Open(Node& node,
                                                               const std::string& address,
                                                               Granted& granted, Watch* watch) {
  absl::StatusOr<std::unique_ptr<Port>> port = Port::Open(node, {address}, {.sessions_max = 1});
  if (!port.ok()) return port.status();
  return std::unique_ptr<ControlPort>(new ControlPort(*std::move(port), granted, watch));
}

Handling ControlPort::Look(CallOf<control::LookRequest, control::Process> call) {
  return call.Reply([this](FlatBufferBuilder& fbb) {
    Node& node = port_->node();
    const int64_t now_ns = node.clock().NowNs();
    std::vector<Offset<control::Channel>> channels;
    for (Channel* channel = node.channels().front(); channel != nullptr;
         channel = node.channels().next(channel))
      channels.push_back(BuildChannel(fbb, *channel, now_ns));
    std::vector<Offset<control::Port>> ports;
    for (Port* port = node.ports().front(); port != nullptr; port = node.ports().next(port)) {
      if (port != port_.get()) ports.push_back(BuildPort(fbb, *port, now_ns));
    }
    const auto all_channels = fbb.CreateVector(channels);
    const auto all_ports = fbb.CreateVector(ports);
    return control::CreateProcess(fbb, all_channels, all_ports);
  });
}

// It may have been destroyed since, so it is looked for among those that are there.
absl::StatusOr<Port*> ControlPort::ServedPort() const {
  Node& node = port_->node();
  for (Port* port = node.ports().front(); port != nullptr; port = node.ports().next(port)) {
    if (port == granted_.ServedPort()) return port;
  }
  return absl::FailedPreconditionError(node.name() +
                                       " serves nothing, and cannot begin to while it runs");
}

Handling ControlPort::Serve(CallOf<control::ServeRequest, control::Served> call) {
  const absl::StatusOr<Port*> port = ServedPort();
  if (!port.ok()) co_return port.status();
  Promise<Address> told(port_->node());
  Future<Address> serving = told.future();
  const absl::Status begun =
      (*port)->ServeAt(call->address()->string_view(),
                       [told = std::move(told)](const absl::StatusOr<Address>& actual) mutable {
                         told.Set(actual);
                       });
  if (!begun.ok()) co_return begun;
  const absl::StatusOr<Address> actual = co_await std::move(serving);
  if (!actual.ok()) co_return actual.status();
  co_return call.Reply([text = actual->ToString()](FlatBufferBuilder& fbb) {
    return control::CreateServedDirect(fbb, text.c_str());
  });
}

Handling ControlPort::Unserve(CallOf<control::UnserveRequest, control::Done> call) {
  const absl::StatusOr<Port*> port = ServedPort();
  if (!port.ok()) return port.status();
  const absl::StatusOr<Address> address = Address::Parse(call->address()->string_view());
  if (!address.ok()) return address.status();
  if (absl::Status left = (*port)->LeaveAddress(*address); !left.ok()) return left;
  return call.Reply([](FlatBufferBuilder& fbb) { return control::CreateDone(fbb); });
}

absl::Status ControlPort::Watched() const {
  if (watch_ != nullptr) return absl::OkStatus();
  return absl::ResourceExhaustedError(port_->node().name() +
                                      " had no memory to be watched when it was started");
}

Handling ControlPort::Trace(CallOf<control::TraceRequest, control::Done> call) {
  if (absl::Status status = Watched(); !status.ok()) return status;
  watch_->Trace(call->one_in());
  return call.Reply([](FlatBufferBuilder& fbb) { return control::CreateDone(fbb); });
}

Handling ControlPort::Tap(CallOf<control::TapRequest, control::Tapped> call) {
  if (absl::Status status = Watched(); !status.ok()) return status;
  const absl::StatusOr<int> fd = watch_->Tap();
  if (!fd.ok()) return fd.status();
  return call.Reply([fd = *fd](FlatBufferBuilder& fbb) { return control::CreateTapped(fbb, fd); });
}

// One that has ended stays so, and is no reason to hold up the others.
Handling ControlPort::Move(CallOf<control::MoveRequest, control::Done> call) {
  Node& node = port_->node();
  const std::string_view role = call->role()->string_view();
  const absl::StatusOr<Address> address = Address::Parse(call->address()->string_view());
  if (!address.ok()) return address.status();
  for (Channel* channel = node.channels().front(); channel != nullptr;
       channel = node.channels().next(channel)) {
    if (channel->role() != role || !channel->ended_why().ok()) continue;
    if (absl::Status moved = channel->MoveTo(*address); !moved.ok()) return moved;
  }
  granted_.Regrant(role, call->address()->str());
  return call.Reply([](FlatBufferBuilder& fbb) { return control::CreateDone(fbb); });
}

}  // namespace jackfield
