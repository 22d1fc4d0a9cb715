// Schemas: messages as JSON, by what `jackfield call` does it with.
#include <cstring>
#include <utility>

#include "bindings/c/guard.h"
#include "kernel/base/fnv.h"
#include "tools/message/schema_file.h"

namespace jackfield::c {

absl::StatusOr<std::unique_ptr<message::Schema>> SchemaIn(const char* function, std::string bfbs) {
  const uint64_t hash = Fnv1a64(bfbs);
  absl::StatusOr<std::unique_ptr<message::Schema>> schema =
      message::SchemaOf(std::move(bfbs), hash);
  if (schema.ok()) return schema;
  return Wrong(function, Text("the schema ", std::string(schema.status().message())));
}

namespace {

absl::StatusOr<std::string> FileOrBytes(const char* path, const void* bfbs, size_t bytes) {
  if (path != nullptr) return message::ReadSchemaFile(path);
  if (bfbs == nullptr) return Wrong("jf_schema_open", "there is neither a path nor a .bfbs");
  return std::string(static_cast<const char*>(bfbs), bytes);
}

bool Is(const Method& method, std::string_view name) {
  return method.name == name || method.short_name() == name;
}

absl::StatusOr<const Method*> Find(const char* function, const jf_schema& schema,
                                   const char* name) {
  if (name == nullptr) return Wrong(function, "its method is NULL");
  const Method* found = nullptr;
  for (const Method* method : schema.methods) {
    if (method->name == name) return method;
    if (!Is(*method, name)) continue;
    if (found != nullptr)
      return Wrong(function, Text("two interfaces have a method ", name, ": ", found->name, " and ",
                                  method->name));
    found = method;
  }
  if (found != nullptr) return found;
  std::vector<std::string_view> names;
  const bool full = std::string_view(name).find('/') != std::string_view::npos;
  for (const Method* method : schema.methods)
    names.push_back(full ? method->name : method->short_name());
  const std::string_view nearest = Nearest(name, names);
  return Refused(Reason::kUnknownMethod,
                 Text(function, ": the schema has no method \"", Escaped(name), "\"",
                      nearest.empty() ? Text("; it has ", Listed(names))
                                      : Text("; did you mean \"", nearest, "\"?")));
}

// Bytes as a message lies: at a multiple of the most that a struct may want; there already, or
// copied.
class Aligned {
 public:
  Aligned(const void* data, size_t bytes)
      : data_(static_cast<const std::byte*>(data)), size_(bytes) {
    if (reinterpret_cast<uintptr_t>(data) % kPayloadAlignmentMax == 0 || bytes == 0) return;
    copy_.resize((bytes - 1) / sizeof(Line) + 1);
    std::memcpy(static_cast<void*>(copy_.data()), data, bytes);
    data_ = reinterpret_cast<const std::byte*>(copy_.data());
  }
  std::span<const std::byte> bytes() const { return {data_, size_}; }

 private:
  struct alignas(kPayloadAlignmentMax) Line {
    std::byte bytes[kPayloadAlignmentMax];
  };
  const std::byte* data_;
  const size_t size_;
  std::vector<Line> copy_;
};

// What jf_schema_write and jf_schema_read have in common. `body`: makes schema.last.
template <class Body>
int Through(const char* function, jf_schema* schema, const char* method, int way, const void* out,
            Body body) noexcept {
  return Guarded(function, schema, [&]() -> absl::Status {
    if (absl::Status given = CheckOut(function, out); !given.ok()) return given;
    if (way != JF_REQUEST && way != JF_REPLY)
      return Wrong(function, Text("the way ", way, " is neither JF_REQUEST nor JF_REPLY"));
    const absl::StatusOr<const Method*> found = Find(function, *schema, method);
    if (!found.ok()) return found.status();
    return body(**found, way == JF_REQUEST ? Way::kRequest : Way::kReply);
  });
}

}  // namespace
}  // namespace jackfield::c

using namespace jackfield;     // NOLINT: the functions of the ABI lie outside
using namespace jackfield::c;  // NOLINT

int jf_schema_open(const char* path, const void* bfbs, size_t bytes, jf_schema** out) try {
  if (absl::Status given = CheckOut("jf_schema_open", out); !given.ok()) return Say(given);
  absl::StatusOr<std::string> read = FileOrBytes(path, bfbs, bytes);
  if (!read.ok()) return Say(read.status());
  absl::StatusOr<std::unique_ptr<message::Schema>> schema =
      SchemaIn("jf_schema_open", *std::move(read));
  if (!schema.ok()) return Say(schema.status());
  jf_schema* handle = Shells<jf_schema>::Take();
  handle->schema = *std::move(schema);
  for (const Interface& interface : handle->schema->interfaces()) {
    for (const Method& method : interface.methods) handle->methods.push_back(&method);
  }
  *out = handle;
  return JF_OK;
} catch (...) {
  return SayThrown("jf_schema_open", std::current_exception());
}

int jf_schema_close(jf_schema* schema) {
  if (schema == nullptr) return JF_OK;
  return Guarded("jf_schema_close", schema, [schema]() -> absl::Status {
    schema->methods.clear();
    schema->last.clear();
    schema->schema.reset();
    Shells<jf_schema>::Give(*schema);
    return absl::OkStatus();
  });
}

const void* jf_schema_bytes(const jf_schema* schema, size_t* bytes) {
  const void* data = nullptr;
  if (bytes != nullptr) *bytes = 0;
  Guarded("jf_schema_bytes", schema, [&]() -> absl::Status {
    data = schema->schema->bytes().data();
    if (bytes != nullptr) *bytes = schema->schema->bytes().size();
    return absl::OkStatus();
  });
  return data;
}

int jf_schema_method(const jf_schema* schema, size_t i, jf_method_info* info) {
  constexpr const char* kFunction = "jf_schema_method";
  return Guarded(kFunction, schema, [=]() -> absl::Status {
    if (absl::Status sized = CheckSize(kFunction, info); !sized.ok()) return sized;
    if (i >= schema->methods.size())
      return MakeStatus(Outcome::kRefused, Reason::kNone, JF_OUT_OF_RANGE,
                        Text(kFunction, ": the schema has ", schema->methods.size(), " methods"));
    const Method& method = *schema->methods[i];
    info->type = method.type;
    info->name = method.name.data();  // of a std::string of the schema's
    info->kind = static_cast<uint32_t>(method.kind);
    info->timeout_us = method.timeout.count() / 1000;
    return absl::OkStatus();
  });
}

int jf_schema_write(jf_schema* schema, const char* method, int way, const char* json,
                    const void** data, size_t* bytes) {
  constexpr const char* kFunction = "jf_schema_write";
  return Through(
      kFunction, schema, method, way, data, [&](const Method& found, Way which) -> absl::Status {
        absl::Status given =
            FirstOf(CheckOut(kFunction, bytes),
                    json != nullptr ? absl::OkStatus() : Wrong(kFunction, "there is no JSON"));
        if (!given.ok()) return given;
        absl::StatusOr<std::string> written = schema->schema->ToBytes(found, which, json);
        if (!written.ok()) {
          return MakeStatus(
              Outcome::kRefused, Reason::kNone, JF_INVALID_ARGUMENT,
              Text(found.name, ": the JSON is wrong: ", std::string(written.status().message())));
        }
        schema->last = *std::move(written);
        *data = schema->last.data();
        *bytes = schema->last.size();
        return absl::OkStatus();
      });
}

int jf_schema_read(jf_schema* schema, const char* method, int way, const void* data, size_t bytes,
                   const char** json) {
  constexpr const char* kFunction = "jf_schema_read";
  return Through(
      kFunction, schema, method, way, json, [&](const Method& found, Way which) -> absl::Status {
        if (absl::Status given = CheckBytes(kFunction, data, bytes); !given.ok()) return given;
        const Aligned aligned(data, bytes);
        absl::StatusOr<message::Schema::Json> read =
            schema->schema->ToJson(found, which, aligned.bytes(), message::Layout::kLine);
        if (!read.ok()) return read.status();
        schema->last = std::move(read->text);
        *json = schema->last.c_str();
        return absl::OkStatus();
      });
}
