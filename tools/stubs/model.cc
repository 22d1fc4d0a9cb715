#include "tools/stubs/model.h"

#include <algorithm>
#include <charconv>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "flatbuffers/reflection_generated.h"
#include "kernel/base/fnv.h"
#include "kernel/base/text.h"
#include "tools/stubs/checks.h"

namespace jackfield::stubs {
namespace {

std::string Replaced(std::string_view text, char from, std::string_view to) {
  std::string result;
  for (const char c : text) {
    if (c == from)
      result += to;
    else
      result += c;
  }
  return result;
}

std::string SpaceOf(std::string_view full_name) {
  const size_t dot = full_name.rfind('.');
  return dot == std::string_view::npos ? "" : Replaced(full_name.substr(0, dot), '.', "::");
}

std::string NameOf(std::string_view full_name) {
  return std::string(full_name.substr(full_name.rfind('.') + 1));
}

// What the classes of a service's stubs may have as members, and their templates as parameters.
std::set<std::string> MembersOf(const reflection::Service& service) {
  std::set<std::string> members = {"Methods", "RegisterOn", "PayloadT", "DoneT"};
  for (const auto* call : *service.calls()) {
    const std::string name = call->name()->str();
    members.insert({name, name + "Async", name + "Future", "Try" + name});
  }
  return members;
}

// A table's name as code in `space` writes it, within a class of these members: those hide it.
std::string TableName(std::string_view full_name, const std::string& space,
                      const std::set<std::string>& members) {
  const std::string name = NameOf(full_name);
  if (SpaceOf(full_name) == space && !members.contains(name)) return name;
  return "::" + Replaced(full_name, '.', "::");
}

template <class Documented>
std::vector<std::string> CommentsOf(const Documented& documented) {
  std::vector<std::string> lines;
  if (documented.documentation() == nullptr) return lines;
  for (const auto* line : *documented.documentation()) {
    std::string text = line->str();
    if (text.starts_with(' ')) text.erase(0, 1);
    lines.push_back(std::move(text));
  }
  return lines;
}

absl::Status ReadNumber(const Place& place, std::string_view attribute, std::string_view text,
                        int64_t most, int64_t* value) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), *value);
  if (error == std::errc() && end == text.data() + text.size() && *value >= 1 && *value <= most)
    return absl::OkStatus();
  return place.Refuse(Text("(", attribute, ": \"", text, "\") is not a number of 1 to ", most),
                      Text("write, for example, (", attribute, ": \"500\")"));
}

absl::Status ReadAttribute(const Place& place, std::string_view key, std::string_view value,
                           MethodModel& method) {
  if (key == "one_way") {
    method.one_way = true;
  } else if (key == "idempotent") {
    method.idempotent = true;
  } else if (key == "deadline_ms") {
    return ReadNumber(place, key, value, 86'400'000, &method.deadline_ms);
  } else if (key == "tables_max") {
    return ReadNumber(place, key, value, 100'000'000, &method.tables_max);
  } else if (key == "streaming") {
    const std::map<std::string_view, Streaming> kinds = {
        {"server", Streaming::kServer}, {"client", Streaming::kClient}, {"both", Streaming::kBoth}};
    const auto kind = kinds.find(value);
    if (kind == kinds.end()) {
      return place.Refuse(Text("(streaming: \"", value, "\") is not a way to stream"),
                          "write \"server\", \"client\" or \"both\", or leave it out");
    }
    method.streaming = kind->second;
  } else {
    return CheckAttributeName(place, key);
  }
  return absl::OkStatus();
}

// What is in the tables of a message, those that hang on them included.
class Contents {
 public:
  explicit Contents(const reflection::Schema& schema) : schema_(schema) {}

  // Into `method`. Errors: INVALID_ARGUMENT: something that a service cannot bound.
  absl::Status Add(const Place& place, const reflection::Object& table, MethodModel& method) {
    if (!seen_.insert(table.name()->str()).second || table.fields() == nullptr)
      return absl::OkStatus();
    for (const reflection::Field* field : *table.fields()) {
      if (absl::Status status = AddField(place, table, *field, method); !status.ok()) return status;
    }
    return absl::OkStatus();
  }

 private:
  absl::Status AddField(const Place& place, const reflection::Object& table,
                        const reflection::Field& field, MethodModel& method) {
    const std::string where = Text(table.name()->str(), ".", field.name()->str());
    if (ValueOf(field, "flexbuffer").has_value()) {
      return place.Refuse(
          Text(where, " is a flexbuffer, and FlatBuffers' verifier has no limit for those"),
          "leave it a plain [ubyte], and verify it in the handler (flexbuffers::VerifyBuffer)");
    }
    if (const auto forced = ValueOf(field, "force_align")) {
      int64_t alignment = 0;
      std::from_chars(forced->data(), forced->data() + forced->size(), alignment);
      if (absl::Status status = Align(place, where, alignment, method); !status.ok()) return status;
    }
    if (const auto inner = ValueOf(field, "nested_flatbuffer")) {
      method.nested = true;
      const absl::StatusOr<const reflection::Object*> root = Find(place, where, *inner);
      return root.ok() ? Add(place, **root, method) : root.status();
    }
    const reflection::BaseType type = field.type()->base_type() == reflection::BaseType::Vector
                                          ? field.type()->element()
                                          : field.type()->base_type();
    if (type == reflection::BaseType::Obj)
      return AddObject(place, where, Object(field.type()->index()), method);
    if (type != reflection::BaseType::Union) return absl::OkStatus();
    const auto& members = *schema_.enums()->Get(static_cast<uint32_t>(field.type()->index()));
    for (const reflection::EnumVal* member : *members.values()) {
      if (member->union_type() == nullptr ||
          member->union_type()->base_type() != reflection::BaseType::Obj)
        continue;
      if (absl::Status status =
              AddObject(place, where, Object(member->union_type()->index()), method);
          !status.ok())
        return status;
    }
    return absl::OkStatus();
  }

  absl::Status AddObject(const Place& place, const std::string& where,
                         const reflection::Object& object, MethodModel& method) {
    return object.is_struct() ? Align(place, where, object.minalign(), method)
                              : Add(place, object, method);
  }

  static absl::Status Align(const Place& place, const std::string& where, int64_t alignment,
                            MethodModel& method) {
    constexpr int64_t kMost = 64;  // kernel/payload.h kPayloadAlignmentMax; a test compares them
    if (alignment > kMost)
      return place.Refuse(Text(where, " wants to lie at a multiple of ", alignment, " bytes"),
                          Text("ask for at most ", kMost, " (force_align)"));
    method.alignment = std::max(method.alignment, alignment);
    return absl::OkStatus();
  }

  static std::optional<std::string_view> ValueOf(const reflection::Field& field, const char* key) {
    if (field.attributes() == nullptr) return std::nullopt;
    const reflection::KeyValue* attribute = field.attributes()->LookupByKey(key);
    if (attribute == nullptr) return std::nullopt;
    return attribute->value() == nullptr ? "" : attribute->value()->string_view();
  }

  const reflection::Object& Object(int32_t index) const {
    return *schema_.objects()->Get(static_cast<uint32_t>(index));
  }

  // What flatc takes for the table of that name: by its name in full, or in a namespace that a
  // binary schema does not tell. So there must be one alone.
  absl::StatusOr<const reflection::Object*> Find(const Place& place, const std::string& where,
                                                 std::string_view name) const {
    if (const auto* object = schema_.objects()->LookupByKey(std::string(name).c_str()))
      return object;
    const reflection::Object* found = nullptr;
    for (const reflection::Object* object : *schema_.objects()) {
      if (!object->name()->string_view().ends_with(Text(".", name))) continue;
      if (found != nullptr) {
        return place.Refuse(Text(where, " has a buffer of ", name, ", which may be ",
                                 found->name()->str(), " or ", object->name()->str()),
                            "write its name in full");
      }
      found = object;
    }
    if (found != nullptr) return found;
    return place.Refuse(Text(where, " has a buffer of ", name, ", which is not in the schema"),
                        "include the file that declares it");
  }

  const reflection::Schema& schema_;
  std::set<std::string> seen_;
};

absl::StatusOr<MethodModel> ReadMethod(const ServiceModel& service,
                                       const std::set<std::string>& members, const Place& place,
                                       const reflection::RPCCall& call,
                                       const reflection::Schema& schema) {
  MethodModel method;
  method.name = call.name()->str();
  method.full_name = service.full_name + "/" + method.name;
  method.comments = CommentsOf(call);
  method.request = TableName(call.request()->name()->string_view(), service.space, members);
  method.reply = TableName(call.response()->name()->string_view(), service.space, members);
  if (call.attributes() != nullptr) {
    for (const auto* attribute : *call.attributes()) {
      const std::string_view value =
          attribute->value() == nullptr ? "" : attribute->value()->string_view();
      if (absl::Status status =
              ReadAttribute(place, attribute->key()->string_view(), value, method);
          !status.ok())
        return status;
    }
  }
  if (call.request()->is_struct() || call.response()->is_struct()) {
    return place.Refuse("its request or its reply is a struct", "make it a table");
  }
  Contents contents(schema);
  for (const auto* table : {call.request(), call.response()}) {
    if (absl::Status status = contents.Add(place, *table, method); !status.ok()) return status;
  }
  if (method.one_way && method.streaming != Streaming::kNone) {
    return place.Refuse("it is both one_way and streaming", "leave out one of the two");
  }
  if (method.one_way && call.response()->fields() != nullptr &&
      call.response()->fields()->size() > 0) {
    return place.Refuse(Text("it is one_way, so nobody gets the fields of its ",
                             NameOf(call.response()->name()->string_view())),
                        "let it return a table without fields, or leave out one_way");
  }
  return method;
}

absl::StatusOr<ServiceModel> ReadService(const std::string& source,
                                         const reflection::Service& service,
                                         const reflection::Schema& schema) {
  ServiceModel model;
  model.full_name = service.name()->str();
  model.name = NameOf(model.full_name);
  model.space = SpaceOf(model.full_name);
  model.comments = CommentsOf(service);
  const Place place{source, model.full_name, ""};
  if (model.space.empty())
    return place.Refuse("it has no namespace", "write, for example, \"namespace shop;\" above it");
  if (service.calls() == nullptr || service.calls()->size() == 0)
    return place.Refuse("it has no methods", "give it one");
  const std::set<std::string> members = MembersOf(service);
  for (const auto* call : *service.calls()) {
    absl::StatusOr<MethodModel> method = ReadMethod(
        model, members, Place{source, model.full_name, call->name()->str()}, *call, schema);
    if (!method.ok()) return method.status();
    model.methods.push_back(*std::move(method));
  }
  return model;
}

}  // namespace

absl::StatusOr<SchemaModel> ReadSchema(std::string source, std::string bfbs) {
  flatbuffers::Verifier verifier(reinterpret_cast<const uint8_t*>(bfbs.data()), bfbs.size());
  if (!reflection::VerifySchemaBuffer(verifier)) {
    return absl::InvalidArgumentError(source + ": its .bfbs is not a binary schema of flatc");
  }
  SchemaModel model;
  model.source = std::move(source);
  model.bfbs = std::move(bfbs);
  model.hash = Fnv1a64(model.bfbs);
  const reflection::Schema& schema = *reflection::GetSchema(model.bfbs.data());
  std::set<std::string> others;  // files that declare services, too
  if (schema.services() != nullptr) {
    for (const auto* service : *schema.services()) {
      const auto* file = service->declaration_file();
      const bool is_named =
          file != nullptr && file->size() > 2;  // flatc names files, its library need not
      if (is_named && file->string_view() != "//" + model.source) {  // of an included schema
        others.insert(file->str());
        continue;
      }
      absl::StatusOr<ServiceModel> read = ReadService(model.source, *service, schema);
      if (!read.ok()) return read.status();
      model.services.push_back(*std::move(read));
    }
  }
  if (model.services.empty() && !others.empty()) {
    return absl::InvalidArgumentError(
        Text(model.source, ": the ", schema.services()->size(),
             " rpc_services of its .bfbs are declared in ", *others.begin(),
             others.size() > 1 ? " and other files" : "",
             ", by its own account  try: flatc --bfbs-filenames ROOT, with the folder that the "
             "path of --source begins in"));
  }
  if (model.services.empty()) {
    return absl::InvalidArgumentError(
        model.source + ": it declares no rpc_service; for tables alone use flatbuffer_cc_library");
  }
  if (absl::Status status = CheckNames(model, schema); !status.ok()) return status;
  if (absl::Status status = CheckHashes(model); !status.ok()) return status;
  return model;
}

uint32_t Fnv32(std::string_view text) {
  uint32_t hash = 2166136261u;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 16777619u;
  return hash;
}

}  // namespace jackfield::stubs
