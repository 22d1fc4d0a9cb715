#include "tools/message/printable.h"

#include <algorithm>
#include <unordered_map>

#include "flatbuffers/flatbuffers.h"
#include "flatbuffers/util.h"
#include "kernel/base/text.h"
#include "kernel/payload.h"
#include "services/reflection/reading.h"
#include "tools/message/schema_text.h"

namespace jackfield::message {
namespace {

using flatbuffers::uoffset_t;
using reflection::BaseType;

constexpr uint64_t kLetterBytesMax = 6;  // "\u001b"
constexpr uint64_t kSignsBytes = 6;      // around a value: colon, space, comma, newline, brackets

uint64_t DigitsOf(BaseType scalar) {
  switch (scalar) {
    case BaseType::UType:
    case BaseType::Bool:
    case BaseType::Byte:
    case BaseType::UByte:
      return 5;
    case BaseType::Short:
    case BaseType::UShort:
      return 6;
    case BaseType::Int:
    case BaseType::UInt:
      return 11;
    default:
      return 32;
  }
}

bool IsUtf8(const flatbuffers::String& text) {
  const char* at = text.c_str();
  const char* const end = at + text.size();
  while (at < end) {
    if (flatbuffers::FromUTF8(&at) < 0) return false;
  }
  return at == end;
}

class Look {
 public:
  Look(const reflection::Schema& schema, Layout layout) : schema_(schema), layout_(layout) {}

  void Root(const uint8_t* buffer, const reflection::Object& table) {
    Table(*flatbuffers::GetRoot<flatbuffers::Table>(buffer), table);
  }
  Printable Take() { return std::move(result_); }

 private:
  bool fault() const { return !result_.why_not.empty(); }
  void Fault(std::string why) {
    if (!fault()) result_.why_not = std::move(why);
  }
  void Spend(uint64_t bytes, uint64_t times = 1) {
    if (bytes != 0 && times > left_ / bytes) {
      left_ = 0;
      return Fault(Text("it may be more than ", kJsonBytesMax, " bytes of text"));
    }
    left_ -= bytes * times;
  }

  // Around a value in a line of its own, so many tables inside the message, each in a list.
  uint64_t AroundBytes(uint64_t depth) const {
    return kSignsBytes + (layout_ == Layout::kLine ? 0 : 4 * depth);
  }
  const reflection::Object& ObjectOf(const reflection::Type& type) const {
    return *schema_.objects()->Get(static_cast<uint32_t>(type.index()));
  }
  const reflection::Enum& EnumOf(const reflection::Type& type) const {
    return *schema_.enums()->Get(static_cast<uint32_t>(type.index()));
  }

  // The most that one number takes: as a number, or the names of an enum.
  uint64_t NumberBytes(const reflection::Type& type) {
    if (type.index() < 0) return DigitsOf(ElementOf(type));
    uint64_t& bytes = enum_bytes_[type.index()];
    if (bytes != 0) return bytes;
    bytes = DigitsOf(ElementOf(type));
    const reflection::Enum& of = EnumOf(type);
    const bool flags =
        of.attributes() != nullptr && of.attributes()->LookupByKey("bit_flags") != nullptr;
    uint64_t sum = 0, most = 0;
    for (const reflection::EnumVal* value : *of.values()) {
      sum += value->name()->size() + 1;
      most = std::max<uint64_t>(most, value->name()->size() + 2);
    }
    return bytes += flags ? sum : most;
  }

  // Its lines may be as far in as those of any struct.
  uint64_t StructBytes(const reflection::Object& type) {
    if (const auto known = struct_bytes_.find(&type); known != struct_bytes_.end())
      return known->second;
    const uint64_t around = AroundBytes(kVerifyDepthMax + kStructDepthMax);
    uint64_t bytes = around;
    for (const reflection::Field* field : *type.fields()) {
      const reflection::Type& is = *field->type();
      const uint64_t times = is.base_type() == BaseType::Array ? is.fixed_length() : 1;
      bytes += field->name()->size() + 2 + around;
      bytes += times * (around + (ElementOf(is) == BaseType::Obj ? StructBytes(ObjectOf(is))
                                                                 : NumberBytes(is)));
    }
    return struct_bytes_[&type] = bytes;
  }

  void Table(const flatbuffers::Table& table, const reflection::Object& type) {
    ++depth_;
    Spend(2 * AroundBytes(depth_));
    for (const reflection::Field* field : *type.fields()) {
      if (fault()) break;
      const BaseType is = field->type()->base_type();
      const bool there = table.CheckField(field->offset());
      if (there || IsScalar(is)) Spend(field->name()->size() + 2 + AroundBytes(depth_));
      if (IsScalar(is)) Spend(NumberBytes(*field->type()));
      if (!there || IsScalar(is)) continue;
      Field(table, type, *field);
    }
    --depth_;
  }

  void Field(const flatbuffers::Table& table, const reflection::Object& in,
             const reflection::Field& field) {
    const reflection::Type& type = *field.type();
    const auto type_slot = static_cast<flatbuffers::voffset_t>(field.offset() - 2);
    const auto* to = table.GetPointer<const uint8_t*>(field.offset());
    switch (type.base_type()) {
      case BaseType::String:
        return String(*reinterpret_cast<const flatbuffers::String*>(to));
      case BaseType::Obj:
        if (ObjectOf(type).is_struct()) return Spend(StructBytes(ObjectOf(type)));
        return Table(*reinterpret_cast<const flatbuffers::Table*>(to), ObjectOf(type));
      case BaseType::Union:
        return Union(in, field, to, table.GetField<uint8_t>(type_slot, 0));
      case BaseType::Vector:
        if (type.element() == BaseType::Union)
          return Unions(in, field, to, table.GetPointer<const uint8_t*>(type_slot));
        return Vector(field, *reinterpret_cast<const flatbuffers::Vector<uint8_t>*>(to));
      default:
        return;
    }
  }

  void String(const flatbuffers::String& text) {
    Spend(2 + AroundBytes(depth_ + 1) + kLetterBytesMax * text.size());
    if (!fault() && !IsUtf8(text)) result_.is_utf8 = false;
  }

  void Union(const reflection::Object& in, const reflection::Field& field, const uint8_t* to,
             uint8_t member) {
    const reflection::EnumVal* value =
        member == 0 ? nullptr : EnumOf(*field.type()).values()->LookupByKey(int64_t{member});
    if (value == nullptr) {
      return Fault(Text(in.name()->string_view(), ".", field.name()->string_view(),
                        " has the type ", member, ", which the schema does not know"));
    }
    const reflection::Type& type = *value->union_type();
    if (type.base_type() == BaseType::String)
      return String(*reinterpret_cast<const flatbuffers::String*>(to));
    if (ObjectOf(type).is_struct()) return Spend(StructBytes(ObjectOf(type)));
    Table(*reinterpret_cast<const flatbuffers::Table*>(to), ObjectOf(type));
  }

  void Unions(const reflection::Object& in, const reflection::Field& field, const uint8_t* to,
              const uint8_t* types) {
    const auto& members = *reinterpret_cast<const flatbuffers::Vector<uint8_t>*>(types);
    const uint8_t* at = to + sizeof(uoffset_t);
    for (uoffset_t i = 0; i < members.size() && !fault(); ++i, at += sizeof(uoffset_t)) {
      Spend(AroundBytes(depth_ + 1));
      Union(in, field, at + flatbuffers::ReadScalar<uoffset_t>(at), members.Get(i));
    }
  }

  // Of anything but unions.
  void Vector(const reflection::Field& field, const flatbuffers::Vector<uint8_t>& vector) {
    const reflection::Type& type = *field.type();
    const uoffset_t count = vector.size();
    if (const reflection::Object* nested = NestedIn(schema_, field))
      return Root(vector.data(), *nested);
    if (IsScalar(type.element())) return Spend(AroundBytes(depth_ + 1) + NumberBytes(type), count);
    if (type.element() == BaseType::Obj && ObjectOf(type).is_struct())
      return Spend(StructBytes(ObjectOf(type)), count);
    const uint8_t* at = vector.data();
    for (uoffset_t i = 0; i < count && !fault(); ++i, at += sizeof(uoffset_t)) {
      const uint8_t* to = at + flatbuffers::ReadScalar<uoffset_t>(at);
      if (type.element() == BaseType::String)
        String(*reinterpret_cast<const flatbuffers::String*>(to));
      else
        Table(*reinterpret_cast<const flatbuffers::Table*>(to), ObjectOf(type));
    }
  }

  const reflection::Schema& schema_;
  const Layout layout_;
  uint64_t depth_ = 0;  // of tables
  uint64_t left_ = kJsonBytesMax;
  std::unordered_map<int32_t, uint64_t> enum_bytes_;
  std::unordered_map<const reflection::Object*, uint64_t> struct_bytes_;
  Printable result_;
};

}  // namespace

Printable PrintableOf(const reflection::Schema& schema, std::string_view table,
                      std::span<const std::byte> bytes, Layout layout) {
  Look look(schema, layout);
  const reflection::Object* root = schema.objects()->LookupByKey(std::string(table).c_str());
  if (root != nullptr) look.Root(reinterpret_cast<const uint8_t*>(bytes.data()), *root);
  return look.Take();
}

}  // namespace jackfield::message
