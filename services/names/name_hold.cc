#include "services/names/name_hold.h"

#include <utility>
#include <vector>

#include "jackfield/outcome.h"
#include "jackfield/payload.h"
#include "kernel/base/text.h"

namespace jackfield::names {
namespace {

constexpr nanoseconds kAgain = 100ms;  // where the next attempt might fail like the last

// Has the service gone, or does it say that it goes?
bool GoesOn(const absl::Status& end) {
  if (OutcomeOf(end) == Outcome::kOk) return false;
  const Reason reason = ReasonOf(end);
  return reason == Reason::kPeerDied || reason == Reason::kUnreachable ||
         reason == Reason::kClosed || reason == Reason::kBackPressure;
}

flatbuffers::Offset<Announcement> Build(flatbuffers::FlatBufferBuilder& fbb, const Listed& listed) {
  std::vector<flatbuffers::Offset<flatbuffers::String>> addresses;
  for (const std::string& address : listed.addresses)
    addresses.push_back(fbb.CreateString(address));
  std::vector<flatbuffers::Offset<Interface>> interfaces;
  for (const Listed::Interface& interface : listed.interfaces) {
    interfaces.push_back(
        CreateInterface(fbb, fbb.CreateString(interface.name), interface.schema_hash));
  }
  return CreateAnnouncement(fbb, fbb.CreateString(listed.name), fbb.CreateVector(addresses),
                            fbb.CreateVector(interfaces));
}

}  // namespace

absl::StatusOr<std::unique_ptr<NameHold>> NameHold::Announce(Channel& channel,
                                                             std::string_view name,
                                                             const Port& port) {
  Listed listed{.name = std::string(name)};
  for (const Address& address : port.addresses()) listed.addresses.push_back(address.ToString());
  for (const ::jackfield::Interface* interface : port.interfaces()) {
    listed.interfaces.push_back({std::string(interface->name), interface->schema_hash});
  }
  std::unique_ptr<NameHold> hold(new NameHold(channel, std::move(listed)));
  if (absl::Status status = hold->OpenStream(); !status.ok()) return status;
  Node& node = channel.node();
  hold->keeping_ = hold->Keep(node);
  hold->keeping_.Start([](void*) {}, nullptr);
  node.RunUntil([&] { return hold->listed_ || !hold->ended_why_.ok() || node.interrupted(); });
  if (!hold->ended_why_.ok()) return hold->ended_why_;
  if (!hold->listed_) return absl::CancelledError("asked to stop before it was listed");
  return hold;
}

// It waits in the channel until that is open.
absl::Status NameHold::OpenStream() {
  CallOptions options;
  options.detached = true;  // of whichever call is being handled now
  const auto request = [this](flatbuffers::FlatBufferBuilder& fbb) {
    fbb.Finish(Build(fbb, listing_));
  };
  absl::StatusOr<std::unique_ptr<ClientStream>> stream =
      channel_.OpenStream(NamesMethods::kAnnounce.type, ::jackfield::Build(request), options);
  if (!stream.ok()) return stream.status();
  stream_ = *std::move(stream);
  return absl::OkStatus();
}

Task<void> NameHold::Keep(Node& node) {
  while (true) {
    if (stream_ != nullptr) {
      bool began = false;
      while ((co_await stream_->Read()).has_value()) began = listed_ = true;
      const absl::Status end = (co_await stream_->Finish()).status();
      listed_ = false;
      stream_.reset();
      if (!GoesOn(end) || !channel_.ended_why().ok()) {
        ended_why_ = !end.ok() ? end
                               : absl::UnavailableError(Text("the service of names has ended the "
                                                             "listing of ",
                                                             listing_.name));
        co_return;
      }
      if (!began) co_await node.Sleep(kAgain);
    }
    const absl::Status opened = OpenStream();
    if (ReasonOf(opened) == Reason::kBackPressure) {
      co_await node.Sleep(kAgain);
    } else if (!opened.ok()) {
      ended_why_ = opened;
      co_return;
    }
  }
}

}  // namespace jackfield::names
