#include "tools/supervisor/control.h"

#include <unistd.h>

#include <string>
#include <utility>

#include "tools/running/wirings.h"

namespace jackfield {
namespace {

init::ChangeKind KindOf(ChangeLine::Kind kind) {
  switch (kind) {
    case ChangeLine::Kind::kDone:
      return init::ChangeKind::Done;
    case ChangeLine::Kind::kNot:
      return init::ChangeKind::NotDone;
    case ChangeLine::Kind::kNote:
      return init::ChangeKind::Note;
  }
  return init::ChangeKind::Note;
}

}  // namespace

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

Handling Control::Tap(CallOf<init::TapRequest, init::Tapped> call) {
  const std::string service = call->service()->str();
  const absl::StatusOr<int> pid = commands_.PidOf(service);
  if (!pid.ok()) co_return pid.status();
  const absl::StatusOr<int> fd = co_await reach_.Tap(service);
  if (!fd.ok()) co_return fd.status();
  co_return call.Reply([pid = *pid, fd = *fd](flatbuffers::FlatBufferBuilder& fbb) {
    return init::CreateTapped(fbb, pid, fd);
  });
}

Handling Control::Trace(CallOf<init::TraceRequest, init::Done> call) {
  const std::string service = call->service()->str();
  const absl::StatusOr<int> pid = commands_.PidOf(service);
  if (!pid.ok()) co_return pid.status();
  absl::Status begun = co_await reach_.Trace(service, call->one_in());
  if (!begun.ok()) co_return begun;
  co_return call.Reply([](flatbuffers::FlatBufferBuilder& fbb) { return init::CreateDone(fbb); });
}

Handling Control::LastOf(CallOf<init::LastRequest, init::Last> call) {
  const absl::StatusOr<Commands::Last> last = commands_.LastOf(call->service()->string_view());
  if (!last.ok()) return last.status();
  return call.Reply([&last](flatbuffers::FlatBufferBuilder& fbb) {
    const auto ending = fbb.CreateString(last->ending);
    const auto page =
        fbb.CreateVector(reinterpret_cast<const uint8_t*>(last->page.data()), last->page.size());
    return init::CreateLast(fbb, ending, page);
  });
}

Handling Control::Reload(ServerStreamOf<init::ReloadRequest, init::ChangeLine> call) {
  const init::ReloadRequest& request = call.request();
  Changes::Asked asked;
  if (request.sets() != nullptr) {
    for (const auto* set : *request.sets()) asked.sets.push_back(set->str());
  }
  asked.forget = request.forget();
  asked.dry_run = request.dry_run();
  const std::shared_ptr<ChangeReport> report = commands_.Reload(std::move(asked));
  call.call().OnCancel([&report] { report->stir().Wake(); });
  for (size_t next = 0; !call.cancelled();) {
    if (next == report->lines().size()) {
      if (report->over()) co_return report->why();
      co_await report->stir().Next();
      continue;
    }
    const ChangeLine line = report->lines()[next++];  // a copy: others may come meanwhile
    absl::Status written = co_await call.Write([&line](flatbuffers::FlatBufferBuilder& fbb) {
      const auto about = line.about.empty() ? 0 : fbb.CreateString(line.about);
      const auto text = fbb.CreateString(line.text);
      return init::CreateChangeLine(fbb, KindOf(line.kind), about, text);
    });
    if (!written.ok()) co_return written;
  }
  co_return absl::CancelledError("the reader has gone");
}

}  // namespace jackfield
