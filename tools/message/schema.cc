#include "tools/message/schema.h"

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <utility>

#include "flatbuffers/util.h"
#include "kernel/base/outcome.h"
#include "kernel/base/text.h"
#include "kernel/frame.h"
#include "kernel/payload.h"
#include "services/reflection/checks.h"
#include "services/reflection/reading.h"
#include "tools/message/example.h"
#include "tools/message/same.h"
#include "tools/message/schema_file.h"
#include "tools/message/schema_text.h"

namespace jackfield::message {
namespace {

constexpr int64_t kDeadlineMsMax = 86'400'000;  // as of tools/stubs
constexpr int64_t kTablesMaxMost = 1'000'000;   // of one message that a tool prints

absl::Status Bad(std::string_view text) { return absl::InvalidArgumentError(std::string(text)); }

// The library writes text as it is, control characters included. In a JSON string, those and marks
// that would hide or turn round what follows are \uNNNN.
std::string WithEscapes(std::string_view json) {
  std::string out;
  out.reserve(json.size());
  bool quoted = false;
  while (!json.empty()) {
    const auto c = static_cast<unsigned char>(json[0]);
    size_t bytes = 1;
    if (c == '"') quoted = !quoted;
    if (quoted && c == '\\' && json.size() > 1) {
      bytes = 2;
    } else if (quoted && (c < 0x20 || c > 0x7e)) {
      const char* end = json.data();
      const int code = flatbuffers::FromUTF8(&end);
      bytes = std::max<size_t>(1, static_cast<size_t>(end - json.data()));
      if (code >= 0 && Escaped(json.substr(0, bytes)) != json.substr(0, bytes)) {
        char escape[8];
        std::snprintf(escape, sizeof escape, "\\u%04x", static_cast<unsigned>(code) & 0xffff);
        out += escape;
        json.remove_prefix(bytes);
        continue;
      }
    }
    out += json.substr(0, bytes);
    json.remove_prefix(bytes);
  }
  return out;
}

absl::Status ReadNumber(const Method& method, const reflection::KeyValue& attribute, int64_t most,
                        int64_t* value) {
  const flatbuffers::String& text = *attribute.value();
  const auto [end, error] = std::from_chars(text.c_str(), text.c_str() + text.size(), *value);
  if (error == std::errc() && end == text.c_str() + text.size() && *value >= 1 && *value <= most)
    return absl::OkStatus();
  return Bad(Text("says ", attribute.key()->string_view(), ": \"", Escaped(text.string_view()),
                  "\" of ", method.name, ", which is no number of 1 to ", most));
}

// Attributes that the tool does not know change nothing.
absl::Status ReadAttribute(const reflection::KeyValue& attribute, Method& method) {
  if (attribute.value() == nullptr) return absl::OkStatus();
  const std::string_view key = attribute.key()->string_view();
  const std::string_view value = attribute.value()->string_view();
  int64_t number = 0;
  absl::Status status;
  if (key == "one_way") {
    method.kind = Method::Kind::kOneWay;
  } else if (key == "idempotent") {
    method.idempotent = true;
  } else if (key == "deadline_ms") {
    status = ReadNumber(method, attribute, kDeadlineMsMax, &number);
    method.timeout = std::chrono::milliseconds(number);
  } else if (key == "tables_max") {
    status = ReadNumber(method, attribute, INT32_MAX, &number);
    method.tables_max = static_cast<int>(std::min(number, kTablesMaxMost));
  } else if (key == "streaming") {
    if (value == "server")
      method.kind = Method::Kind::kServerStream;
    else if (value == "client")
      method.kind = Method::Kind::kClientStream;
    else if (value == "both")
      method.kind = Method::Kind::kBothStreams;
    else if (value != "none")
      return Bad(Text("says streaming: \"", Escaped(value), "\" of ", method.name,
                      ", which is no way to stream"));
  }
  return status;
}

// What a message of any method may want.
uint32_t AlignmentIn(const reflection::Schema& schema) {
  uint32_t most = kPayloadAlignment;
  for (const reflection::Object* object : *schema.objects()) {
    if (object->is_struct()) most = std::max(most, static_cast<uint32_t>(object->minalign()));
    for (const reflection::Field* field : *object->fields())
      most = std::max(most, ForcedAlignment(*field));
  }
  return most;
}

}  // namespace

absl::StatusOr<std::unique_ptr<Schema>> SchemaOf(std::string bytes, uint64_t hash) {
  std::unique_ptr<Schema> schema(new Schema);
  schema->peers_ = std::move(bytes);
  if (absl::Status status = CheckSchema(schema->peers_); !status.ok()) return status;
  if (absl::Status status = schema->Parse(); !status.ok()) return status;
  if (absl::Status status = schema->AddInterfaces(hash); !status.ok()) return status;
  return schema;
}

absl::Status Schema::Parse() {
  const absl::StatusOr<std::string> text = TextForParser(peers());
  if (!text.ok()) return text.status();
  parser_.opts.binary_schema_builtins = true;  // nested_flatbuffer and force_align
  // Of all that a schema may have; no language is generated.
  parser_.opts.lang_to_generate = flatbuffers::IDLOptions::kCpp;
  if (!parser_.Parse(text->c_str()))
    return Bad(Text("is one that FlatBuffers refuses, written out: ", CleanError(parser_.error_)));
  for (const flatbuffers::StructDef* type : parser_.structs_.vec) {
    if (type->fixed && type->bytesize > static_cast<size_t>(kStructBytesMax))
      return Bad(Text("has a struct of more than ", kStructBytesMax, " bytes, ", type->name));
  }
  parser_.Serialize();
  parsed_.assign(reinterpret_cast<const char*>(parser_.builder_.GetBufferPointer()),
                 parser_.builder_.GetSize());
  parser_.builder_.Clear();
  // What is written is sent, also where it is the default: a .bfbs does not tell a ulong's default
  // of more than INT64_MAX.
  parser_.builder_.ForceDefaults(true);
  MarkDeprecated();
  if (absl::Status status = CheckSchema(parsed_); !status.ok()) return status;
  parser_.opts.strict_json = true;
  parser_.opts.natural_utf8 = true;
  parser_.opts.allow_non_utf8 = true;
  parser_.opts.output_default_scalars_in_json = true;
  return CheckSame(peers(), *reflection::GetSchema(parsed_.data()));
}

// Then JSON names them only when they have come.
void Schema::MarkDeprecated() {
  for (const reflection::Object* object : *peers().objects()) {
    const flatbuffers::StructDef* type = parser_.LookupStruct(object->name()->str());
    if (type == nullptr) continue;
    for (const reflection::Field* field : *object->fields()) {
      flatbuffers::FieldDef* at = type->fields.Lookup(field->name()->str());
      if (at != nullptr) at->deprecated = field->deprecated();
    }
  }
}

absl::Status Schema::AddInterfaces(uint64_t hash) {
  if (peers().services() == nullptr) return absl::OkStatus();
  const reflection::Schema& parsed = *reflection::GetSchema(parsed_.data());
  const uint32_t alignment = AlignmentIn(parsed);
  if (alignment > kPayloadAlignmentMax) {
    return Bad(Text("has something that wants to lie at a multiple of ", alignment, " bytes; ",
                    kPayloadAlignmentMax, " are the limit"));
  }
  size_t count = 0;
  for (const reflection::Service* service : *peers().services())
    count += service->calls() == nullptr ? 0 : service->calls()->size();
  names_.reserve(count);
  methods_.reserve(count);
  interfaces_.reserve(peers().services()->size());
  for (const reflection::Service* service : *peers().services()) {
    const size_t first = methods_.size();
    Interface& interface = interfaces_.emplace_back();
    interface.name = service->name()->string_view();
    interface.schema = parsed_;
    interface.schema_hash = hash;
    if (service->calls() == nullptr) continue;
    for (const reflection::RPCCall* call : *service->calls()) {
      Method& method = methods_.emplace_back();
      method.name = names_.emplace_back(Text(interface.name, "/", call->name()->string_view()));
      method.type = MessageType(method.name);
      method.alignment = alignment;
      method.walked = true;
      method.interface = &interface;
      if (call->attributes() == nullptr) continue;
      for (const reflection::KeyValue* attribute : *call->attributes()) {
        if (absl::Status status = ReadAttribute(*attribute, method); !status.ok()) return status;
      }
    }
    interface.methods = std::span(methods_).subspan(first);
  }
  return absl::OkStatus();
}

const Interface* Schema::FindInterface(std::string_view name) const {
  const auto found =
      std::find_if(interfaces_.begin(), interfaces_.end(),
                   [name](const Interface& interface) { return interface.name == name; });
  return found == interfaces_.end() ? nullptr : &*found;
}

const reflection::RPCCall& Schema::CallOf(const Method& method) const {
  const auto interface = static_cast<uint32_t>(method.interface - interfaces_.data());
  const auto index = static_cast<uint32_t>(&method - method.interface->methods.data());
  return *peers().services()->Get(interface)->calls()->Get(index);
}

absl::Status Schema::SetRoot(const Method& method, Way way) {
  const reflection::RPCCall& call = CallOf(method);
  const reflection::Object& table = way == Way::kRequest ? *call.request() : *call.response();
  if (parser_.SetRootType(table.name()->c_str())) return absl::OkStatus();
  return absl::InternalError(Text("no table ", table.name()->string_view()));  // CheckSchema saw it
}

absl::StatusOr<std::string> Schema::ToBytes(const Method& method, Way way, std::string_view json) {
  // The parser takes a zero for the end.
  if (json.find('\0') != std::string_view::npos) return Bad("it has a byte 0 in it");
  if (absl::Status status = SetRoot(method, way); !status.ok()) return status;
  if (!parser_.ParseJson(std::string(json).c_str())) return Bad(CleanError(parser_.error_));
  const flatbuffers::FlatBufferBuilder& built = parser_.builder_;
  if (built.GetSize() == 0) return Bad("there is no JSON object");
  std::string bytes(reinterpret_cast<const char*>(built.GetBufferPointer()), built.GetSize());
  const auto message = std::as_bytes(std::span(bytes));
  if (!IsSound(method, way, message)) return Bad(Text("it ", FaultOf(method, way, message)));
  return bytes;
}

absl::StatusOr<Schema::Json> Schema::ToJson(const Method& method, Way way,
                                            std::span<const std::byte> bytes, Layout layout) {
  const auto refuse = [&](std::string_view what, std::string_view why) {
    return MakeStatus(Outcome::kOk, Reason::kCorrupt,
                      Text(method.name, ": a message of ", bytes.size(), " bytes ", what, why));
  };
  if (!IsSound(method, way, bytes)) return refuse("", FaultOf(method, way, bytes));
  if (absl::Status status = SetRoot(method, way); !status.ok()) return status;
  const reflection::RPCCall& call = CallOf(method);
  const reflection::Object& table = way == Way::kRequest ? *call.request() : *call.response();
  const Printable printable = PrintableOf(*reflection::GetSchema(parsed_.data()),
                                          table.name()->string_view(), bytes, layout);
  if (!printable.why_not.empty()) return refuse("cannot be printed: ", printable.why_not);
  Json json;
  json.is_utf8 = printable.is_utf8;
  parser_.opts.indent_step = layout == Layout::kLine ? -1 : 2;
  if (!flatbuffers::GenerateText(parser_, bytes.data(), &json.text))
    return refuse("cannot be printed", "");
  while (json.text.ends_with('\n')) json.text.pop_back();
  json.text = WithEscapes(json.text);
  return json;
}

absl::StatusOr<std::string> Schema::Example(const Method& method, Way way, Layout layout) {
  const reflection::RPCCall& call = CallOf(method);
  const reflection::Object& table = way == Way::kRequest ? *call.request() : *call.response();
  absl::StatusOr<std::string> text = ExampleOf(peers(), table.name()->string_view());
  if (!text.ok() || layout == Layout::kLine) return text;
  const absl::StatusOr<std::string> bytes = ToBytes(method, way, *text);
  if (!bytes.ok()) return bytes.status();
  absl::StatusOr<Json> json = ToJson(method, way, std::as_bytes(std::span(*bytes)), layout);
  if (!json.ok()) return json.status();
  return std::move(json->text);
}

absl::StatusOr<std::string> Schema::TextOf(const Interface& interface, const Method* method) const {
  return TextForReader(peers(), interface.name, method == nullptr ? "" : method->short_name());
}

}  // namespace jackfield::message
