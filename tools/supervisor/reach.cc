#include "tools/supervisor/reach.h"

#include <utility>

#include "kernel/base/text.h"

namespace jackfield {
namespace {

constexpr uint32_t kLooksMax = 64;  // at a time

constexpr auto kLook = [](flatbuffers::FlatBufferBuilder& fbb) {
  return control::CreateLookRequest(fbb);
};

}  // namespace

absl::StatusOr<std::string> Reach::Connect(size_t service, std::vector<OwnedFd>& handed) {
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

void Reach::Disconnect(size_t service) { channels_[service] = nullptr; }

void Reach::Learn(size_t service) {
  if (channels_[service] == nullptr) return;
  control::ControlClient client(*channels_[service]);
  client
      .LookAsync(
          kLook, {.timeout = kAnswerTimeout},
          [methods = methods_, service](absl::StatusOr<MessageOf<control::Process>> process) {
            if (process.ok()) Note(*methods, service, **process);
          })
      .IgnoreError();
}

void Reach::Note(Methods& methods, size_t service, const control::Process& process) {
  if (process.ports() == nullptr) return;
  for (const control::Port* port : *process.ports()) {
    if (port->methods() == nullptr) continue;
    for (const control::Method* method : *port->methods()) {
      if (method->name() != nullptr) methods[service][method->type()] = method->name()->str();
    }
  }
}

Task<Reach::Answers> Reach::Ask() {
  std::vector<std::optional<Future<MessageOf<control::Process>>>> asked(channels_.size());
  for (size_t i = 0; i < channels_.size(); ++i) {
    if (!connected(i)) continue;
    control::ControlClient client(*channels_[i]);
    asked[i].emplace(client.LookFuture(kLook, {.timeout = kAnswerTimeout, .detached = true}));
  }
  Answers answers(channels_.size());
  for (size_t i = 0; i < channels_.size(); ++i) {
    if (!asked[i]) continue;
    absl::StatusOr<MessageOf<control::Process>> process = co_await std::move(*asked[i]);
    if (!process.ok()) continue;
    Note(*methods_, i, **process);
    answers[i] = *std::move(process);
  }
  co_return answers;
}

std::string Reach::MethodOf(size_t service, uint32_t type) const {
  const auto method = (*methods_)[service].find(type);
  return method == (*methods_)[service].end() ? Text("type ", type) : method->second;
}

}  // namespace jackfield
