// Why a peer is turned away, as bytes and as words: the Refuse frame, and what is said to a peer
// whose address stacks other shims.
//
// A Refuse may come bare, without what a shim puts around its frames: from a server that turns a
// client away before there is a link, and from an end that hears another stack's frames. So each
// shim knows a bare one when it is the first thing that comes (docs/WIRE.md, "A refusal").
//
// Thread: any; plain functions.
#ifndef JACKFIELD_KERNEL_REFUSAL_H_
#define JACKFIELD_KERNEL_REFUSAL_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "flatbuffers/flatbuffers.h"
#include "kernel/frame.h"
#include "kernel/link.h"

namespace jackfield {

// The whole frame. Its length is a multiple of 8, so that it is the same on a stream and as a
// packet.
std::string RefuseFrame(const absl::Status& why);
// Its payload alone.
void BuildRefusal(flatbuffers::FlatBufferBuilder& fbb, const absl::Status& why);

// Puts it into the link's queue as it is; what fits leaves though the link is closed next.
void SendBareRefusal(Link& link, const absl::Status& why);

// Is it, as a whole, a sound frame of that kind?
bool IsFrameOf(FrameKind kind, std::span<const std::byte> frame);
// Is it a frame, but of a kind that no session has? Then it is a shim's.
bool IsOfAShim(std::span<const std::byte> frame);

// Does a Refuse say anything that can be read?
bool IsRefusal(std::span<const std::byte> frame);

// What a Refuse says, as this end's own error. frame: as IsFrameOf took it. where: this end's link,
// for people.
absl::Status ReadRefusal(std::span<const std::byte> frame, std::string_view where);

// For both ends, when the first thing that one hears is of `kind`, which its own stack does not
// take. where: the link of who heard it. FAILED_PRECONDITION
absl::Status StacksDiffer(FrameKind kind, std::string_view where);

}  // namespace jackfield

#endif  // JACKFIELD_KERNEL_REFUSAL_H_
