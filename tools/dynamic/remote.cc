#include "tools/dynamic/remote.h"

#include <poll.h>

#include <algorithm>
#include <utility>

#include "kernel/base/outcome.h"
#include "kernel/base/text.h"
#include "schemas/sys_service.h"

namespace jackfield::dynamic {
namespace {

// What a peer may say of itself: names that are shown, and compared with what the user wrote.
constexpr size_t kListedMax = 4096;  // interfaces; methods of one
constexpr size_t kListedBytesMax = 256;

std::string NameOf(const flatbuffers::String* name) {
  return name == nullptr ? std::string() : name->str().substr(0, kListedBytesMax);
}

std::string_view LastPart(std::string_view interface) {
  return interface.substr(interface.rfind('.') + 1);
}

}  // namespace

absl::StatusOr<std::unique_ptr<Remote>> Remote::Open(const Registry& registry,
                                                     std::string_view address,
                                                     const RemoteOptions& options) {
  absl::StatusOr<std::unique_ptr<Node>> node =
      Node::Create({.name = "jackfield", .registry = &registry});
  if (!node.ok()) return node.status();
  std::unique_ptr<Remote> remote(new Remote(*std::move(node), options));
  if (absl::Status status = remote->signals_.Block(); !status.ok()) return status;
  remote->node_->reactor().Start(remote->signal_op_, remote->signals_.fd(), POLLIN);
  ChannelOptions channel;
  channel.connect_timeout = options.connect_timeout;
  absl::StatusOr<std::unique_ptr<Channel>> opened =
      Channel::Open(*remote->node_, address, std::move(channel));
  if (!opened.ok()) return opened.status();
  remote->channel_ = *std::move(opened);
  remote->process_ = remote->channel_->address().ToString();
  return remote;
}

Remote::Remote(std::unique_ptr<Node> node, const RemoteOptions& options)
    : node_(std::move(node)), options_(options) {}

Remote::~Remote() {
  channel_.reset();
  if (signal_op_.pending) node_->EndWait(signal_op_);
}

void Remote::OnSignal(Op& op, int32_t result) {
  auto* self = static_cast<Remote*>(op.user);
  if (result < 0) return;
  if (self->signals_.Take().stops > 0) return self->node_->Interrupt();
  self->node_->reactor().Start(op, self->signals_.fd(), POLLIN);
}

absl::Status Remote::Reach() {
  if (absl::Status status = channel_->WaitOpen(); !status.ok()) return status;
  reached_ = true;
  return List();
}

absl::Status Remote::WithoutSchema(const absl::Status& why) const {
  if (ReasonOf(why) != Reason::kUnknownMethod) return why;
  return absl::FailedPreconditionError(
      Text(process_,
           " serves no schema of itself (jackfield.sys.Schema), so that nobody knows what "
           "to say to it  try: register a service that was made by "
           "jackfield_service_library, or call ServeSchemas(port)"));
}

absl::Status Remote::List() {
  sys::SchemaClient client(*channel_);
  CallOptions options;
  options.timeout = options_.timeout;
  const absl::StatusOr<MessageOf<sys::ListReply>> reply =
      client
          .List([](flatbuffers::FlatBufferBuilder& fbb) { return sys::CreateListRequest(fbb); },
                options)
          .Wait();
  if (!reply.ok()) return WithoutSchema(reply.status());
  if (const std::string process = NameOf((*reply)->process()); !process.empty()) process_ = process;
  if ((*reply)->interfaces() == nullptr) return absl::OkStatus();
  for (const sys::InterfaceEntry* entry : *(*reply)->interfaces()) {
    if (interfaces_.size() == kListedMax) break;
    ListedInterface& listed = interfaces_.emplace_back();
    listed.name = NameOf(entry->name());
    listed.schema_hash = entry->schema_hash();
    if (entry->methods() == nullptr) continue;
    for (const sys::MethodEntry* method : *entry->methods()) {
      if (listed.methods.size() < kListedMax) listed.methods.push_back(NameOf(method->name()));
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<message::Schema*> Remote::Get(std::string_view interface) {
  if (const auto known = schemas_.find(interface); known != schemas_.end())
    return known->second.get();
  sys::SchemaClient client(*channel_);
  CallOptions options;
  options.timeout = options_.timeout;
  const auto request = [interface](flatbuffers::FlatBufferBuilder& fbb) {
    return sys::CreateGetRequest(fbb, fbb.CreateString(interface.data(), interface.size()));
  };
  const absl::StatusOr<MessageOf<sys::GetReply>> reply = client.Get(request, options).Wait();
  if (!reply.ok()) return WithoutSchema(reply.status());
  const auto* bytes = (*reply)->schema();
  absl::StatusOr<std::unique_ptr<message::Schema>> schema = message::SchemaOf(
      bytes == nullptr ? std::string()
                       : std::string(reinterpret_cast<const char*>(bytes->data()), bytes->size()),
      (*reply)->schema_hash());
  if (!schema.ok()) {
    return absl::FailedPreconditionError(Text(Escaped(process_), ": the schema of ",
                                              Escaped(interface), " ",
                                              std::string(schema.status().message())));
  }
  return (schemas_[std::string(interface)] = *std::move(schema)).get();
}

absl::StatusOr<const Remote::ListedInterface*> Remote::FindListed(std::string_view name) const {
  const ListedInterface* found = nullptr;
  std::vector<std::string_view> names;
  for (const ListedInterface& listed : interfaces_) {
    if (listed.name == name) return &listed;
    names.push_back(listed.name);
    if (LastPart(listed.name) != name) continue;
    if (found != nullptr) {
      return absl::InvalidArgumentError(Text("\"", Escaped(name), "\" may be ", found->name, " or ",
                                             listed.name, "; write its name in full"));
    }
    found = &listed;
  }
  if (found != nullptr) return found;
  std::string_view nearest = Nearest(name, names);
  if (nearest.empty()) {
    for (const std::string_view full : names) {
      if (!Nearest(name, std::vector{LastPart(full)}).empty()) nearest = full;
    }
  }
  return Refused(Reason::kUnknownMethod,
                 Escaped(Text(process_, " has no interface \"", name, "\"",
                              nearest.empty() ? Text("; it has ", Listed(names))
                                              : Text("; did you mean \"", nearest, "\"?"))));
}

// "INTERFACE/METHOD" of a method of any interface.
absl::StatusOr<std::string> Remote::FullNameOf(std::string_view method) const {
  std::vector<std::string_view> names, having;
  for (const ListedInterface& listed : interfaces_) {
    for (const std::string& name : listed.methods) {
      names.push_back(name);
      if (name == method) having.push_back(listed.name);
    }
  }
  // Every service has that one beside its own.
  if (having.size() > 1) std::erase(having, sys::kSchemaInterface.name);
  if (having.size() == 1) return Text(having[0], "/", method);
  if (!having.empty()) {
    return absl::InvalidArgumentError(Escaped(Text(
        process_, " has ", method, " in ", Listed(having), "  try: ", having[0], "/", method)));
  }
  const std::string_view nearest = Nearest(method, names);
  return Refused(Reason::kUnknownMethod,
                 Escaped(Text(process_, " has no method \"", method, "\"",
                              nearest.empty() ? Text("; it has ", Listed(names))
                                              : Text("; did you mean \"", nearest, "\"?"))));
}

absl::StatusOr<Remote::Found> Remote::Find(std::string_view name) {
  std::string full(name);
  if (name.find('/') == std::string_view::npos) {
    absl::StatusOr<std::string> found = FullNameOf(name);
    if (!found.ok()) return found.status();
    full = *std::move(found);
  }
  const size_t slash = full.rfind('/');
  const absl::StatusOr<const ListedInterface*> listed = FindListed(full.substr(0, slash));
  if (!listed.ok()) return listed.status();
  const std::string method = full.substr(slash + 1);
  const absl::StatusOr<message::Schema*> schema = Get((*listed)->name);
  if (!schema.ok()) return schema.status();
  const Interface* interface = (*schema)->FindInterface((*listed)->name);
  if (interface == nullptr) {
    return absl::FailedPreconditionError(Escaped(
        Text(process_, ": the schema that it serves of ", (*listed)->name, " does not have it")));
  }
  const absl::StatusOr<const Method*> found = FindMethod(*interface, method);
  if (!found.ok()) return found.status();
  return Found{*schema, *found};
}

}  // namespace jackfield::dynamic
