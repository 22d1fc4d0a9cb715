#include "transports/sysv/sysv.h"

#include <atomic>
#include <charconv>
#include <optional>
#include <string>
#include <utility>

#include "kernel/base/text.h"
#include "kernel/base/units.h"
#include "kernel/frame.h"
#include "kernel/loop/loop.h"
#include "transports/engine/about.h"
#include "transports/engine/hub/hub.h"
#include "transports/engine/process.h"
#include "transports/engine/reclaim.h"
#include "transports/engine/transport_of.h"
#include "transports/sysv/sysv_medium.h"
#include "transports/sysv/sysv_resources.h"

namespace jackfield {
namespace {

constexpr std::string_view kKeys[] = {"frame"};
constexpr size_t kNameBytesMax = 200;
constexpr uint32_t kMessageBytesMin = 512, kMessageBytesMax = 64 << 10;
constexpr int kTriesMax = 16;

std::optional<uint32_t> NumberOf(std::string_view target) {
  const bool hex = target.substr(0, 2) == "0x";
  const std::string_view digits = target.substr(hex ? 2 : 0);
  uint32_t number = 0;
  const auto [end, error] =
      std::from_chars(digits.data(), digits.data() + digits.size(), number, hex ? 16 : 10);
  if (error != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
  return number;
}

// The key that a target stands for: a number as it is, a name by its hash.
key_t KeyOf(std::string_view target) {
  const uint32_t hashed = sysv::kServerKeys | (MessageType(target) & sysv::kKeyBits);
  return static_cast<key_t>(NumberOf(target).value_or(hashed));
}

absl::StatusOr<SysvSettings> Read(const Address& address, Role role) {
  if (absl::Status status = address.CheckKeys(kKeys); !status.ok()) return status;
  const auto bad = [&](std::string_view why) {
    return absl::InvalidArgumentError(About(address, why));
  };
  SysvSettings settings;
  if (const auto frame = address.Find("frame")) {
    const absl::StatusOr<uint64_t> bytes = ParseBytes(*frame);
    if (!bytes.ok() || *bytes < kMessageBytesMin || *bytes > kMessageBytesMax)
      return bad("frame is the bytes of a message, 512 to 64KiB");
    settings.message_bytes = static_cast<uint32_t>(*bytes);
  }
  settings.name = address.target();
  // However a number is written, it is one name: the ends compare their names.
  if (const std::optional<uint32_t> number = NumberOf(settings.name))
    settings.name = sysv::Hex(static_cast<key_t>(*number));
  if (settings.name.empty() && role == Role::kConnect)
    return bad("a client needs to know the name: sysv:NAME");
  if (settings.name.size() > kNameBytesMax)
    return bad(Text("a name has at most ", kNameBytesMax, " bytes"));
  if (!settings.name.empty() && KeyOf(settings.name) == 0)
    return bad("key 0 is IPC_PRIVATE: nobody could find the queue");
  return settings;
}

class SysvTransport final : public TransportOf<SysvSettings, Read, CapsOf> {
 public:
  std::string_view scheme() const override { return "sysv"; }

  absl::StatusOr<std::unique_ptr<Opening>> Start(SysvSettings& settings, const Address& address,
                                                 Role role, Loop& loop,
                                                 LinkSink& sink) const override {
    if (absl::Status fits = sysv::CheckSize(settings.message_bytes, address.ToString()); !fits.ok())
      return fits;
    return role == Role::kServe ? Serve(address, settings, loop, sink)
                                : Connect(address, settings, loop, sink);
  }

 private:
  // What the dead have left may have used up what the system may have.
  static absl::StatusOr<int> Own(Loop& loop, key_t key, const std::string& what) {
    return MakeOrReclaim(*MakeSysvResources(), [&] { return sysv::Own(loop.sys(), key, what); });
  }

  absl::StatusOr<std::unique_ptr<Opening>> Serve(const Address& address, SysvSettings& settings,
                                                 Loop& loop, LinkSink& sink) const {
    sysv::RemoveQueuesOfDeadClients();
    absl::StatusOr<int> queue = absl::AlreadyExistsError("");
    for (int tries = 0; tries < kTriesMax; ++tries) {
      if (address.bare()) {
        const ProcessName own = ThisProcess();
        settings.name = Text(own.pid, ".", own.start_ticks, ".",
                             names_made_.fetch_add(1, std::memory_order_relaxed));
      }
      queue = Own(loop, KeyOf(settings.name), Text("serve ", address.ToString()));
      if (queue.ok() || !address.bare() ||
          queue.status().code() != absl::StatusCode::kAlreadyExists)
        break;
    }
    if (!queue.ok()) return queue.status();
    absl::StatusOr<std::unique_ptr<sysv::Waiter>> waiter = sysv::Waiter::Start(loop.sys(), *queue);
    if (!waiter.ok()) {
      sysv::Remove(*queue);
      return waiter.status();
    }
    Address actual = address.WithTarget(settings.name);
    return MakeHubServer(
        loop, sink, MakeSysvServer(loop, settings, *queue, *std::move(waiter), actual.ToString()),
        {}, actual);
  }

  static absl::StatusOr<std::unique_ptr<Opening>> Connect(const Address& address,
                                                          const SysvSettings& settings, Loop& loop,
                                                          LinkSink& sink) {
    const std::string what = Text("connect ", address.ToString());
    const absl::StatusOr<int> server = sysv::Use(loop.sys(), KeyOf(settings.name), what);
    if (!server.ok()) return server.status();
    sysv::RemoveQueuesOfDeadClients();
    absl::StatusOr<int> own = absl::AlreadyExistsError("");
    for (int tries = 0; tries < kTriesMax; ++tries) {
      const auto drawn = static_cast<uint32_t>(loop.NextRandom()) & sysv::kKeyBits;
      own = Own(loop, static_cast<key_t>(sysv::kClientKeys | drawn), what);
      if (own.ok() || own.status().code() != absl::StatusCode::kAlreadyExists) break;
    }
    if (!own.ok()) return own.status();
    absl::StatusOr<std::unique_ptr<sysv::Waiter>> waiter = sysv::Waiter::Start(loop.sys(), *own);
    if (!waiter.ok()) {
      sysv::Remove(*own);
      return waiter.status();
    }
    return MakeHubClient(
        loop, sink,
        MakeSysvClient(loop, settings, *own, *std::move(waiter), *server, address.ToString()), {},
        what);
  }

  mutable std::atomic<uint64_t> names_made_{1};  // a number to draw; publishes nothing
};

}  // namespace

std::unique_ptr<Transport> MakeSysvTransport() { return std::make_unique<SysvTransport>(); }

}  // namespace jackfield
