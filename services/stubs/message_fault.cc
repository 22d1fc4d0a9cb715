#include "services/stubs/message_fault.h"

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <cstring>
#include <optional>
#include <vector>

#include "flatbuffers/reflection.h"
#include "kernel/base/text.h"
#include "kernel/payload.h"

namespace jackfield {
namespace {

using reflection::BaseType;

constexpr size_t kBufferBytesMin = 8;  // an offset to a table, and the table's to its vtable
constexpr size_t kPathHead = 6, kPathTail = 2;  // parts of a path that are written out

uint32_t BytesOf(BaseType scalar) {
  return static_cast<uint32_t>(flatbuffers::GetTypeSize(scalar));
}

bool IsScalar(BaseType type) { return type >= BaseType::UType && type <= BaseType::Double; }

const flatbuffers::String* AttributeOf(const reflection::Field& field, const char* key) {
  if (field.attributes() == nullptr) return nullptr;
  const reflection::KeyValue* attribute = field.attributes()->LookupByKey(key);
  return attribute == nullptr ? nullptr : attribute->value();
}

class Walk {
 public:
  Walk(const reflection::Schema& schema, std::span<const std::byte> bytes, int tables_max)
      : schema_(schema), bytes_(bytes), tables_left_(tables_max) {}

  bool Passes(const reflection::Object& root) {
    const Buffer whole{0, bytes_.size()};
    return Root(whole, root, 1);
  }

  // After it did not pass.
  enum class Kind { kSchema, kDepth, kTables };
  Kind kind() const { return kind_; }
  const std::string& fault() const { return fault_; }
  std::string Path() const;

 private:
  // A message, or a buffer inside one: from `begin` to before `end`, counted in the message.
  struct Buffer {
    size_t begin, end;
  };
  // A step of the path to a fault, noted on the way back from it.
  struct Step {
    std::string_view field;
    std::optional<uint32_t> index;
  };

  bool Has(const Buffer& in, size_t at, uint64_t bytes) const {
    return at >= in.begin && at <= in.end && bytes <= in.end - at;
  }
  static bool Lies(const Buffer& in, size_t at, uint32_t alignment) {
    return (alignment <= kPayloadAlignment ? at - in.begin : at) % alignment == 0;
  }
  template <class T>
  T Read(size_t at) const {  // Requires: Has
    T value;
    std::memcpy(&value, bytes_.data() + at, sizeof value);
    return flatbuffers::EndianScalar(value);
  }
  bool Fault(std::string text, Kind kind = Kind::kSchema) {
    fault_ = std::move(text);
    kind_ = kind;
    return false;
  }
  bool FaultIn(std::string_view field, std::optional<uint32_t> index = std::nullopt) {
    path_.push_back({field, index});
    return false;
  }
  bool Misplaced(uint32_t alignment) {
    return Fault(Text("does not begin at a multiple of ", alignment,
                      " bytes (FlatBufferBuilder::ForceVectorAlignment)"));
  }
  const reflection::Object& ObjectOf(const reflection::Type& type) const {
    return *schema_.objects()->Get(static_cast<uint32_t>(type.index()));
  }
  const reflection::Object* Find(const flatbuffers::String& name) const;
  const reflection::Type* MemberOf(const reflection::Type& type, uint8_t member) const;

  bool Root(const Buffer& in, const reflection::Object& table, int depth);
  bool Follow(const Buffer& in, size_t at, size_t* to);
  bool Table(const Buffer& in, size_t at, const reflection::Object& table, int depth);
  bool Field(const Buffer& in, size_t at, const reflection::Field& field, size_t type_at,
             int depth);
  bool Absent(const Buffer& in, const reflection::Object& table, const reflection::Field& field,
              size_t type_at);
  bool Struct(const Buffer& in, size_t at, const reflection::Object& type);
  bool String(const Buffer& in, size_t at);
  bool Union(const Buffer& in, size_t at, const reflection::Type& type, uint8_t member, int depth);
  bool Vector(const Buffer& in, size_t at, const reflection::Field& field, size_t type_at,
              int depth);
  bool Elements(const Buffer& in, size_t first, uint32_t count, const reflection::Type& type,
                size_t type_at, int depth);
  bool Element(const Buffer& in, size_t at, const reflection::Type& type, size_t member_at,
               int depth);

  const reflection::Schema& schema_;
  const std::span<const std::byte> bytes_;
  int tables_left_;
  Kind kind_ = Kind::kSchema;
  std::string fault_;
  std::vector<Step> path_;  // innermost first
};

// ---- The parts of a buffer.

bool Walk::Root(const Buffer& in, const reflection::Object& table, int depth) {
  if (in.end - in.begin < kBufferBytesMin)
    return Fault(Text("has ", in.end - in.begin, " bytes, too few for a table"));
  size_t at = 0;
  return Follow(in, in.begin, &at) && Table(in, at, table, depth);
}

bool Walk::Follow(const Buffer& in, size_t at, size_t* to) {
  if (!Has(in, at, 4) || !Lies(in, at, 4)) return Fault("lies outside of the message");
  const auto offset = Read<uint32_t>(at);
  if (offset == 0 || offset > INT32_MAX || !Has(in, at + offset, 1))
    return Fault("points outside of the message");
  *to = at + offset;
  return true;
}

bool Walk::Table(const Buffer& in, size_t at, const reflection::Object& table, int depth) {
  if (depth > kVerifyDepthMax) return Fault("", Kind::kDepth);
  if (--tables_left_ < 0) return Fault("", Kind::kTables);
  if (!Has(in, at, 4) || !Lies(in, at, 4)) return Fault("is a table outside of the message");
  const int64_t vtable_at = static_cast<int64_t>(at) - Read<int32_t>(at);
  if (vtable_at < static_cast<int64_t>(in.begin)) return Fault("is no table");
  const auto vtable = static_cast<size_t>(vtable_at);
  if (!Has(in, vtable, 2) || !Lies(in, vtable, 2)) return Fault("is no table");
  const auto vtable_bytes = Read<uint16_t>(vtable);
  if (vtable_bytes % 2 != 0 || !Has(in, vtable, vtable_bytes)) return Fault("is no table");
  const auto place_of = [&](uint32_t slot) -> size_t {  // 0: it is not there
    const uint16_t offset = slot < vtable_bytes ? Read<uint16_t>(vtable + slot) : uint16_t{0};
    return offset == 0 ? 0 : at + offset;
  };
  if (table.fields() == nullptr) return true;
  for (const reflection::Field* field : *table.fields()) {
    if (field->deprecated()) continue;
    const size_t place = place_of(field->offset());
    // The type of a union, or of a list of them, is in the slot before.
    const size_t type_at = field->offset() >= 6 ? place_of(field->offset() - 2u) : 0;
    if (place != 0 ? !Field(in, place, *field, type_at, depth)
                   : !Absent(in, table, *field, type_at))
      return FaultIn(field->name()->string_view());
  }
  return true;
}

bool Walk::Absent(const Buffer& in, const reflection::Object& table, const reflection::Field& field,
                  size_t type_at) {
  const reflection::Type& type = *field.type();
  if (field.required())
    return Fault(Text("(of ", table.name()->string_view(), ") is required, and missing"));
  if (type_at == 0) return true;
  if (type.base_type() == BaseType::Vector && type.element() == BaseType::Union)
    return Fault("is missing, and the list of its types is not");
  if (type.base_type() != BaseType::Union) return true;
  if (!Has(in, type_at, 1)) return Fault("has a type outside of the message");
  const reflection::Type* member = MemberOf(type, Read<uint8_t>(type_at));
  return member == nullptr || member->base_type() != BaseType::Obj ||
         !ObjectOf(*member).is_struct() || Fault("is missing, and its type is not");
}

bool Walk::Field(const Buffer& in, size_t at, const reflection::Field& field, size_t type_at,
                 int depth) {
  const reflection::Type& type = *field.type();
  if (type.base_type() == BaseType::Vector) {
    size_t vector_at = 0;
    return Follow(in, at, &vector_at) && Vector(in, vector_at, field, type_at, depth);
  }
  if (type.base_type() == BaseType::Union) {  // its accessor follows it whatever its type
    size_t member_at = 0;
    if (!Follow(in, at, &member_at)) return false;
    if (type_at == 0) return true;
  }
  return Element(in, at, type, type_at, depth);
}

// What lies at `at`: in a table, or as an element of a list.
bool Walk::Element(const Buffer& in, size_t at, const reflection::Type& type, size_t member_at,
                   int depth) {
  const BaseType is = type.base_type() == BaseType::Vector ? type.element() : type.base_type();
  if (IsScalar(is)) {
    return (Has(in, at, BytesOf(is)) && Lies(in, at, BytesOf(is))) ||
           Fault("lies outside of the message, or askew");
  }
  if (is == BaseType::Obj && ObjectOf(type).is_struct()) return Struct(in, at, ObjectOf(type));
  uint8_t member = 0;
  if (is == BaseType::Union) {
    if (!Has(in, member_at, 1)) return Fault("has a type outside of the message");
    member = Read<uint8_t>(member_at);
    if (member == 0) return true;
  }
  size_t to = 0;
  if (!Follow(in, at, &to)) return false;
  switch (is) {
    case BaseType::Obj:
      return Table(in, to, ObjectOf(type), depth + 1);
    case BaseType::String:
      return String(in, to);
    case BaseType::Union:
      return Union(in, to, type, member, depth);
    default:
      return true;
  }
}

bool Walk::Struct(const Buffer& in, size_t at, const reflection::Object& type) {
  const auto alignment = static_cast<uint32_t>(type.minalign());
  if (!Has(in, at, static_cast<uint32_t>(type.bytesize())))
    return Fault(Text("(a ", type.name()->string_view(), ") lies outside of the message"));
  return Lies(in, at, alignment) || Misplaced(alignment);
}

bool Walk::String(const Buffer& in, size_t at) {
  if (!Has(in, at, 4) || !Lies(in, at, 4)) return Fault("is a string outside of the message");
  const auto letters = Read<uint32_t>(at);
  if (!Has(in, at + 4, uint64_t{letters} + 1)) return Fault("is a string outside of the message");
  return Read<uint8_t>(at + 4 + letters) == 0 || Fault("is a string without the zero at its end");
}

bool Walk::Union(const Buffer& in, size_t at, const reflection::Type& type, uint8_t member,
                 int depth) {
  const reflection::Type* is = MemberOf(type, member);
  if (is == nullptr) return true;  // of a newer schema
  if (is->base_type() == BaseType::String) return String(in, at);
  if (is->base_type() != BaseType::Obj) return true;
  return ObjectOf(*is).is_struct() ? Struct(in, at, ObjectOf(*is))
                                   : Table(in, at, ObjectOf(*is), depth + 1);
}

const reflection::Type* Walk::MemberOf(const reflection::Type& type, uint8_t member) const {
  const auto& members = *schema_.enums()->Get(static_cast<uint32_t>(type.index()));
  const reflection::EnumVal* value = members.values()->LookupByKey(int64_t{member});
  return value == nullptr ? nullptr : value->union_type();
}

bool Walk::Vector(const Buffer& in, size_t at, const reflection::Field& field, size_t type_at,
                  int depth) {
  const reflection::Type& type = *field.type();
  if (!Has(in, at, 4) || !Lies(in, at, 4)) return Fault("is a list outside of the message");
  const auto count = Read<uint32_t>(at);
  const size_t first = at + 4;
  uint32_t bytes = 4, alignment = 4;
  const bool structs = type.element() == BaseType::Obj && ObjectOf(type).is_struct();
  if (IsScalar(type.element())) {
    bytes = alignment = BytesOf(type.element());
  } else if (structs) {
    bytes = static_cast<uint32_t>(ObjectOf(type).bytesize());
    alignment = static_cast<uint32_t>(ObjectOf(type).minalign());
  }
  if (!Has(in, first, uint64_t{count} * bytes))
    return Fault(Text("has ", count, " elements, and they are not in the message"));
  if (const flatbuffers::String* forced = AttributeOf(field, "force_align")) {
    uint32_t wanted = 0;
    std::from_chars(forced->c_str(), forced->c_str() + forced->size(), wanted);
    alignment = std::max(alignment, wanted);
  }
  if (count != 0 && !Lies(in, first, alignment)) return Misplaced(alignment);
  const flatbuffers::String* inner = AttributeOf(field, "nested_flatbuffer");
  if (inner != nullptr) {  // an empty one, too, has an accessor that reads its root
    const reflection::Object* root = Find(*inner);
    return root == nullptr || Root({first, first + count}, *root, depth + 1);
  }
  if (structs || IsScalar(type.element())) return true;
  return Elements(in, first, count, type, type_at, depth);
}

// Of a list of tables, strings or unions.
bool Walk::Elements(const Buffer& in, size_t first, uint32_t count, const reflection::Type& type,
                    size_t type_at, int depth) {
  size_t members = 0;
  if (type.element() == BaseType::Union) {
    size_t types_at = 0;
    if (type_at == 0) return Fault("has no list of types beside it");
    if (!Follow(in, type_at, &types_at)) return false;
    members = types_at + 4;
    if (!Has(in, types_at, 4) || !Lies(in, types_at, 4) || Read<uint32_t>(types_at) != count ||
        !Has(in, members, count))
      return Fault("has another number of types beside it");
  }
  for (uint32_t i = 0; i < count; ++i) {
    if (!Element(in, first + size_t{4} * i, type, members + i, depth)) return FaultIn("", i);
  }
  return true;
}

// By its name in full, or the only one of that name in any namespace: the generator refuses others.
const reflection::Object* Walk::Find(const flatbuffers::String& name) const {
  if (const auto* object = schema_.objects()->LookupByKey(name.c_str())) return object;
  for (const reflection::Object* object : *schema_.objects()) {
    const std::string_view full = object->name()->string_view();
    if (full.size() > name.size() && full.ends_with(name.string_view()) &&
        full[full.size() - name.size() - 1] == '.')
      return object;
  }
  return nullptr;
}

// "items[3].name"; of a long one the beginning and the end.
std::string Walk::Path() const {
  std::vector<std::string> parts;
  for (auto step = path_.rbegin(); step != path_.rend(); ++step) {
    if (step->index.has_value() && !parts.empty())
      parts.back() += Text("[", *step->index, "]");
    else
      parts.emplace_back(step->field);
  }
  std::string path;
  for (size_t i = 0; i < parts.size(); ++i) {
    if (i == kPathHead && parts.size() > kPathHead + kPathTail + 1) {
      path += ".…";
      i = parts.size() - kPathTail;
    }
    path += (i == 0 ? "" : ".") + parts[i];
  }
  return path;
}

// ---- The table of a message.

const reflection::Object* RootOfMessage(const reflection::Schema& schema, const Method& method,
                                        Way way) {
  if (schema.services() == nullptr) return nullptr;
  const std::string_view interface = method.interface->name;
  for (const reflection::Service* service : *schema.services()) {
    if (service->name()->string_view() != interface || service->calls() == nullptr) continue;
    for (const reflection::RPCCall* call : *service->calls()) {
      if (call->name()->string_view() == method.short_name())
        return way == Way::kRequest ? call->request() : call->response();
    }
  }
  return nullptr;
}

const reflection::Schema* SchemaOf(const Method& method) {
  if (method.interface == nullptr || method.interface->schema.empty()) return nullptr;
  return reflection::GetSchema(method.interface->schema.data());
}

}  // namespace

bool IsSound(const Method& method, Way way, std::span<const std::byte> bytes) {
  const reflection::Schema* schema = SchemaOf(method);
  const reflection::Object* root =
      schema == nullptr ? nullptr : RootOfMessage(*schema, method, way);
  return root == nullptr || Walk(*schema, bytes, method.tables_max).Passes(*root);
}

std::string FaultOf(const Method& method, Way way, std::span<const std::byte> bytes) {
  const reflection::Schema* schema = SchemaOf(method);
  const reflection::Object* root =
      schema == nullptr ? nullptr : RootOfMessage(*schema, method, way);
  if (root == nullptr) return "is not what the schema says";
  Walk walk(*schema, bytes, method.tables_max);
  const bool passes = walk.Passes(*root);
  const std::string path = walk.Path();
  if (!passes && walk.kind() == Walk::Kind::kDepth) {
    return Text("has more than ", kVerifyDepthMax, " tables inside one another, at ", path,
                ": that is the limit for any message");
  }
  if (!passes && walk.kind() == Walk::Kind::kTables) {
    return Text("has more than ", method.tables_max, " tables, at ", path,
                ": that is the method's limit (tables_max)");
  }
  char hash[24];
  std::snprintf(hash, sizeof hash, "%016llx",
                static_cast<unsigned long long>(method.interface->schema_hash));
  return Text("is not what the schema says: ",
              passes         ? "it is no such table"
              : path.empty() ? "it"
                             : path,
              passes ? "" : " ", walk.fault(),
              "; were both ends built from one schema? (the reader's has the hash ",
              std::string_view(hash), ")");
}

}  // namespace jackfield
