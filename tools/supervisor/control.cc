#include "tools/supervisor/control.h"

#include <unistd.h>

#include <algorithm>
#include <set>
#include <string>

#include "tools/running/wirings.h"

namespace jackfield {

absl::Status Control::Serve(Node& node, std::string_view wiring) {
  absl::StatusOr<std::unique_ptr<Port>> port =
      Port::Open(node, {ControlAddress(wiring, getuid(), getpid())});
  if (!port.ok()) return port.status();
  port_ = *std::move(port);
  RegisterOn(*port_);
  return absl::OkStatus();
}

Handling Control::Look(CallOf<init::LookRequest, init::Wiring> call) {
  const Reach::Answers answers = co_await reach_.Ask();
  co_return call.Reply([this, &answers](flatbuffers::FlatBufferBuilder& fbb) {
    return commands_.Look(fbb, answers);
  });
}

Handling Control::Stop(CallOf<init::StopRequest, init::Done> call) {
  commands_.StopAll();
  return call.Reply([](flatbuffers::FlatBufferBuilder& fbb) { return init::CreateDone(fbb); });
}

Handling Control::Restart(CallOf<init::RestartRequest, init::Done> call) {
  absl::Status done = commands_.Restart(call->service()->string_view());
  if (!done.ok()) return done;
  return call.Reply([](flatbuffers::FlatBufferBuilder& fbb) { return init::CreateDone(fbb); });
}

Handling Control::Logs(ServerStreamOf<init::LogsRequest, init::LogLine> call) {
  const init::LogsRequest& request = call.request();
  std::set<std::string, std::less<>> wanted;
  if (request.services() != nullptr) {
    for (const auto* service : *request.services()) wanted.insert(service->str());
  }
  const bool follow = request.follow();
  uint64_t next =
      log_.Last(static_cast<uint64_t>(std::max<int64_t>(0, request.lines_max())), wanted);
  Log::Waiter* waiter = nullptr;
  call.call().OnCancel([&waiter] {
    if (waiter != nullptr) waiter->Wake();
  });
  while (!call.cancelled()) {
    if (next == log_.end()) {
      if (!follow) co_return absl::OkStatus();
      Log::Waiter appended(log_, next);
      waiter = &appended;
      co_await appended;
      waiter = nullptr;
      continue;
    }
    const uint64_t missed = log_.first() > next ? log_.first() - next : 0;
    next += missed;
    const LogLine line = log_.At(next++);  // a copy: others may come while this one waits
    if (!wanted.empty() && !wanted.contains(line.service)) continue;
    absl::Status written = co_await call.Write([&](flatbuffers::FlatBufferBuilder& fbb) {
      const auto service = line.service.empty() ? 0 : fbb.CreateString(line.service);
      const auto text = fbb.CreateString(line.text);
      return init::CreateLogLine(fbb, line.number, line.time_ns, service, text, missed);
    });
    if (!written.ok()) co_return written;
  }
  co_return absl::CancelledError("the reader has gone");
}

}  // namespace jackfield
