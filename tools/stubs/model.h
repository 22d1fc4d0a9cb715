// What the stub generator knows of a schema: its rpc_services and their methods, checked, and in
// C++'s words.
#ifndef JACKFIELD_TOOLS_STUBS_MODEL_H_
#define JACKFIELD_TOOLS_STUBS_MODEL_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace jackfield::stubs {

enum class Streaming { kNone, kServer, kClient, kBoth };

struct MethodModel {
  std::string name;       // "Say"
  std::string full_name;  // "jackfield.echo.Echo/Say"
  std::string request;    // as the service's namespace writes it: "SayRequest", or "::lib::A"
  std::string reply;
  std::vector<std::string> comments;  // lines
  Streaming streaming = Streaming::kNone;
  bool one_way = false;
  bool idempotent = false;
  int64_t deadline_ms = 0;  // 0: the channel's
  int64_t tables_max = 0;   // 0: the verifier's usual limit
  int64_t alignment = 8;    // the largest that something in its request or reply wants
  bool nested = false;      // they have buffers inside (nested_flatbuffer)
};

struct ServiceModel {
  std::string name;       // "Echo"
  std::string full_name;  // "jackfield.echo.Echo"
  std::string space;      // "jackfield::echo"
  std::vector<std::string> comments;
  std::vector<MethodModel> methods;  // in the order of the schema
};

struct SchemaModel {
  std::string source;  // from the root: "services/echo/echo.fbs"
  std::string bfbs;    // its binary schema
  uint64_t hash = 0;   // FNV-1a, 64 bits, of that
  std::vector<ServiceModel> services;
};

// The services that `source` itself declares (not those of what it includes). The binary schema is
// made by flatc --schema --binary --bfbs-builtins --bfbs-filenames ROOT.
// Errors: INVALID_ARGUMENT: not a binary schema, or one that stubs cannot be made of; says what to
// change, and where.
absl::StatusOr<SchemaModel> ReadSchema(std::string source, std::string bfbs);

uint32_t Fnv32(std::string_view text);  // as kernel/frame.h MessageType; a test compares them

}  // namespace jackfield::stubs

#endif  // JACKFIELD_TOOLS_STUBS_MODEL_H_
