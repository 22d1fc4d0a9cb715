#include "tools/verbs/describe.h"

#include <cstdio>
#include <string>
#include <utility>
#include <vector>

#include "kernel/base/text.h"
#include "tools/verbs/reach.h"
#include "tools/verbs/running_wiring.h"
#include "tools/verbs/target.h"

namespace jackfield {
namespace {

using dynamic::Remote;

constexpr Flag kFlags[] = {
    {'o', "output", "FORMAT", "table (the default: .fbs text) or json, one method a line"},
    kTimeoutFlag,
    kWiringFlag};
constexpr std::string_view kSchemaInterface = "jackfield.sys.Schema";  // which every service has

std::string_view NameOf(Method::Kind kind) {
  switch (kind) {
    case Method::Kind::kCall:
      return "call";
    case Method::Kind::kOneWay:
      return "one_way";
    case Method::Kind::kServerStream:
      return "server";
    case Method::Kind::kClientStream:
      return "client";
    case Method::Kind::kBothStreams:
      return "both";
  }
  return "";
}

std::string AsJson(message::Schema& schema, const Method& method) {
  const reflection::RPCCall& call = schema.CallOf(method);
  std::string attributes, doc;
  if (call.attributes() != nullptr) {
    for (const reflection::KeyValue* attribute : *call.attributes()) {
      const flatbuffers::String* value = attribute->value();
      attributes +=
          Text(attributes.empty() ? "" : ",", JsonString(Escaped(attribute->key()->string_view())),
               ":", JsonString(value == nullptr ? "" : Escaped(value->string_view())));
    }
  }
  if (call.documentation() != nullptr) {
    for (const flatbuffers::String* line : *call.documentation()) {
      std::string_view text = line->string_view();
      if (text.starts_with(' ')) text.remove_prefix(1);
      doc += Text(doc.empty() ? "" : "\n", Escaped(text));
    }
  }
  const auto example = [&](Way way) {
    absl::StatusOr<std::string> text = schema.Example(method, way, message::Layout::kLine);
    return text.ok() ? *std::move(text) : std::string("null");
  };
  return Text("{\"interface\":", JsonString(method.interface->name),
              ",\"method\":", JsonString(method.short_name()),
              ",\"kind\":", JsonString(NameOf(method.kind)),
              ",\"request\":", JsonString(call.request()->name()->string_view()),
              ",\"reply\":", JsonString(call.response()->name()->string_view()),
              ",\"attributes\":{", attributes, "},\"doc\":", JsonString(doc),
              ",\"message_type\":", method.type, ",\"request_example\":", example(Way::kRequest),
              ",\"reply_example\":", example(Way::kReply), "}\n");
}

// An interface, and of it one method, or null: all.
using Part = std::pair<Remote::Found, const Interface*>;

absl::StatusOr<Part> PartOf(Remote& remote, std::string_view interface) {
  const absl::StatusOr<message::Schema*> schema = remote.Get(interface);
  if (!schema.ok()) return schema.status();
  const Interface* found = (*schema)->FindInterface(interface);
  if (found != nullptr) return Part{{*schema, nullptr}, found};
  return absl::FailedPreconditionError(
      Text("the schema that it serves of ", interface, " does not have it"));
}

absl::StatusOr<std::vector<Part>> PartsOf(Remote& remote, const std::vector<std::string>& words) {
  std::vector<Part> parts;
  if (words.size() > 1 && words[1].find('/') == std::string::npos) {
    const auto listed = remote.FindListed(words[1]);
    if (listed.ok()) {
      absl::StatusOr<Part> part = PartOf(remote, (*listed)->name);
      if (!part.ok()) return part.status();
      return std::vector<Part>{*part};
    }
    const absl::StatusOr<Remote::Found> found = remote.Find(words[1]);
    if (!found.ok())
      return absl::IsUnimplemented(found.status()) ? listed.status() : found.status();
    return std::vector<Part>{{*found, found->method->interface}};
  }
  if (words.size() > 1) {
    const absl::StatusOr<Remote::Found> found = remote.Find(words[1]);
    if (!found.ok()) return found.status();
    return std::vector<Part>{{*found, found->method->interface}};
  }
  for (const Remote::ListedInterface& listed : remote.interfaces()) {
    if (listed.name == kSchemaInterface && remote.interfaces().size() > 1) continue;
    absl::StatusOr<Part> part = PartOf(remote, listed.name);
    if (!part.ok()) return part.status();
    parts.push_back(*part);
  }
  return parts;
}

int RunDescribe(const Program& program, const Arguments& arguments) {
  const absl::StatusOr<Output> output = OutputOf(arguments);
  if (!output.ok()) return Complain(kExitUsage, std::string(output.status().message()));
  const std::vector<std::string> words = WordsOfTarget(arguments.operands);
  if (words.size() > 2) return Complain(kExitUsage, "describe: there is one word too many");
  Reached reached = ReachTarget(program, arguments, words[0]);
  if (reached.remote == nullptr) return reached.exit_status;
  const absl::StatusOr<std::vector<Part>> parts = PartsOf(*reached.remote, words);
  if (!parts.ok()) return ComplainOfRemote(*reached.remote, parts.status());
  std::string text;
  for (const auto& [found, interface] : *parts) {
    if (*output == Output::kJson) {
      for (const Method& method : interface->methods) {
        if (found.method == nullptr || found.method == &method)
          text += AsJson(*found.schema, method);
      }
      continue;
    }
    const absl::StatusOr<std::string> fbs = found.schema->TextOf(*interface, found.method);
    if (!fbs.ok()) {
      return Complain(kExitFailed, Text("the schema of ", interface->name, " ",
                                        std::string(fbs.status().message())));
    }
    text += Text(text.empty() ? "" : "\n", *fbs);
  }
  std::fwrite(text.data(), 1, text.size(), stdout);
  return kExitOk;
}

}  // namespace

Verb DescribeVerb() {
  return {.name = "describe",
          .summary = "the schema that a service serves: its methods and their messages",
          .usage = "TARGET [INTERFACE[/METHOD]]",
          .description =
              "TARGET: an address, such as unix:@greeter, or a service of a running wiring.\n"
              "Prints .fbs text, of which flatc makes the same messages; with -o json one object "
              "for each method, with examples.\n",
          .flags = kFlags,
          .operands_min = 1,
          .operands_max = 2,
          .run = RunDescribe};
}

}  // namespace jackfield
