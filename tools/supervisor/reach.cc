#include "tools/supervisor/reach.h"

#include <utility>

#include "kernel/base/text.h"
#include "kernel/base/units.h"
#include "kernel/registry.h"

namespace jackfield {
namespace {

constexpr uint32_t kLooksMax = 64;  // at a time

constexpr auto kLook = [](flatbuffers::FlatBufferBuilder& fbb) {
  return control::CreateLookRequest(fbb);
};

}  // namespace

absl::StatusOr<std::string> Reach::Connect(const std::string& service,
                                           std::vector<OwnedFd>& handed) {
  int to_service[2], from_service[2];
  if (const int error = node_.sys().Pipe(to_service); error < 0) return SysError(-error, "pipe");
  OwnedFd service_read(to_service[0]), write(to_service[1]);
  if (const int error = node_.sys().Pipe(from_service); error < 0) return SysError(-error, "pipe");
  OwnedFd read(from_service[0]), service_write(from_service[1]);
  absl::StatusOr<std::unique_ptr<Channel>> channel = Channel::Open(
      node_, Text("pipe:fd=", read.get(), ",", write.get()), {.calls_max = kLooksMax});
  if (!channel.ok()) return channel.status();
  read.Release();  // the channel's now
  write.Release();
  channels_[service] = *std::move(channel);
  const std::string address = Text("pipe:fd=", service_read.get(), ",", service_write.get());
  handed.push_back(std::move(service_read));
  handed.push_back(std::move(service_write));
  return address;
}

void Reach::Disconnect(const std::string& service) { channels_.erase(service); }

void Reach::Learn(const std::string& service) {
  const auto channel = channels_.find(service);
  if (channel == channels_.end()) return;
  control::ControlClient client(*channel->second);
  client
      .LookAsync(
          kLook, {.timeout = kAnswerTimeout},
          [methods = MethodsOf(service)](absl::StatusOr<MessageOf<control::Process>> process) {
            if (process.ok()) Note(*methods, **process);
          })
      .IgnoreError();
}

const std::shared_ptr<Reach::Methods>& Reach::MethodsOf(const std::string& service) {
  std::shared_ptr<Methods>& methods = methods_[service];
  if (methods == nullptr) methods = std::make_shared<Methods>();
  return methods;
}

void Reach::Note(Methods& methods, const control::Process& process) {
  if (process.ports() == nullptr) return;
  for (const control::Port* port : *process.ports()) {
    if (port->methods() == nullptr) continue;
    for (const control::Method* method : *port->methods()) {
      if (method->name() != nullptr) methods[method->type()] = method->name()->str();
    }
  }
}

Task<Reach::Answers> Reach::Ask() {
  std::vector<std::pair<std::string, Future<MessageOf<control::Process>>>> asked;
  for (const auto& [service, channel] : channels_) {
    if (!channel->open()) continue;
    control::ControlClient client(*channel);
    asked.emplace_back(service,
                       client.LookFuture(kLook, {.timeout = kAnswerTimeout, .detached = true}));
  }
  Answers answers;
  for (auto& [service, answer] : asked) {
    absl::StatusOr<MessageOf<control::Process>> process = co_await std::move(answer);
    if (!process.ok()) continue;
    Note(*MethodsOf(service), **process);
    answers.emplace(service, *std::move(process));
  }
  co_return answers;
}

absl::Status Reach::NotConnected(const std::string& service) {
  return absl::UnavailableError(Text(service, " does not run, or is no service of the bus"));
}

absl::Status Reach::InWords(absl::Status status, const std::string& service, nanoseconds within) {
  if (!absl::IsDeadlineExceeded(status)) return status;
  return absl::DeadlineExceededError(Text(service, " does not answer within ",
                                          FormatDurationNs(within.count()),
                                          "; see what holds it: jackfield ps"));
}

Task<absl::StatusOr<Address>> Reach::Serve(std::string service, std::string address) {
  const auto channel = channels_.find(service);
  if (channel == channels_.end()) co_return NotConnected(service);
  control::ControlClient client(*channel->second);
  const auto request = [&address](flatbuffers::FlatBufferBuilder& fbb) {
    return control::CreateServeRequestDirect(fbb, address.c_str());
  };
  absl::StatusOr<MessageOf<control::Served>> served =
      co_await client.ServeFuture(request, {.timeout = kChangeTimeout, .detached = true});
  if (!served.ok()) co_return InWords(served.status(), service);
  co_return node_.registry().Parse((*served)->actual()->string_view());
}

Task<absl::Status> Reach::Unserve(std::string service, std::string actual) {
  const auto channel = channels_.find(service);
  if (channel == channels_.end()) co_return NotConnected(service);
  control::ControlClient client(*channel->second);
  const auto request = [&actual](flatbuffers::FlatBufferBuilder& fbb) {
    return control::CreateUnserveRequestDirect(fbb, actual.c_str());
  };
  const absl::StatusOr<MessageOf<control::Done>> done =
      co_await client.UnserveFuture(request, {.timeout = kChangeTimeout, .detached = true});
  co_return InWords(done.status(), service);
}

Task<absl::Status> Reach::Move(std::string service, std::string role, std::string address) {
  const auto channel = channels_.find(service);
  if (channel == channels_.end()) co_return NotConnected(service);
  control::ControlClient client(*channel->second);
  const auto request = [&](flatbuffers::FlatBufferBuilder& fbb) {
    return control::CreateMoveRequestDirect(fbb, role.c_str(), address.c_str());
  };
  const absl::StatusOr<MessageOf<control::Done>> done =
      co_await client.MoveFuture(request, {.timeout = kChangeTimeout, .detached = true});
  co_return InWords(done.status(), service);
}

Task<absl::StatusOr<int>> Reach::Tap(std::string service) {
  const auto channel = channels_.find(service);
  if (channel == channels_.end()) co_return NotConnected(service);
  control::ControlClient client(*channel->second);
  const auto request = [](flatbuffers::FlatBufferBuilder& fbb) {
    return control::CreateTapRequest(fbb);
  };
  const absl::StatusOr<MessageOf<control::Tapped>> tapped =
      co_await client.TapFuture(request, {.timeout = kTapTimeout, .detached = true});
  if (!tapped.ok()) co_return InWords(tapped.status(), service, kTapTimeout);
  co_return (*tapped)->fd();
}

Task<absl::Status> Reach::Trace(std::string service, uint32_t one_in) {
  const auto channel = channels_.find(service);
  if (channel == channels_.end()) co_return NotConnected(service);
  control::ControlClient client(*channel->second);
  const auto request = [one_in](flatbuffers::FlatBufferBuilder& fbb) {
    return control::CreateTraceRequest(fbb, one_in);
  };
  const absl::StatusOr<MessageOf<control::Done>> done =
      co_await client.TraceFuture(request, {.timeout = kTapTimeout, .detached = true});
  co_return InWords(done.status(), service, kTapTimeout);
}

std::string Reach::MethodOf(const std::string& service, uint32_t type) const {
  const auto methods = methods_.find(service);
  if (methods == methods_.end()) return Text("type ", type);
  const auto method = methods->second->find(type);
  return method == methods->second->end() ? Text("type ", type) : method->second;
}

}  // namespace jackfield
