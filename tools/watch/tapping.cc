#include "tools/watch/tapping.h"

#include <poll.h>

#include <algorithm>
#include <span>
#include <string_view>
#include <utility>

#include "kernel/base/text.h"
#include "kernel/payload.h"
#include "schemas/control_generated.h"
#include "tools/cli/arguments.h"
#include "tools/watch/tools_own.h"
#include "tools/wiring/instance_name.h"

namespace jackfield::watch {
namespace {

constexpr int64_t kRenewNs = 1'000'000'000;  // a third of what a tap lasts
constexpr int kLookMs = 20;
constexpr size_t kMessagesPerLook = 4096;  // of one service

}  // namespace

absl::Status Tapping::Choose(const std::vector<std::string>& services) {
  const absl::StatusOr<MessageOf<init::Wiring>> wiring = client_.Look();
  if (!wiring.ok()) return wiring.status();
  std::vector<std::string_view> names;
  for (const init::Service* service : *(*wiring)->services())
    names.push_back(service->name()->string_view());
  for (const std::string& service : services) {
    const size_t before = tapped_.size();
    for (const std::string_view name : names) {
      if (Means(service, name)) tapped_.emplace_back().service = name;
    }
    if (tapped_.size() == before)
      return absl::NotFoundError(Text(client_.wiring().name, " has no service \"", Escaped(service),
                                      "\"", DidYouMean(service, names)));
  }
  return signals_.Block();
}

absl::Status Tapping::LearnPeers(Tapped& tapped) {
  const absl::StatusOr<OwnedFd> fd = OpenPage(tapped.pid, tapped.service);
  if (!fd.ok()) return fd.status();
  absl::StatusOr<PageCopy> page = ReadPage(fd->get());
  if (!page.ok()) return page.status();
  tapped.peers = std::move(page->peers);
  if (tapped.reader.has_value()) return absl::OkStatus();
  absl::StatusOr<TapReader> reader =
      TapReader::Open(tapped.pid, tapped.fd, page->realtime_ahead_ns);
  if (!reader.ok()) return reader.status();
  tapped.reader = *std::move(reader);
  tapped.follower = {};
  return absl::OkStatus();
}

absl::Status Tapping::Renew(Tapped& tapped) {
  const auto request = [&tapped](flatbuffers::FlatBufferBuilder& fbb) {
    return init::CreateTapRequestDirect(fbb, tapped.service.c_str());
  };
  const absl::StatusOr<MessageOf<init::Tapped>> asked = client_.init().Tap(request).Wait();
  if (!asked.ok()) return asked.status();
  if (tapped.pid != (*asked)->pid() || tapped.fd != (*asked)->fd()) tapped.reader.reset();
  tapped.pid = (*asked)->pid();
  tapped.fd = (*asked)->fd();
  return tapped.reader.has_value() ? absl::OkStatus() : LearnPeers(tapped);
}

bool Tapping::IsToldByItsSender(const Event& event, const std::string& peer) const {
  return filter_.once && event.way == FrameWay::kReceived &&
         std::any_of(tapped_.begin(), tapped_.end(), [&](const Tapped& other) {
           return other.service == peer && other.reader.has_value();
         });
}

void Tapping::Decode(Seen& seen, const TappedMessage& message) {
  if (message.payload_bytes == 0) return;
  if (message.payload.size() < message.payload_bytes) {
    seen.note =
        Text(message.payload_bytes, " bytes, of which a tap keeps ", message.payload.size());
    return;
  }
  const std::span<const std::byte> payload = std::as_bytes(std::span(message.payload));
  if (message.event.kind == FrameKind::Reply && message.event.code != 0) {
    const auto* failure = RootOf<wire::Failure>(payload);
    if (failure != nullptr && failure->text() != nullptr)
      seen.note = Escaped(failure->text()->string_view());
    return;
  }
  absl::StatusOr<std::string> json =
      names_.JsonOf(seen.told.type, seen.told.by_caller ? Way::kRequest : Way::kReply, payload);
  if (json.ok())
    seen.message = *std::move(json);
  else
    seen.note = Text(payload.size(), " bytes: ", std::string(json.status().message()));
}

bool Tapping::Tell(Tapped& tapped, const TappedMessage& message, const Take& take) {
  Seen seen;
  seen.event = message.event;
  seen.told = tapped.follower.Take(message.event);
  if (!tapped.peers.contains(message.event.peer_epoch)) LearnPeers(tapped).IgnoreError();
  seen.peer = tapped.peers.try_emplace(message.event.peer_epoch, "?").first->second;
  if (IsToldByItsSender(message.event, seen.peer)) return true;
  if (!filter_.peer.empty() && !Means(filter_.peer, seen.peer)) return true;
  if (!names_.knows(seen.told.type) && unknown_.insert(seen.told.type).second)
    names_.Learn(client_);
  seen.service = tapped.service;
  seen.method = names_.MethodOf(seen.told.type);
  if (!filter_.own && IsToolsOwn(seen.method)) return true;
  if (seen.method.find(filter_.method) == std::string::npos) return true;
  Decode(seen, message);
  return take(seen);
}

bool Tapping::ReadNew(Tapped& tapped, const Take& take, const Trouble& trouble) {
  if (!tapped.reader.has_value()) return true;
  for (size_t i = 0; i < kMessagesPerLook; ++i) {
    const std::optional<TappedMessage> message = tapped.reader->Next();
    if (const uint64_t missed = tapped.reader->TakeMissed(); missed > 0)
      trouble(Text(missed, " messages of ", tapped.service, " came too fast to be shown"));
    if (!message.has_value()) return true;
    if (!Tell(tapped, *message, take)) return false;
  }
  return true;
}

Tapping::End Tapping::Run(const Take& take, const Trouble& trouble) {
  names_.Learn(client_);
  for (int64_t renew_ns = 0;;) {
    const int64_t now_ns = client_.node().clock().NowNs();
    if (now_ns >= renew_ns) {
      renew_ns = now_ns + kRenewNs;
      for (Tapped& tapped : tapped_) {
        const absl::Status renewed = Renew(tapped);
        if (!client_.IsUp()) return End::kWiringEnded;
        const std::string why(renewed.message());
        if (!renewed.ok() && why != tapped.trouble)
          trouble(Text(tapped.service, " is not seen: ", why));
        tapped.trouble = why;
      }
    }
    for (Tapped& tapped : tapped_) {
      if (!ReadNew(tapped, take, trouble)) return End::kEnough;
    }
    pollfd stop{signals_.fd(), POLLIN, 0};
    if (poll(&stop, 1, kLookMs) > 0 && signals_.Take().stops > 0) return End::kStopped;
  }
}

}  // namespace jackfield::watch
