#include "services/schema/schema.h"

#include <algorithm>
#include <vector>

#include "kernel/base/text.h"
#include "schemas/sys_service.h"

namespace jackfield {
namespace {

using flatbuffers::FlatBufferBuilder;
using flatbuffers::Offset;

flatbuffers::Offset<flatbuffers::String> String(FlatBufferBuilder& fbb, std::string_view text) {
  return fbb.CreateString(text.data(), text.size());
}

Offset<sys::InterfaceEntry> EntryOf(FlatBufferBuilder& fbb, const Interface& interface) {
  std::vector<Offset<sys::MethodEntry>> methods;
  for (const Method& method : interface.methods) {
    methods.push_back(sys::CreateMethodEntry(fbb, String(fbb, method.short_name()), method.type));
  }
  const auto name = String(fbb, interface.name);
  return sys::CreateInterfaceEntry(fbb, name, interface.schema_hash, fbb.CreateVector(methods));
}

Handling AnswerList(const Port& port, CallOf<sys::ListRequest, sys::ListReply> call) {
  return call.Reply([&port](FlatBufferBuilder& fbb) {
    std::vector<Offset<sys::InterfaceEntry>> entries;
    for (const Interface* interface : port.interfaces())
      entries.push_back(EntryOf(fbb, *interface));
    const auto process = String(fbb, port.node().name());
    return sys::CreateListReply(fbb, process, fbb.CreateVector(entries));
  });
}

Handling AnswerGet(const Port& port, CallOf<sys::GetRequest, sys::GetReply> call) {
  const std::string_view wanted =
      call->interface() == nullptr ? "" : call->interface()->string_view();
  std::vector<std::string_view> names;
  for (const Interface* interface : port.interfaces()) {
    if (interface->name == wanted) {
      return call.Reply([interface](FlatBufferBuilder& fbb) {
        const std::string_view schema = interface->schema;
        fbb.ForceVectorAlignment(schema.size(), 1, 8);
        const auto bytes =
            fbb.CreateVector(reinterpret_cast<const uint8_t*>(schema.data()), schema.size());
        return sys::CreateGetReply(fbb, interface->schema_hash, bytes);
      });
    }
    names.push_back(interface->name);
  }
  const std::string_view nearest = Nearest(wanted, names);
  return absl::NotFoundError(Text(port.node().name(), " does not serve \"", Escaped(wanted), "\"",
                                  nearest.empty() ? Text("; it serves ", Listed(names))
                                                  : Text("; did you mean \"", nearest, "\"?")));
}

}  // namespace

void ServeSchemas(Port& port) {
  const auto& interfaces = port.interfaces();
  if (std::find(interfaces.begin(), interfaces.end(), &sys::kSchemaInterface) != interfaces.end())
    return;
  port.AddInterface(sys::kSchemaInterface);
  HandleMethod<CallOf<sys::ListRequest, sys::ListReply>>(
      port, sys::SchemaMethods::kList, [&port](auto call) { return AnswerList(port, call); });
  HandleMethod<CallOf<sys::GetRequest, sys::GetReply>>(
      port, sys::SchemaMethods::kGet, [&port](auto call) { return AnswerGet(port, call); });
}

}  // namespace jackfield
