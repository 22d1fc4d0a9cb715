// Ports: their life and their handlers.
#include <algorithm>
#include <utility>

#include "bindings/c/guard.h"
#include "services/schema/schema.h"

namespace jackfield::c {

jf_port* NewPort(jf_node& node, std::unique_ptr<Port> port) {
  jf_port* handle = Shells<jf_port>::Take();
  handle->node = &node;
  handle->port = std::move(port);
  for (const Address& address : handle->port->addresses())
    handle->addresses.push_back(address.ToString());
  node.ports.PushBack(*handle);
  return handle;
}

void EndPort(jf_port& port) {
  while (jf_request* request = port.requests.front()) EndRequest(*request);
  port.Unlink();
  port.port.reset();
  port.schemas.clear();
  port.refuses = false;
  port.types.clear();
  port.addresses.clear();
  port.node = nullptr;
  Shells<jf_port>::Give(port);
}

absl::Status ReadPortOptions(const char* function, const jf_port_options* given,
                             PortOptions& options) {
  jf_port_options known;
  if (absl::Status status = ReadSized(function, given, known); !status.ok()) return status;
  if (known.handlers_max != 0) options.handlers_max = known.handlers_max;
  if (known.sessions_max != 0) options.sessions_max = known.sessions_max;
  if (known.message_bytes_max != 0) options.message_bytes_max = known.message_bytes_max;
  options.reentrant = known.reentrant != 0;
  return absl::OkStatus();
}

namespace {

absl::StatusOr<std::vector<std::string>> AddressesOf(const char* const* addresses, size_t count) {
  if (addresses == nullptr || count == 0)
    return Wrong("jf_port_open", "there is no address to serve at");
  std::vector<std::string> texts;
  for (size_t i = 0; i < count; ++i) {
    if (addresses[i] == nullptr) return Wrong("jf_port_open", Text("address ", i, " is NULL"));
    texts.emplace_back(addresses[i]);
  }
  return texts;
}

// Errors: MISUSE: something waits on the stream of a request.
absl::Status CheckFree(jf_port& port) {
  absl::Status status;
  for (jf_request* request = port.requests.front(); request != nullptr && status.ok();
       request = port.requests.next(request))
    status = CheckUnblocked("jf_port_close", request->stream);
  return status;
}

}  // namespace
}  // namespace jackfield::c

using namespace jackfield;     // NOLINT: the functions of the ABI lie outside
using namespace jackfield::c;  // NOLINT

int jf_port_open(jf_node* node, const char* const* addresses, size_t count,
                 const jf_port_options* options, jf_port** out) {
  constexpr const char* kFunction = "jf_port_open";
  return Guarded(kFunction, node, [=]() -> absl::Status {
    PortOptions known;
    absl::Status status = FirstOf(CheckOutside(kFunction, *node), CheckOut(kFunction, out),
                                  ReadPortOptions(kFunction, options, known));
    if (!status.ok()) return status;
    const absl::StatusOr<std::vector<std::string>> texts = AddressesOf(addresses, count);
    if (!texts.ok()) return texts.status();
    absl::StatusOr<std::unique_ptr<Port>> port = Port::Open(NodeOf(*node), *texts, known);
    if (!port.ok()) return port.status();
    (*port)->Pause();
    if (status = (*port)->WaitServing(); !status.ok()) return status;
    (*port)->Resume();
    *out = NewPort(*node, *std::move(port));
    return absl::OkStatus();
  });
}

int jf_handle(jf_port* port, uint32_t type, jf_handler_fn fn, void* user) {
  constexpr const char* kFunction = "jf_handle";
  return Guarded(kFunction, port, [=]() -> absl::Status {
    absl::Status status =
        FirstOf(CheckOutside(kFunction, *port->node), CheckFunction(kFunction, fn));
    if (!status.ok()) return status;
    if (std::find(port->types.begin(), port->types.end(), type) != port->types.end())
      return Misuse(kFunction, Text(port->port->NameOf(type), " has a handler already"));
    port->types.push_back(type);
    port->port->Handle(type, [port, fn, user](ServerCall& call) { Serve(*port, fn, user, call); });
    return absl::OkStatus();
  });
}

int jf_port_schema(jf_port* port, const char* interface, const void* bfbs, size_t bytes) {
  constexpr const char* kFunction = "jf_port_schema";
  return Guarded(kFunction, port, [=]() -> absl::Status {
    absl::Status status = FirstOf(
        CheckOutside(kFunction, *port->node), CheckBytes(kFunction, bfbs, bytes),
        interface != nullptr ? absl::OkStatus() : Wrong(kFunction, "its interface is NULL"));
    if (!status.ok()) return status;
    absl::StatusOr<std::unique_ptr<message::Schema>> schema =
        SchemaIn(kFunction, std::string(static_cast<const char*>(bfbs), bytes));
    if (!schema.ok()) return schema.status();
    const Interface* const found = (*schema)->FindInterface(interface);
    if (found == nullptr) {
      std::vector<std::string_view> names;
      for (const Interface& other : (*schema)->interfaces()) names.push_back(other.name);
      return Wrong(kFunction, Text("the schema has no rpc_service ", Escaped(interface),
                                   names.empty() ? "" : "; it has ", Listed(names)));
    }
    for (const Interface* other : port->port->interfaces()) {
      if (other->name == found->name)
        return Misuse(kFunction, Text("the port has the schema of ", found->name, " already"));
    }
    port->port->AddInterface(*found);
    ServeSchemas(*port->port);
    port->schemas.push_back(*std::move(schema));
    return absl::OkStatus();
  });
}

const char* jf_port_address(jf_port* port, size_t i) {
  const char* address = nullptr;
  Guarded("jf_port_address", port, [&]() -> absl::Status {
    if (i < port->addresses.size()) address = port->addresses[i].c_str();
    return absl::OkStatus();
  });
  return address;
}

int jf_port_drain(jf_port* port, int* rests) {
  return Guarded("jf_port_drain", port, [=]() -> absl::Status {
    if (absl::Status out = CheckOut("jf_port_drain", rests); !out.ok()) return out;
    port->port->StartClose();
    *rests = port->port->at_rest() || port->port->closed() ? 1 : 0;
    return absl::OkStatus();
  });
}

int jf_port_close(jf_port* port, int64_t timeout_us) {
  if (port == nullptr) return JF_OK;
  return Guarded("jf_port_close", port, [=]() -> absl::Status {
    if (timeout_us < 0) return Wrong("jf_port_close", "its time is less than 0");
    if (absl::Status free = CheckFree(*port); !free.ok()) return free;
    Node& node = NodeOf(*port->node);
    port->kind.store(Kind::kNone);  // a callback that runs meanwhile finds it closed
    if (!node.in_turn()) {
      if (timeout_us > 0) port->port->Close(Microseconds(timeout_us));
      return EndPort(*port), absl::OkStatus();
    }
    // Not under the feet of its own handler. The node may end before, and the port with it.
    port->port->StartClose();
    port->refuses = true;
    node.Defer([port, life = port->life] {
      if (port->life == life && port->port != nullptr) EndPort(*port);
    });
    return absl::OkStatus();
  });
}
