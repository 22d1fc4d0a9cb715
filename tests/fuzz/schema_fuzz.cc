// Any bytes are a schema of a peer, whose text can be written and whose examples go there and back,
// or are refused; and a message that can be printed as JSON, or are refused.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <span>
#include <string>

#include "tools/message/kinds_service.h"
#include "tools/message/schema.h"

namespace {

using namespace jackfield;
using namespace jackfield::message;

void Use(Schema& schema, const Method& method, Way way) {
  const absl::StatusOr<std::string> example = schema.Example(method, way, Layout::kLine);
  if (!example.ok()) return;
  const absl::StatusOr<std::string> bytes = schema.ToBytes(method, way, *example);
  if (!bytes.ok()) return;
  if (!schema.ToJson(method, way, std::as_bytes(std::span(*bytes)), Layout::kLine).ok())
    std::abort();  // it was made by the same schema
}

Schema& Kinds() {
  static auto* const kinds =
      SchemaOf(std::string(kinds::kKindlyInterface.schema), 0).value().release();
  return *kinds;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string bytes(reinterpret_cast<const char*>(data), size);
  const Method& echo = Kinds().interfaces()[0].methods[0];
  (void)Kinds().ToJson(echo, Way::kReply, std::as_bytes(std::span(bytes)), Layout::kIndented);
  (void)Kinds().ToBytes(echo, Way::kRequest, bytes);
  absl::StatusOr<std::unique_ptr<Schema>> schema = SchemaOf(bytes, 0);
  if (!schema.ok()) return 0;
  for (const Interface& interface : (*schema)->interfaces()) {
    (void)(*schema)->TextOf(interface, nullptr);
    for (const Method& method : interface.methods) {
      Use(**schema, method, Way::kRequest);
      Use(**schema, method, Way::kReply);
    }
  }
  return 0;
}
