#include "bindings/c/guard.h"

namespace jackfield::c {

std::string_view NameOf(Kind kind) {
  switch (kind) {
    case Kind::kNode:
      return "node";
    case Kind::kMessage:
      return "message";
    case Kind::kChannel:
      return "channel";
    case Kind::kStream:
      return "stream";
    case Kind::kPort:
      return "port";
    case Kind::kRequest:
      return "request";
    case Kind::kService:
      return "service";
    case Kind::kSchema:
      return "schema";
    case Kind::kPending:
      return "call";
    case Kind::kNone:
      break;
  }
  return "handle";
}

absl::Status NotOpen(const char* function, const Handle* handle, Kind wanted) {
  const std::string_view name = NameOf(wanted);
  if (handle == nullptr) return Wrong(function, Text("its ", name, " is NULL"));
  const Kind kind = handle->kind.load(std::memory_order_relaxed);
  if (kind != Kind::kNone && kind <= Kind::kPending)
    return Misuse(function, Text("what it is given as a ", name, " is a ", NameOf(kind)));
  return Misuse(function, wanted == Kind::kRequest
                              ? "the request has ended: it was answered, or its handler returned "
                                "without jf_hold"
                          : wanted == Kind::kPending
                              ? "the call has ended, and its callback was called"
                              : Text("the ", name, " was closed before"));
}

}  // namespace jackfield::c
