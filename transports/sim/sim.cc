#include "transports/sim/sim.h"

#include <utility>
#include <vector>

#include "kernel/base/text.h"
#include "kernel/loop/loop.h"
#include "transports/engine/about.h"
#include "transports/engine/transport_of.h"
#include "transports/sim/sim_end.h"
#include "transports/sim/sim_listener.h"

namespace jackfield {
namespace {

constexpr std::string_view kKeys[] = {"seed", "delay", "depth"};

absl::StatusOr<SimSettings> Read(const Address& address, Role role) {
  if (absl::Status status = address.CheckKeys(kKeys); !status.ok()) return status;
  const auto bad = [&](std::string_view why) {
    return absl::InvalidArgumentError(About(address, why));
  };
  if (address.bare() && role == Role::kConnect)
    return bad("a client needs to know where: sim:name");
  SimSettings settings;
  if (const auto text = address.Find("seed")) {
    absl::StatusOr<uint64_t> seed = ParseSeed(*text);
    if (!seed.ok()) return seed.status();
    settings.seeded = true;
    settings.seed = *seed;
  }
  if (const auto text = address.Find("delay")) {
    absl::StatusOr<DurationRange> delay = ParseDurationRange(*text);
    if (!delay.ok()) return delay.status();
    settings.delay = *delay;
  }
  if (const auto text = address.Find("depth")) {
    absl::StatusOr<uint64_t> depth = ParseSeed(*text);
    if (!depth.ok() || *depth < 1 || *depth > SimMedium::kDepthFramesMax) {
      return bad(Text("depth is 1..", SimMedium::kDepthFramesMax, " frames"));
    }
    settings.depth_frames = static_cast<uint32_t>(*depth);
  }
  return settings;
}

Caps CapsOf(const SimSettings& settings) {
  Caps caps;
  caps.send = caps.receive = caps.reply = caps.ordered = caps.reliable = caps.peer_loss = true;
  caps.fds = caps.one_process = caps.one_thread = true;
  caps.frame_bytes_max = kFrameBytesMaxDefault;
  caps.depth_frames = settings.depth_frames;
  return caps;
}

// The client's half of an opening: its own end appears after a while.
class SimClient final : public Opening {
 public:
  SimClient(SimMedium& medium, Loop& loop, LinkSink& sink, std::unique_ptr<SimEnd> end,
            LinkTraits traits, int64_t due_ns)
      : medium_(medium),
        loop_(loop),
        sink_(sink),
        end_(std::move(end)),
        traits_(std::move(traits)),
        timer_(
            [](Timer& timer) {
              auto* self = static_cast<SimClient*>(timer.user);
              self->sink_.OnLink(std::move(self->end_), std::move(self->traits_));
            },
            this) {
    loop_.timers().Arm(timer_, due_ns);
  }
  ~SimClient() override {
    loop_.timers().Cancel(timer_);
    end_.reset();
    medium_.Leave();
  }

 private:
  SimMedium& medium_;
  Loop& loop_;
  LinkSink& sink_;
  std::unique_ptr<SimEnd> end_;
  LinkTraits traits_;
  Timer timer_;
};

class SimTransport final : public TransportOf<SimSettings, Read, CapsOf> {
 public:
  explicit SimTransport(SimMedium& medium) : medium_(medium) {}
  explicit SimTransport(std::unique_ptr<SimMedium> own) : own_(std::move(own)), medium_(*own_) {}

  std::string_view scheme() const override { return "sim"; }

  absl::StatusOr<std::unique_ptr<Opening>> Start(SimSettings& settings, const Address& address,
                                                 Role role, Loop& loop,
                                                 LinkSink& sink) const override {
    if (absl::Status status = medium_.Enter(); !status.ok()) return status;
    absl::StatusOr<std::unique_ptr<Opening>> opening = role == Role::kServe
                                                           ? Serve(address, settings, loop, sink)
                                                           : Connect(address, settings, loop, sink);
    if (!opening.ok()) medium_.Leave();
    return opening;
  }

 private:
  absl::StatusOr<std::unique_ptr<Opening>> Serve(const Address& address,
                                                 const SimSettings& settings, Loop& loop,
                                                 LinkSink& sink) const {
    const Address actual = address.bare() ? address.WithTarget(medium_.NewTarget()) : address;
    if (medium_.Find(actual.target()) != nullptr) {
      return absl::AlreadyExistsError(About(actual, "another port serves there"));
    }
    return std::make_unique<SimListener>(medium_, loop, sink, actual, CapsOf(settings));
  }

  absl::StatusOr<std::unique_ptr<Opening>> Connect(const Address& address,
                                                   const SimSettings& settings, Loop& loop,
                                                   LinkSink& sink) const {
    SimListener* listener = medium_.Find(address.target());
    const int64_t now_ns = loop.clock().NowNs();
    if (listener == nullptr) return absl::UnavailableError(About(address, "nobody serves there"));
    if (medium_.Parted(loop, listener->loop(), now_ns))
      return absl::UnavailableError(About(address, "no way to it (partition)"));
    Random random(settings.seeded ? settings.seed : medium_.random().Next());
    auto client = std::make_unique<SimEnd>(medium_, loop, settings, random.Next());
    auto server = std::make_unique<SimEnd>(medium_, listener->loop(), settings, random.Next());
    SimEnd::Join(*client, *server);
    listener->Accept(std::move(server), now_ns + settings.delay.Draw(random));
    LinkTraits traits;
    traits.caps = CapsOf(settings);
    traits.description = address.ToString();
    return std::make_unique<SimClient>(medium_, loop, sink, std::move(client), std::move(traits),
                                       now_ns + settings.delay.Draw(random));
  }

  const std::unique_ptr<SimMedium> own_;
  SimMedium& medium_;
};

}  // namespace

std::unique_ptr<Transport> MakeSimTransport() {
  return std::make_unique<SimTransport>(std::make_unique<SimMedium>(1));
}
std::unique_ptr<Transport> MakeSimTransport(SimMedium& medium) {
  return std::make_unique<SimTransport>(medium);
}

}  // namespace jackfield
