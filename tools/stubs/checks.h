// What a schema must keep to, so that stubs can be made of it. Each refusal says where, what, and what to do.
#ifndef JACKFIELD_TOOLS_STUBS_CHECKS_H_
#define JACKFIELD_TOOLS_STUBS_CHECKS_H_

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "flatbuffers/reflection_generated.h"
#include "tools/stubs/model.h"

namespace jackfield::stubs {

// Where in a schema.
struct Place {
  // "services/echo/echo.fbs: jackfield.echo.Echo/Say: WHAT  try: TRY"
  absl::Status Refuse(std::string_view what, std::string_view try_this) const;

  std::string source;
  std::string service;
  std::string method;  // may be empty
};

// Of an attribute of a method that the generator does not know: refuses it, and names the nearest.
absl::Status CheckAttributeName(const Place& place, std::string_view attribute);

// The names that stubs will have: none is a word of C++, a name of another stub, or of a type of the schema.
absl::Status CheckNames(const SchemaModel& model, const reflection::Schema& schema);

// No two methods have the same message type.
absl::Status CheckHashes(const SchemaModel& model);

}  // namespace jackfield::stubs

#endif  // JACKFIELD_TOOLS_STUBS_CHECKS_H_
