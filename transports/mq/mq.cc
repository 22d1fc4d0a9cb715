#include "transports/mq/mq.h"

#include <atomic>
#include <charconv>
#include <string>
#include <utility>

#include "kernel/base/text.h"
#include "kernel/base/units.h"
#include "kernel/loop/loop.h"
#include "transports/engine/about.h"
#include "transports/engine/hub/hub.h"
#include "transports/engine/process.h"
#include "transports/engine/reclaim.h"
#include "transports/engine/transport_of.h"
#include "transports/mq/mq_medium.h"
#include "transports/mq/mq_resources.h"

namespace jackfield {
namespace {

constexpr std::string_view kKeys[] = {"frame", "depth", "priority"};
constexpr size_t kNameBytesMax = 160;  // a client's queue adds process and number, 255 in all
constexpr uint32_t kMessageBytesMin = 512, kMessageBytesMax = 16 << 20;
constexpr uint32_t kDepthMax = 65536;
constexpr int kTriesMax = 16;

// A number from 0 to `most`; -1: it is not one.
int64_t Number(std::string_view text, int64_t most) {
  int64_t value = -1;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size() && value <= most ? value : -1;
}

absl::StatusOr<MqSettings> Read(const Address& address, Role role) {
  if (absl::Status status = address.CheckKeys(kKeys); !status.ok()) return status;
  const auto bad = [&](std::string_view why) {
    return absl::InvalidArgumentError(About(address, why));
  };
  MqSettings settings;
  if (const auto frame = address.Find("frame")) {
    const absl::StatusOr<uint64_t> bytes = ParseBytes(*frame);
    if (!bytes.ok() || *bytes < kMessageBytesMin || *bytes > kMessageBytesMax)
      return bad("frame is the bytes of a message, 512 to 16MiB");
    settings.size.message_bytes = static_cast<uint32_t>(*bytes);
  }
  if (const auto depth = address.Find("depth")) {
    const int64_t messages = Number(*depth, kDepthMax);
    if (messages < 1) return bad(Text("depth is 1 to ", kDepthMax, " messages"));
    settings.size.depth = static_cast<uint32_t>(messages);
  }
  if (const auto priority = address.Find("priority")) {
    const int64_t level = Number(*priority, kPriorityLevels - 1);
    if (level < 0) return bad("priority is 0 (most urgent) to 3");
    settings.queue_priority = kPriorityLevels - 1 - static_cast<unsigned>(level);
  }
  std::string_view name = address.target();
  if (!name.empty() && name[0] == '/') name.remove_prefix(1);
  if (name.empty()) {
    if (role == Role::kConnect) return bad("a client needs to know the name: mq:/NAME");
    return settings;
  }
  if (name.find('/') != std::string_view::npos || name.size() > kNameBytesMax)
    return bad(
        Text("the name of a queue has no further \"/\" and at most ", kNameBytesMax, " bytes"));
  settings.queue = Text(kMqPrefix, name);
  return settings;
}

class MqTransport final : public TransportOf<MqSettings, Read, CapsOf> {
 public:
  std::string_view scheme() const override { return "mq"; }

  absl::StatusOr<std::unique_ptr<Opening>> Start(MqSettings& settings, const Address& address,
                                                 Role role, Loop& loop,
                                                 LinkSink& sink) const override {
    return role == Role::kServe ? Serve(address, settings, loop, sink)
                                : Connect(address, settings, loop, sink);
  }

 private:
  // What the dead have left may have used up what a user or the system may have.
  static absl::StatusOr<Queue> Own(Loop& loop, const std::string& name,
                                   const MqSettings& settings) {
    return MakeOrReclaim(*MakeMqResources(),
                         [&] { return Queue::Own(loop.sys(), name, settings.size); });
  }

  // A queue whose name bears its process. Another transport in it may count from 1 as well: then
  // the next number is tried.
  absl::StatusOr<Queue> OwnUnique(Loop& loop, std::string_view front,
                                  const MqSettings& settings) const {
    const ProcessName own = ThisProcess();
    for (int tries = 1;; ++tries) {
      const std::string name = Text(front, own.pid, ".", own.start_ticks, ".",
                                    queues_made_.fetch_add(1, std::memory_order_relaxed));
      absl::StatusOr<Queue> queue = Own(loop, name, settings);
      if (!absl::IsAlreadyExists(queue.status()) || tries == kTriesMax) return queue;
    }
  }

  absl::StatusOr<std::unique_ptr<Opening>> Serve(const Address& address, MqSettings& settings,
                                                 Loop& loop, LinkSink& sink) const {
    Address actual = address;
    absl::StatusOr<Queue> queue =
        address.bare() ? OwnUnique(loop, kMqPrefix, settings) : Own(loop, settings.queue, settings);
    if (queue.ok() && address.bare()) {
      settings.queue = queue->name();
      actual = address.WithTarget(Text("/", settings.queue.substr(kMqPrefix.size())));
    }
    if (!queue.ok()) return queue.status();
    RemoveQueuesOfDeadClients(settings.queue);
    return MakeHubServer(
        loop, sink, MakeMqServer(loop, settings, *std::move(queue), actual.ToString()), {}, actual);
  }

  absl::StatusOr<std::unique_ptr<Opening>> Connect(const Address& address,
                                                   const MqSettings& settings, Loop& loop,
                                                   LinkSink& sink) const {
    absl::StatusOr<Queue> server =
        Queue::Use(loop.sys(), settings.queue, settings.size.message_bytes);
    if (!server.ok()) return server.status();
    absl::StatusOr<Queue> own = OwnUnique(loop, Text(settings.queue, "."), settings);
    if (!own.ok()) return own.status();
    std::string own_name = own->name();
    return MakeHubClient(loop, sink,
                         MakeMqClient(loop, settings, *std::move(own), std::move(own_name),
                                      *std::move(server), address.ToString()),
                         {}, Text("connect ", address.ToString()));
  }

  mutable std::atomic<uint64_t> queues_made_{1};  // a number to draw; publishes nothing
};

}  // namespace

std::unique_ptr<Transport> MakeMqTransport() { return std::make_unique<MqTransport>(); }

}  // namespace jackfield
