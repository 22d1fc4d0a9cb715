// Channels: their life.
#include <algorithm>
#include <cstring>
#include <utility>

#include "bindings/c/guard.h"

namespace jackfield::c {

jf_channel* NewChannel(jf_node& node, std::unique_ptr<Channel> channel) {
  jf_channel* handle = Shells<jf_channel>::Take();
  handle->node = &node;
  handle->channel = std::move(channel);
  node.channels.PushBack(*handle);
  return handle;
}

void EndChannel(jf_channel& channel) {
  while (jf_stream* stream = channel.streams.front()) EndStream(*stream);
  channel.Unlink();
  channel.channel.reset();
  channel.node = nullptr;
  Shells<jf_channel>::Give(channel);
}

absl::Status ReadChannelOptions(const char* function, const jf_channel_options* given,
                                ChannelOptions& options) {
  jf_channel_options known;
  if (absl::Status status = ReadSized(function, given, known); !status.ok()) return status;
  if (known.timeout_us < 0 || known.connect_us < 0)
    return Wrong(function, "a time of its options is less than 0");
  if (known.timeout_us != 0) options.timeout = Microseconds(known.timeout_us);
  if (known.connect_us != 0) options.connect_timeout = Microseconds(known.connect_us);
  if (known.calls_max != 0) options.calls_max = known.calls_max;
  if (known.message_bytes_max != 0) options.message_bytes_max = known.message_bytes_max;
  options.reconnect = known.no_reconnect == 0;
  options.needs.fds = known.sends_fds != 0;
  return absl::OkStatus();
}

namespace {

// Errors: MISUSE: something waits on it, or on one of its streams.
absl::Status CheckFree(jf_channel& channel) {
  constexpr const char* kFunction = "jf_channel_close";
  if (channel.blocked != 0)
    return Misuse(kFunction, "jf_channel_wait or jf_send waits on it, further up the stack");
  absl::Status status;
  for (jf_stream* stream = channel.streams.front(); stream != nullptr && status.ok();
       stream = channel.streams.next(stream))
    status = CheckUnblocked(kFunction, stream);
  return status;
}

}  // namespace
}  // namespace jackfield::c

using namespace jackfield;     // NOLINT: the functions of the ABI lie outside
using namespace jackfield::c;  // NOLINT

int jf_channel_open(jf_node* node, const char* address, const jf_channel_options* options,
                    jf_channel** out) {
  constexpr const char* kFunction = "jf_channel_open";
  return Guarded(kFunction, node, [=]() -> absl::Status {
    ChannelOptions known;
    absl::Status status =
        FirstOf(CheckOut(kFunction, out), ReadChannelOptions(kFunction, options, known),
                address != nullptr ? absl::OkStatus() : Wrong(kFunction, "there is no address"));
    if (!status.ok()) return status;
    absl::StatusOr<std::unique_ptr<Channel>> channel =
        Channel::Open(NodeOf(*node), address, std::move(known));
    if (!channel.ok()) return channel.status();
    *out = NewChannel(*node, *std::move(channel));
    return absl::OkStatus();
  });
}

int jf_channel_wait(jf_channel* channel) {
  return Guarded("jf_channel_wait", channel, [channel] {
    absl::Status outside = CheckOutside("jf_channel_wait", *channel->node);
    const Blocking blocking(*channel);
    return outside.ok() ? channel->channel->WaitOpen() : outside;
  });
}

int jf_channel_close(jf_channel* channel, int64_t timeout_us, jf_receipt* receipt) {
  constexpr const char* kFunction = "jf_channel_close";
  if (channel == nullptr) return JF_OK;
  return Guarded(kFunction, channel, [=]() -> absl::Status {
    if (timeout_us < 0) return Wrong(kFunction, "its time is less than 0");
    if (receipt != nullptr) {
      if (absl::Status sized = CheckSize(kFunction, receipt); !sized.ok()) return sized;
    }
    if (absl::Status free = CheckFree(*channel); !free.ok()) return free;
    Node& node = NodeOf(*channel->node);
    channel->kind.store(Kind::kNone);  // a callback that runs meanwhile finds it closed
    while (jf_stream* stream = channel->streams.front()) EndStream(*stream);
    const Receipt got = channel->channel->Close(node.in_turn() ? 0s : Microseconds(timeout_us));
    if (receipt != nullptr) {
      receipt->handled = got.handled;
      receipt->delivered = got.delivered;
      receipt->undelivered = got.undelivered;
      receipt->in_doubt = got.in_doubt;
    }
    if (!node.in_turn()) return EndChannel(*channel), absl::OkStatus();
    // Not under the feet of its own callback. The node may end before, and the channel with it.
    node.Defer([channel, life = channel->life] {
      if (channel->life == life && channel->channel != nullptr) EndChannel(*channel);
    });
    return absl::OkStatus();
  });
}

size_t jf_channel_describe(jf_channel* channel, char* text, size_t bytes) {
  size_t needs = 0;
  Guarded("jf_channel_describe", channel, [&]() -> absl::Status {
    const std::string words = channel->channel->Describe();
    needs = words.size();
    if (text == nullptr || bytes == 0) return absl::OkStatus();
    const size_t copied = std::min(words.size(), bytes - 1);
    std::memcpy(text, words.data(), copied);
    text[copied] = '\0';
    return absl::OkStatus();
  });
  return needs;
}
