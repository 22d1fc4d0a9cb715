#include "kernel/refusal.h"

#include <cstdio>
#include <cstring>

#include "kernel/base/outcome.h"
#include "kernel/base/text.h"
#include "kernel/payload.h"
#include "schemas/control_generated.h"

namespace jackfield {
namespace {

constexpr uint8_t kShimKindMin = 0x20, kShimKindMax = 0x7f;  // docs/WIRE.md
constexpr size_t kTextBytesMax = 1000;                       // so much of it is shown

// nullptr: it cannot be read.
const wire::Refuse* RefusalIn(std::span<const std::byte> frame) {
  const size_t front = kHeaderBytes + 8u * CopyHeader(frame.data()).extension_words();
  return RootOf<wire::Refuse>(frame.subspan(front));
}

}  // namespace

void BuildRefusal(flatbuffers::FlatBufferBuilder& fbb, const absl::Status& why) {
  const std::string_view text(why.message().data(), why.message().size());
  const auto words = fbb.CreateString(text.data(), text.size());
  fbb.Finish(wire::CreateRefuse(fbb, static_cast<uint8_t>(ReasonOf(why)), 0, kVersionMin,
                                kVersionMax, words));
}

std::string RefuseFrame(const absl::Status& why) {
  flatbuffers::FlatBufferBuilder fbb;
  BuildRefusal(fbb, why);
  const uint32_t bytes = Align8(kHeaderBytes + fbb.GetSize());
  const FrameHeader header(kMagic, kVersionMax, FrameKind::Refuse, 0, bytes, 0, 0, 0, 0, 0, 0, 0, 0,
                           0, kNoDeadline, 0);
  std::string frame(bytes, '\0');
  std::memcpy(frame.data(), &header, kHeaderBytes);
  std::memcpy(frame.data() + kHeaderBytes, fbb.GetBufferPointer(), fbb.GetSize());
  return frame;
}

void SendBareRefusal(Link& link, const absl::Status& why) {
  const std::string frame = RefuseFrame(why);
  const auto bytes = static_cast<uint32_t>(frame.size());
  if (bytes > link.caps().frame_bytes_max) return;
  std::byte* const to = link.Claim(bytes);
  if (to == nullptr) return;  // no room: the end says at least that something was wrong
  std::memcpy(to, frame.data(), bytes);
  link.Commit(to, bytes);
}

bool IsFrameOf(FrameKind kind, std::span<const std::byte> frame) {
  if (frame.size() < kHeaderBytes) return false;
  const FrameHeader header = CopyHeader(frame.data());
  return HeaderFault(header, static_cast<uint32_t>(frame.size())) == nullptr &&
         header.kind() == kind;
}

bool IsOfAShim(std::span<const std::byte> frame) {
  if (frame.size() < kHeaderBytes) return false;
  const FrameHeader header = CopyHeader(frame.data());
  const auto kind = static_cast<uint8_t>(header.kind());
  return header.magic() == kMagic && header.frame_bytes() == frame.size() && kind >= kShimKindMin &&
         kind <= kShimKindMax;
}

bool IsRefusal(std::span<const std::byte> frame) { return RefusalIn(frame) != nullptr; }

absl::Status ReadRefusal(std::span<const std::byte> frame, std::string_view where) {
  const wire::Refuse* const refusal = RefusalIn(frame);
  if (refusal == nullptr)
    return Refused(Reason::kUnreachable, Text(where, ": the service refused without a reason"));
  const auto reason = static_cast<Reason>(refusal->reason());
  if (reason == Reason::kVersion &&
      (refusal->version_min() > kVersionMax || refusal->version_max() < kVersionMin)) {
    return Refused(reason, Text("version: this client speaks ", int{kVersionMin}, "..",
                                int{kVersionMax}, ", the service at ", where, " ",
                                int{refusal->version_min()}, "..", int{refusal->version_max()}));
  }
  const std::string text = refusal->text() == nullptr
                               ? ""
                               : Escaped(refusal->text()->string_view().substr(0, kTextBytesMax));
  return Refused(reason, Text(where, ": ", text));
}

absl::Status StacksDiffer(FrameKind kind, std::string_view where) {
  char number[8];
  std::snprintf(number, sizeof number, "0x%02x", static_cast<unsigned>(kind));
  return Refused(
      Reason::kVersion,
      Text("the two ends stack different shims: ", where, " heard a frame of kind ", number,
           " first, which the other end's stack sends and its own does not take; the addresses of "
           "both ends need the same shims (NAME+), and the same parameters by which some are put "
           "there unasked (raw, and those that bound a message's size)"));
}

}  // namespace jackfield
