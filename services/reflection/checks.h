// What a binary schema (.bfbs) of a peer must keep to before anything reads it: it may be any
// bytes.
//
// FlatBuffers verifies that its parts lie in it. What these say of each other (the index of a type,
// a name) is believed by everybody who reads a schema, so it is looked at here, once. What a schema
// can get wrong beyond that, FlatBuffers' own parser finds (schema.h).
//
// Thread: any. It keeps nothing.
#ifndef JACKFIELD_SERVICES_REFLECTION_CHECKS_H_
#define JACKFIELD_SERVICES_REFLECTION_CHECKS_H_

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "absl/status/status.h"
#include "flatbuffers/reflection_generated.h"

namespace jackfield::message {

// Limits for one schema.
inline constexpr size_t kSchemaBytesMax = 1 << 20;  // what one message carries
inline constexpr size_t kTypesMax = 4096;           // tables, structs, enums and unions
inline constexpr size_t kFieldsMax = 64 << 10;      // of all tables and structs
inline constexpr size_t kValuesMax = 16 << 10;      // of all enums and unions
inline constexpr size_t kMethodsMax = 4096;         // of all interfaces
inline constexpr size_t kNameBytesMax = 256;        // with its namespace
inline constexpr int32_t kStructBytesMax = 0xffff;  // of one struct; FlatBuffers has no limit

// Is `bytes` a schema of which every name is a name, and every index leads to what it should?
// Errors: INVALID_ARGUMENT, to be read after "its schema ": "has 5000 types; 4096 are the limit".
// Requires: they begin at a multiple of 8.
absl::Status CheckSchema(std::string_view bytes);

}  // namespace jackfield::message

#endif  // JACKFIELD_SERVICES_REFLECTION_CHECKS_H_
