// The beginning of a Session: hello and welcome, and what the two users say in them.
#include <algorithm>
#include <optional>
#include <string_view>
#include <vector>

#include "kernel/base/text.h"
#include "kernel/frame_log.h"
#include "kernel/loop/loop.h"
#include "kernel/session.h"
#include "schemas/control_generated.h"

namespace jackfield {
namespace {

constexpr uint64_t kFeatureFds = 1;              // docs/WIRE.md lists the features
constexpr uint64_t kFeatureShort = 2;            // frame_bytes_max is so small for want of memory
constexpr uint32_t kSchemasBytesMax = 64 << 10;  // of the schemas in one welcome
constexpr uint32_t kHelloBytes = 384;            // of a hello without interfaces, and its header
constexpr uint32_t kWelcomeBytes = 512;          // of a welcome without them, and its header
constexpr size_t kNameBytesMax = 64;             // so much of a peer's name is shown
constexpr uint32_t kOtherBytes = 64;             // of one of them, besides the two texts

std::string_view TextOf(const flatbuffers::String* text) {
  return text == nullptr ? std::string_view() : text->string_view();
}

std::string_view TextOf(const flatbuffers::Vector<uint8_t>* bytes) {
  return bytes == nullptr
             ? std::string_view()
             : std::string_view(reinterpret_cast<const char*>(bytes->data()), bytes->size());
}

}  // namespace

// What one message may take of our memory is known before it is sent, and to both.
uint32_t Session::FrameBytesTaken() const {
  return std::min(frame_bytes_max_, loop_.blocks().budget().frame_bytes_max());
}

uint64_t Session::Features() const {
  return (passes_fds_ ? kFeatureFds : 0) |
         (FrameBytesTaken() < frame_bytes_max_ ? kFeatureShort : 0);
}

bool Session::SendHello() {
  const std::vector<Spoken> spoken = user_->SpokenInterfaces();
  const std::string_view badge = user_->Badge();
  const size_t room = frame_bytes_max_ - std::min(frame_bytes_max_, kHelloBytes);
  Build hello([&](flatbuffers::FlatBufferBuilder& fbb) {
    const auto name = fbb.CreateString(loop_.name());
    const auto interfaces = fbb.CreateVectorOfStructs<wire::Spoken>(
        std::min({spoken.size(), kSpokenMax, room / sizeof(wire::Spoken)}),
        [&spoken](size_t i, wire::Spoken* to) {
          *to = wire::Spoken(spoken[i].interface, spoken[i].schema_hash);
        });
    const auto shown = badge.empty() ? 0 : fbb.CreateString(badge.data(), badge.size());
    fbb.Finish(wire::CreateHello(fbb, kVersionMin, kVersionMax, Features(), loop_.epoch(),
                                 FrameBytesTaken(), limits_.window_units, limits_.stream_items,
                                 name, interfaces, shown));
  });
  return SendControl(FrameKind::Hello, hello);
}

bool Session::SendWelcome(const wire::Hello& hello) {
  std::vector<OtherSchema> others;
  // They are taken in as far as the frame has room for them.
  uint32_t room = std::min({frame_bytes_max_, hello.frame_bytes_max(), kSchemasBytesMax});
  room -= std::min(room, kWelcomeBytes);
  for (size_t i = 0; hello.spoken() != nullptr && i < hello.spoken()->size() && i < kSpokenMax;
       ++i) {
    const wire::Spoken& spoken = *hello.spoken()->Get(static_cast<uint32_t>(i));
    std::optional<OtherSchema> other = user_->ServesOther({spoken.interface(), spoken.schema()});
    if (!other || other->interface.size() + kOtherBytes > room) continue;
    room -= static_cast<uint32_t>(other->interface.size()) + kOtherBytes;
    if (other->schema.size() > room) other->schema = {};
    room -= static_cast<uint32_t>(other->schema.size());
    others.push_back(*other);
  }
  Build welcome([&](flatbuffers::FlatBufferBuilder& fbb) {
    const auto name = fbb.CreateString(loop_.name());
    std::vector<flatbuffers::Offset<wire::OtherSchema>> offsets;
    for (const OtherSchema& other : others) {
      const auto interface = fbb.CreateString(other.interface);
      const auto schema =
          other.schema.empty()
              ? 0
              : fbb.CreateVector(reinterpret_cast<const uint8_t*>(other.schema.data()),
                                 other.schema.size());
      offsets.push_back(wire::CreateOtherSchema(fbb, interface, schema));
    }
    const auto list = offsets.empty() ? 0 : fbb.CreateVector(offsets);
    fbb.Finish(wire::CreateWelcome(fbb, kVersionMax, Features(), loop_.epoch(), FrameBytesTaken(),
                                   limits_.window_units, limits_.stream_items, name, list));
  });
  return SendControl(FrameKind::Welcome, welcome);
}

void Session::OnHello(const FrameHeader& header, std::span<const std::byte> payload) {
  identity_ = link_->traits().peer;  // a shim knows more of it by now
  const auto* hello = RootOf<wire::Hello>(payload);
  if (hello == nullptr || hello->epoch() == 0)
    return Corrupt(header, "a hello that cannot be read");
  if (hello->version_min() > kVersionMax || hello->version_max() < kVersionMin) {
    return Refuse(
        Reason::kVersion,
        Text("version: this service speaks ", int{kVersionMin}, "..", int{kVersionMax},
             ", its client ", int{hello->version_min()}, "..", int{hello->version_max()}));
  }
  if (!refusal_.empty()) return Refuse(Reason::kResource, refusal_);
  peer_name_ = Escaped(TextOf(hello->name()).substr(0, kNameBytesMax));
  const absl::Status admitted = user_->Admit(*this, TextOf(hello->badge()));
  if (!admitted.ok()) return Refuse(ReasonOf(admitted), std::string(admitted.message()));
  passes_fds_ = (hello->features() & kFeatureFds) != 0 && link_->caps().fds;
  peer_epoch_ = hello->epoch();  // the welcome bears it
  if (!SendWelcome(*hello)) return Fail(NoMemory());
  OpenWith(*hello);
}

void Session::OnWelcome(const FrameHeader& header, std::span<const std::byte> payload) {
  identity_ = link_->traits().peer;
  const auto* welcome = RootOf<wire::Welcome>(payload);
  if (welcome == nullptr || welcome->epoch() == 0)
    return Corrupt(header, "a welcome that cannot be read");
  std::vector<OtherSchema> others;
  for (size_t i = 0; welcome->others() != nullptr && i < welcome->others()->size(); ++i) {
    const wire::OtherSchema& other = *welcome->others()->Get(static_cast<uint32_t>(i));
    if (other.interface() == nullptr || i >= kSpokenMax)
      return Corrupt(header, "a welcome that cannot be read");
    others.push_back({other.interface()->string_view(), TextOf(other.schema())});
  }
  if (absl::Status status = user_->OnOtherSchemas(others); !status.ok())
    return OnNoWelcome(NoWelcome::kRefused, status);
  OpenWith(*welcome);
  Flush();
}

template <class Greeting>  // Hello or Welcome
void Session::OpenWith(const Greeting& greeting) {
  peer_epoch_ = greeting.epoch();
  peer_name_ = Escaped(TextOf(greeting.name()).substr(0, kNameBytesMax));
  peer_lacks_memory_ =
      (greeting.features() & kFeatureShort) != 0 && greeting.frame_bytes_max() < frame_bytes_max_;
  frame_bytes_max_ =
      std::min(frame_bytes_max_, std::max(greeting.frame_bytes_max(), kFrameBytesLeast));
  peer_grant_ = peer_window_units_ = std::min(greeting.window_units(), kPeerWindowUnitsMax);
  peer_stream_items_ = greeting.stream_items();
  passes_fds_ &= (greeting.features() & kFeatureFds) != 0;
  if (passes_fds_) link_->ExpectFds();
  state_ = State::kOpen;
  loop_.timers().Cancel(hello_timer_);
  if (FrameLog* log = loop_.frame_log()) log->OnOpen(*this);
  user_->OnOpen(*this);
}

}  // namespace jackfield
