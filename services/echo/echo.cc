#include "services/echo/echo.h"

#include <memory>
#include <optional>
#include <string>

#include "kernel/base/text.h"

namespace jackfield::echo {
namespace {

// A SayReply with the text of another table, copied without a detour.
template <class Table>
auto SayAgain(const Table& said) {
  return [&said](flatbuffers::FlatBufferBuilder& fbb) {
    return CreateSayReply(fbb, fbb.CreateString(said.text()));
  };
}

}  // namespace

Handling Echo::Say(CallOf<SayRequest, SayReply> call) {
  return call.Reply(SayAgain(call.request()));
}

Handling Echo::Hear(OneWayOf<SayRequest>) {
  ++heard_;
  return absl::OkStatus();
}

Handling Echo::Repeat(ServerStreamOf<RepeatRequest, SayReply> call) {
  if (call->times() > kRepeatsMax)
    co_return absl::InvalidArgumentError(Text("times is at most ", kRepeatsMax));
  for (uint32_t i = 0; i < call->times(); ++i) {
    absl::Status written = co_await call.Write(SayAgain(call.request()));
    if (!written.ok()) co_return written;
  }
  co_return absl::OkStatus();
}

Handling Echo::Join(ClientStreamOf<SayRequest, Joined> call) {
  std::string text;
  uint32_t items = 0;
  while (std::optional<MessageOf<SayRequest>> said = co_await call.Read()) {
    text += (*said)->text()->string_view();
    if (text.size() > kJoinedBytesMax)
      co_return absl::ResourceExhaustedError(Text("more than ", kJoinedBytesMax, " bytes to join"));
    ++items;
  }
  co_return call.Reply([&](flatbuffers::FlatBufferBuilder& fbb) {
    return CreateJoined(fbb, fbb.CreateString(text), items);
  });
}

Handling Echo::Chat(BothStreamsOf<SayRequest, SayReply> call) {
  while (std::optional<MessageOf<SayRequest>> said = co_await call.Read()) {
    absl::Status written = co_await call.Write(SayAgain(**said));
    if (!written.ok()) co_return written;
  }
  co_return absl::OkStatus();
}

absl::Status RunEcho(Service& service) {
  Echo echo;
  absl::StatusOr<std::unique_ptr<Port>> port = service.Serve();
  if (!port.ok()) return port.status();
  echo.RegisterOn(**port);
  return service.Run();
}

}  // namespace jackfield::echo
