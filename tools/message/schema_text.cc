#include "tools/message/schema_text.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <map>
#include <set>
#include <vector>

#include "flatbuffers/reflection.h"
#include "kernel/base/text.h"
#include "services/reflection/reading.h"

namespace jackfield::message {
namespace {

using reflection::BaseType;

// What FlatBuffers' parser knows without `attribute "…";`.
constexpr std::string_view kKnownAttributes[] = {"idempotent", "streaming"};

int32_t AlignmentOf(BaseType scalar) {
  return static_cast<int32_t>(flatbuffers::GetTypeSize(scalar));
}

std::string_view SpaceOf(std::string_view full_name) {
  const size_t dot = full_name.rfind('.');
  return dot == std::string_view::npos ? std::string_view() : full_name.substr(0, dot);
}

std::string Quoted(std::string_view text) {
  std::string quoted = "\"";
  for (const char c : Escaped(text)) {
    if (c == '"' || c == '\\') quoted += '\\';
    quoted += c;
  }
  return quoted + "\"";
}

class Writer {
 public:
  Writer(const reflection::Schema& schema, bool for_reader)
      : schema_(schema), for_reader_(for_reader) {
    for (const reflection::Object* object : *schema.objects()) types_.insert(object->name()->str());
    for (const reflection::Enum* type : *schema.enums()) types_.insert(type->name()->str());
  }

  absl::StatusOr<std::string> Write(std::string_view interface, std::string_view method) {
    std::vector<const reflection::Service*> services;
    if (schema_.services() != nullptr) {
      for (const reflection::Service* service : *schema_.services()) {
        if (for_reader_ && service->name()->string_view() != interface) continue;
        services.push_back(service);
      }
    }
    for (const reflection::Service* service : services) UseCalls(*service, method);
    if (!for_reader_) UseAll();
    WriteAttributes(services, method);
    WriteTypes();
    for (const reflection::Service* service : services) WriteService(*service, method);
    if (text_.size() > kSchemaTextBytesMax)
      Fail(Text("is more than ", kSchemaTextBytesMax, " bytes of text"));
    if (!fault_.empty()) return absl::InvalidArgumentError(fault_);
    return std::move(text_);
  }

 private:
  void Fail(std::string why) {
    if (fault_.empty()) fault_ = std::move(why);
  }
  void Add(std::string_view text) {
    if (text_.size() <= kSchemaTextBytesMax) text_ += text;
  }

  // ---- Which types there are to write.

  void UseAll() {
    for (const reflection::Enum* type : *schema_.enums()) enums_.insert(type);
    for (const reflection::Object* object : *schema_.objects()) objects_.insert(object);
  }
  void UseCalls(const reflection::Service& service, std::string_view method) {
    if (service.calls() == nullptr) return;
    std::vector<const reflection::Object*> found;
    const auto use = [&](const reflection::Object* object) {
      if (object != nullptr && objects_.insert(object).second) found.push_back(object);
    };
    std::map<std::string_view, const reflection::Object*> by_name;
    for (const reflection::Object* object : *schema_.objects())
      by_name[object->name()->string_view()] = object;
    for (const reflection::RPCCall* call : *service.calls()) {
      if (!method.empty() && call->name()->string_view() != method) continue;
      use(by_name[call->request()->name()->string_view()]);
      use(by_name[call->response()->name()->string_view()]);
    }
    while (!found.empty()) {
      const reflection::Object& object = *found.back();
      found.pop_back();
      for (const reflection::Field* field : *object.fields()) UseType(*field, use);
    }
  }
  template <class Use>
  void UseType(const reflection::Field& field, const Use& use) {
    const reflection::Type& type = *field.type();
    use(NestedIn(schema_, field));
    if (ElementOf(type) == BaseType::Obj) return use(Object(type));
    if (type.index() < 0) return;
    const reflection::Enum& of = *schema_.enums()->Get(static_cast<uint32_t>(type.index()));
    enums_.insert(&of);
    for (const reflection::EnumVal* value : *of.values()) {
      if (of.is_union() && value->value() != 0 && value->union_type()->base_type() == BaseType::Obj)
        use(Object(*value->union_type()));
    }
  }
  const reflection::Object* Object(const reflection::Type& type) const {
    return schema_.objects()->Get(static_cast<uint32_t>(type.index()));
  }

  // ---- How they are written: enums, structs, unions, tables.

  void WriteTypes() {
    for (const reflection::Enum* type : *schema_.enums()) {
      if (enums_.contains(type) && !type->is_union()) WriteEnum(*type);
    }
    for (const reflection::Object* object : *schema_.objects()) {
      if (objects_.contains(object) && object->is_struct()) WriteStruct(*object, 0);
    }
    for (const reflection::Enum* type : *schema_.enums()) {
      if (enums_.contains(type) && type->is_union()) WriteUnion(*type);
    }
    for (const reflection::Object* object : *schema_.objects()) {
      if (objects_.contains(object) && !object->is_struct()) WriteObject(*object);
    }
  }

  void Enter(std::string_view full_name) {
    const std::string_view space = SpaceOf(full_name);
    if (!text_.empty()) Add("\n");
    if (space == space_) return;
    space_ = space;
    Add(Text("namespace ", space, ";\n\n"));
  }
  template <class Documented>
  void Comment(const Documented& documented, std::string_view indent) {
    if (!for_reader_ || documented.documentation() == nullptr) return;
    for (const flatbuffers::String* line : *documented.documentation()) {
      if (text_.size() > kSchemaTextBytesMax) return;
      Add(Text(indent, "///", Escaped(line->string_view()), "\n"));
    }
  }
  static std::string_view ShortName(std::string_view full_name) {
    return full_name.substr(full_name.rfind('.') + 1);
  }

  // How `full_name` is called in the namespace that is being written.
  std::string Ref(std::string_view full_name) {
    // The parser looks for it in the namespace and in those around that first.
    for (std::string_view space = space_; !space.empty(); space = SpaceOf(space)) {
      const std::string other = Text(space, ".", full_name);
      if (types_.contains(other))
        Fail(Text("uses ", full_name, " in ", space_, ", where that name means ", other));
    }
    if (for_reader_ && SpaceOf(full_name) == space_) return std::string(ShortName(full_name));
    return std::string(full_name);
  }

  std::string RefTo(const reflection::Type& type) {
    const BaseType is = ElementOf(type);
    std::string element;
    if (is == BaseType::Obj)
      element = Ref(Object(type)->name()->string_view());
    else if (type.index() >= 0 && is != BaseType::String)
      element =
          Ref(schema_.enums()->Get(static_cast<uint32_t>(type.index()))->name()->string_view());
    else
      element = NameOf(is);
    if (type.base_type() == BaseType::Vector) return Text("[", element, "]");
    if (type.base_type() == BaseType::Array)
      return Text("[", element, ":", type.fixed_length(), "]");
    return element;
  }

  void WriteEnum(const reflection::Enum& type) {
    const std::string_view name = type.name()->string_view();
    const bool flags = AttributeOf(type, "bit_flags") != nullptr;
    const BaseType is = type.underlying_type()->base_type();
    Enter(name);
    Comment(type, "");
    Add(Text("enum ", ShortName(name), " : ", NameOf(is), flags ? " (bit_flags)" : "", " {\n"));
    for (const reflection::EnumVal* value : *type.values()) {
      const auto number = static_cast<uint64_t>(value->value());
      if (flags && !std::has_single_bit(number))
        Fail(Text("has a flag ", name, ".", value->name()->string_view(), " of more than one bit"));
      Comment(*value, "  ");
      Add(Text("  ", value->name()->string_view(), " = ",
               flags                   ? std::to_string(std::countr_zero(number))
               : is == BaseType::ULong ? std::to_string(number)
                                       : std::to_string(value->value()),
               ",\n"));
    }
    Add("}\n");
  }

  void WriteUnion(const reflection::Enum& type) {
    const std::string_view name = type.name()->string_view();
    Enter(name);
    Comment(type, "");
    Add(Text("union ", ShortName(name), " {\n"));
    for (const reflection::EnumVal* value : *type.values()) {
      if (value->value() == 0) continue;  // NONE, which every union has
      Comment(*value, "  ");
      const std::string_view member = value->name()->string_view();
      const std::string ref = RefTo(*value->union_type());
      Add(for_reader_ && ref == member ? Text("  ", member, ",\n")
                                       : Text("  ", member, ": ", ref, ",\n"));
    }
    Add("}\n");
  }

  // After those that are in it. Returns how many are inside one another.
  int WriteStruct(const reflection::Object& object, int outside) {
    const auto [at, is_new] = depths_.emplace(&object, 0);  // 0: it is being written
    if (!is_new) return at->second;                         // one in itself: the parser tells
    int depth = 1;
    for (const reflection::Field* field : *object.fields()) {
      if (ElementOf(*field->type()) == BaseType::Obj && outside < kStructDepthMax)
        depth = std::max(depth, 1 + WriteStruct(*Object(*field->type()), outside + 1));
    }
    if (depth > kStructDepthMax || outside == kStructDepthMax) {
      Fail(Text("has ", kStructDepthMax, " structs or more inside one another, at ",
                object.name()->string_view()));
    }
    WriteObject(object);
    return at->second = depth;
  }

  // The alignment that a struct has without force_align.
  int32_t NaturalAlignment(const reflection::Object& object) const {
    int32_t alignment = 1;
    for (const reflection::Field* field : *object.fields()) {
      const BaseType is = ElementOf(*field->type());
      alignment = std::max(
          alignment, is == BaseType::Obj ? Object(*field->type())->minalign() : AlignmentOf(is));
    }
    return alignment;
  }

  void WriteObject(const reflection::Object& object) {
    const std::string_view name = object.name()->string_view();
    Enter(name);
    Comment(object, "");
    Add(Text(object.is_struct() ? "struct " : "table ", ShortName(name)));
    if (object.is_struct() && object.minalign() != NaturalAlignment(object))
      Add(Text(" (force_align: ", object.minalign(), ")"));
    Add(" {\n");
    for (const reflection::Field* field : FieldsById(object)) {
      if (ElementOf(*field->type()) != BaseType::UType) WriteField(object, *field);
    }
    Add("}\n");
  }

  void WriteField(const reflection::Object& object, const reflection::Field& field) {
    std::vector<std::string> attributes;
    if (field.required()) attributes.emplace_back("required");
    if (field.key()) attributes.emplace_back("key");
    if (for_reader_ && field.deprecated()) attributes.emplace_back("deprecated");
    const uint32_t forced = ForcedAlignment(field);
    if (forced != 0 && !object.is_struct()) attributes.push_back(Text("force_align: ", forced));
    if (const reflection::Object* nested = NestedIn(schema_, field)) {
      const std::string ref = Ref(nested->name()->string_view());
      attributes.push_back(Text("nested_flatbuffer: \"", ref, "\""));
    }
    std::string list;
    for (const std::string& attribute : attributes)
      list += Text(list.empty() ? " (" : ", ", attribute);
    Comment(field, "  ");
    Add(Text("  ", field.name()->string_view(), ": ", RefTo(*field.type()), DefaultOf(field), list,
             list.empty() ? "" : ")", ";\n"));
  }

  static std::string DefaultOf(const reflection::Field& field) {
    const BaseType is = field.type()->base_type();
    if (!IsScalar(is)) return "";
    if (field.optional()) return " = null";
    if (is == BaseType::Float || is == BaseType::Double) {
      const double number = field.default_real();
      return number == 0 && !std::signbit(number) ? "" : Text(" = ", NumberText(number));
    }
    const int64_t number = field.default_integer();
    if (number == 0) return "";
    if (is == BaseType::Bool) return " = true";
    return is == BaseType::ULong ? Text(" = ", static_cast<uint64_t>(number)) : Text(" = ", number);
  }

  void WriteAttributes(const std::vector<const reflection::Service*>& services,
                       std::string_view method) {
    if (!for_reader_) return;
    std::set<std::string_view> names;
    for (const reflection::Service* service : services) {
      if (service->calls() == nullptr) continue;
      for (const reflection::RPCCall* call : *service->calls()) {
        if (call->attributes() == nullptr) continue;
        if (!method.empty() && call->name()->string_view() != method) continue;
        for (const reflection::KeyValue* attribute : *call->attributes())
          names.insert(attribute->key()->string_view());
      }
    }
    for (const std::string_view name : kKnownAttributes) names.erase(name);
    for (const std::string_view name : names) Add(Text("attribute ", Quoted(name), ";\n"));
  }

  void WriteService(const reflection::Service& service, std::string_view method) {
    const std::string_view name = service.name()->string_view();
    Enter(name);
    Comment(service, "");
    Add(Text("rpc_service ", ShortName(name), " {\n"));
    if (service.calls() != nullptr) {
      for (const reflection::RPCCall* call : *service.calls()) {
        if (!method.empty() && call->name()->string_view() != method) continue;
        Comment(*call, "  ");
        Add(Text("  ", call->name()->string_view(), "(",
                 Ref(call->request()->name()->string_view()),
                 "): ", Ref(call->response()->name()->string_view()), AttributesOf(*call), ";\n"));
      }
    }
    Add("}\n");
  }

  std::string AttributesOf(const reflection::RPCCall& call) const {
    if (!for_reader_ || call.attributes() == nullptr) return "";
    std::string list;
    for (const reflection::KeyValue* attribute : *call.attributes()) {
      list += Text(list.empty() ? " (" : ", ", Escaped(attribute->key()->string_view()));
      const flatbuffers::String* value = attribute->value();
      // One without a value is kept as "0".
      if (value != nullptr && value->string_view() != "0")
        list += Text(": ", Quoted(value->string_view()));
    }
    return list.empty() ? list : list + ")";
  }

  const reflection::Schema& schema_;
  const bool for_reader_;
  std::set<std::string, std::less<>> types_;
  std::set<const reflection::Object*> objects_;
  std::map<const reflection::Object*, int> depths_;  // of the structs that are written
  std::set<const reflection::Enum*> enums_;
  std::string_view space_;
  std::string text_, fault_;
};

}  // namespace

absl::StatusOr<std::string> TextForReader(const reflection::Schema& schema,
                                          std::string_view interface, std::string_view method) {
  return Writer(schema, true).Write(interface, method);
}

absl::StatusOr<std::string> TextForParser(const reflection::Schema& schema) {
  return Writer(schema, false).Write("", "");
}

}  // namespace jackfield::message
