// The C++ of a schema's stubs, as text.
#ifndef JACKFIELD_TOOLS_STUBS_WRITE_H_
#define JACKFIELD_TOOLS_STUBS_WRITE_H_

#include <string>

#include "tools/stubs/model.h"

namespace jackfield::stubs {

// X_service.h: for each service its methods, its client and the base class of its servers.
std::string HeaderText(const SchemaModel& model);

// X_service.cc. The services also serve their schemas, unless that is for the schemas' service itself.
enum class Schemas { kServed, kNotServed };
std::string SourceText(const SchemaModel& model, Schemas schemas);

// X_schema.inc: the binary schema as a string literal.
std::string LiteralText(const SchemaModel& model);

// "services/echo/echo" of "services/echo/echo.fbs".
std::string StemOf(const SchemaModel& model);

// What the method's handler takes: "jackfield::CallOf<SayRequest, SayReply>".
std::string ServerCallOf(const MethodModel& method);

}  // namespace jackfield::stubs

#endif  // JACKFIELD_TOOLS_STUBS_WRITE_H_
