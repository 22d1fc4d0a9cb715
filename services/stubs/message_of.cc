#include "services/stubs/message_of.h"

namespace jackfield::stubs_internal {
namespace {

std::string_view WhatComes(const Method& method, Way way) {
  const bool streams =
      way == Way::kRequest
          ? method.kind == Method::Kind::kClientStream || method.kind == Method::Kind::kBothStreams
          : method.kind == Method::Kind::kServerStream || method.kind == Method::Kind::kBothStreams;
  return streams ? "an item" : way == Way::kRequest ? "the request" : "the answer";
}

}  // namespace

absl::Status NotSound(const Method& method, Way way, std::span<const std::byte> payload) {
  return MakeStatus(Outcome::kOk, Reason::kCorrupt,
                    Text(method.name, ": ", WhatComes(method, way), " of ", payload.size(),
                         " bytes ", FaultOf(method, way, payload)));
}

absl::Status NoMemoryToAlign(const Method& method) {
  return absl::ResourceExhaustedError(
      Text(method.name, ": no message memory to put a message at a multiple of ", method.alignment,
           " bytes, as its schema wants it (limits.memory)"));
}

absl::Status Named(const Method& method, absl::Status status) {
  if (ReasonOf(status) != Reason::kUnknownMethod) return status;
  return WithText(status, Text(method.name, ": ", std::string(status.message())));
}

}  // namespace jackfield::stubs_internal
