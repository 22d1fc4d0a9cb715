// What is wrong with the bytes of a message, by the schema of its reader: a walk through them that
// reads nothing outside of them, whatever they are.
//
// It is used twice. When FlatBuffers' verifier has refused a message, it finds the first fault and
// names it. And a message of a method that is `walked` (kernel/call/interface.h) must pass it
// besides the verifier, which begins to count anew in each buffer inside another
// (nested_flatbuffer) and does not look where the elements of a list lie. Here one budget holds for
// the whole message: tables inside one another, at most kVerifyDepthMax, and tables in all, at most
// Method::tables_max.
//
// In a buffer inside, what wants no more than 8 bytes is measured from that buffer's beginning, as
// FlatBuffers does; what wants more is measured from the message's, since it is read there.
//
// Thread: any. It keeps nothing.
#ifndef JACKFIELD_SERVICES_STUBS_MESSAGE_FAULT_H_
#define JACKFIELD_SERVICES_STUBS_MESSAGE_FAULT_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "kernel/call/interface.h"

namespace jackfield {

enum class Way : uint8_t { kRequest, kReply };  // which of a method's two tables: items, too

// Allocates nothing. True as well where the schema is not known (Method::interface is null).
bool IsSound(const Method& method, Way way, std::span<const std::byte> bytes);

// What refuses them, to be read after "the request of 96 bytes":
//   "is not what the schema says: order.customer (of shop.Order) is required, and missing …"
//   "has more than 64 tables inside one another, at root.child.child.….child: …"
std::string FaultOf(const Method& method, Way way, std::span<const std::byte> bytes);

}  // namespace jackfield

#endif  // JACKFIELD_SERVICES_STUBS_MESSAGE_FAULT_H_
