#include "tools/stubs/model.h"

#include <algorithm>
#include <charconv>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "flatbuffers/reflection_generated.h"
#include "kernel/text.h"
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

absl::StatusOr<MethodModel> ReadMethod(const ServiceModel& service,
                                       const std::set<std::string>& members, const Place& place,
                                       const reflection::RPCCall& call) {
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
                                         const reflection::Service& service) {
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
    absl::StatusOr<MethodModel> method =
        ReadMethod(model, members, Place{source, model.full_name, call->name()->str()}, *call);
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
  model.hash = Fnv64(model.bfbs);
  const reflection::Schema& schema = *reflection::GetSchema(model.bfbs.data());
  if (schema.services() != nullptr) {
    for (const auto* service : *schema.services()) {
      const auto* file = service->declaration_file();
      const bool is_named =
          file != nullptr && file->size() > 2;  // flatc names files, its library need not
      if (is_named && file->string_view() != "//" + model.source)
        continue;  // of an included schema
      absl::StatusOr<ServiceModel> read = ReadService(model.source, *service);
      if (!read.ok()) return read.status();
      model.services.push_back(*std::move(read));
    }
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

uint64_t Fnv64(std::string_view text) {
  uint64_t hash = 14695981039346656037u;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211u;
  return hash;
}

}  // namespace jackfield::stubs
