#include <string>
#include <string_view>
#include <vector>

#include "kernel/base/text.h"
#include "tools/stubs/write.h"

namespace jackfield::stubs {
namespace {

std::string GuardOf(const SchemaModel& model) {
  std::string guard = "JACKFIELD_STUBS_";
  for (const char c : StemOf(model)) {
    const bool word = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    guard += !word ? '_' : c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  }
  return guard + "_SERVICE_H_";
}

std::string Comment(const std::vector<std::string>& lines, std::string_view indent) {
  std::string text;
  for (const std::string& line : lines) {
    // A backslash at the end would take the next line into the comment.
    text += Text(indent, line.empty() ? "//" : "// ", line, line.ends_with('\\') ? "." : "", "\n");
  }
  return text;
}

// 1234567 as 1'234'567.
std::string Grouped(int64_t number) {
  std::string digits = std::to_string(number);
  for (int place = static_cast<int>(digits.size()) - 3; place > 0; place -= 3)
    digits.insert(static_cast<size_t>(place), "'");
  return digits;
}

std::string_view KindOf(const MethodModel& method) {
  if (method.one_way) return "kOneWay";
  switch (method.streaming) {
    case Streaming::kNone:
      return "kCall";
    case Streaming::kServer:
      return "kServerStream";
    case Streaming::kClient:
      return "kClientStream";
    case Streaming::kBoth:
      return "kBothStreams";
  }
  return "";
}

std::string MethodsText(const ServiceModel& service) {
  std::string text =
      Text("// The methods of ", service.full_name, ".\nstruct ", service.name, "Methods {\n");
  for (const MethodModel& method : service.methods) {
    text += Text("  static constexpr jackfield::Method k", method.name, "{\n", "      .name = \"",
                 method.full_name, "\",\n", "      .type = jackfield::MessageType(\"",
                 method.full_name, "\"),\n");
    if (KindOf(method) != "kCall")
      text += Text("      .kind = jackfield::Method::Kind::", KindOf(method), ",\n");
    if (method.deadline_ms > 0)
      text +=
          Text("      .timeout = std::chrono::milliseconds(", Grouped(method.deadline_ms), "),\n");
    if (method.idempotent) text += "      .idempotent = true,\n";
    if (method.tables_max > 0)
      text += Text("      .tables_max = ", Grouped(method.tables_max), ",\n");
    if (method.alignment > 8) text += Text("      .alignment = ", method.alignment, ",\n");
    if (method.alignment > 8 || method.nested) text += "      .walked = true,\n";
    text += Text("      .interface = &k", service.name, "Interface,\n  };\n");
  }
  return text + "};\n";
}

// `head(parameters)tail` in one line, or in two where that is too long.
std::string Signature(std::string_view head, std::string_view parameters, std::string_view tail) {
  constexpr size_t kColumns = 100;
  const std::string line = Text("  ", head, "(", parameters, ")", tail, "\n");
  return line.size() <= kColumns + 1 ? line
                                     : Text("  ", head, "(\n      ", parameters, ")", tail, "\n");
}

// One member function of a client that hands its arguments on.
enum class Done { kNone, kCallback };
std::string ClientFunction(const MethodModel& method, std::string_view result,
                           std::string_view name, std::string_view generic,
                           Done done = Done::kNone) {
  const bool calls = done == Done::kCallback;
  const std::string parameters = Text("PayloadT request, const jackfield::CallOptions& options",
                                      calls ? ", DoneT done" : " = {}");
  return Text("  template <jackfield::PayloadOf<", method.request, "> PayloadT",
              calls ? ", class DoneT" : "", ">\n",
              Signature(Text(result, " ", name), parameters, " {"),
              "    return jackfield::", generic, "(\n", "        route_, Methods::k", method.name,
              ", std::move(request), options", calls ? ", std::move(done)" : "", ");\n  }\n");
}

std::string CallText(const MethodModel& method) {
  const std::string types = Text("<", method.request, ", ", method.reply, ">");
  const std::string answer = Text("jackfield::MessageOf<", method.reply, ">");
  const char* generic = method.idempotent ? "RetryMethod" : "CallMethod";
  return Text("  // co_await it, or .Wait(): absl::StatusOr<", answer, ">.",
              method.idempotent ? " Idempotent: retried.\n" : "\n",
              ClientFunction(method, "auto", method.name, Text(generic, types)),
              "  // done(absl::StatusOr<", answer, ">), unless this returns an error.\n",
              ClientFunction(method, "absl::Status", Text(method.name, "Async"),
                             Text("CallMethodAsync", types), Done::kCallback),
              ClientFunction(method, Text("jackfield::Future<", answer, ">"),
                             Text(method.name, "Future"), Text("CallMethodFuture", types)));
}

std::string OneWayText(const MethodModel& method) {
  const std::string types = Text("<", method.request, ">");
  return Text("  // co_await it, or .Wait(): absl::Status, when the message is on its way.\n",
              ClientFunction(method, "auto", method.name, Text("SendMethod", types)),
              "  // Without waiting for room.\n",
              ClientFunction(method, "absl::Status", Text("Try", method.name),
                             Text("TrySendMethod", types)));
}

std::string ServerStreamText(const MethodModel& method) {
  const std::string stream = Text("jackfield::ReadStream<", method.reply, ">");
  return Text("  template <jackfield::PayloadOf<", method.request, "> PayloadT>\n",
              Signature(Text("absl::StatusOr<", stream, "> ", method.name),
                        "PayloadT request, const jackfield::CallOptions& options = {}", " {"),
              "    return jackfield::OpenStreamOf<", stream, ", ", method.request, ">(\n",
              "        route_, Methods::k", method.name, ", std::move(request), options);\n",
              "  }\n");
}

std::string ClientStreamText(const MethodModel& method) {
  const char* kind = method.streaming == Streaming::kClient ? "WriteStream" : "BothStreams";
  const std::string stream =
      Text("jackfield::", kind, "<", method.request, ", ", method.reply, ">");
  return Text(Signature(Text("absl::StatusOr<", stream, "> ", method.name),
                        "const jackfield::CallOptions& options = {}", " {"),
              "    return ", stream, "::Open(\n", "        route_, Methods::k", method.name,
              ", jackfield::Bytes(), options);\n", "  }\n");
}

std::string ClientText(const ServiceModel& service) {
  std::string text = Comment(service.comments, "");
  text += Text("class ", service.name, "Client {\n public:\n", "  using Methods = ", service.name,
               "Methods;\n\n",
               "  // Over a channel, or a pool of them, which outlives this and the calls and "
               "streams made with it.\n",
               "  explicit ", service.name, "Client(const jackfield::Route& route);\n");
  for (const MethodModel& method : service.methods) {
    text += "\n" + Comment(method.comments, "  ");
    if (method.one_way)
      text += OneWayText(method);
    else if (method.streaming == Streaming::kNone)
      text += CallText(method);
    else if (method.streaming == Streaming::kServer)
      text += ServerStreamText(method);
    else
      text += ClientStreamText(method);
  }
  return text + "\n private:\n  jackfield::Route route_;\n};\n";
}

std::string HandlerText(const MethodModel& method) {
  return Signature(Text("virtual jackfield::Handling ", method.name),
                   ServerCallOf(method) + " call", " = 0;");
}

std::string ServiceText(const ServiceModel& service) {
  std::string text = Comment(service.comments, "");
  text +=
      Text("class ", service.name, "Service {\n public:\n", "  virtual ~", service.name,
           "Service() = default;\n\n",
           "  // Lets `port` dispatch to the functions below, of this object, which outlives it.\n",
           "  void RegisterOn(jackfield::Port& port);\n");
  for (const MethodModel& method : service.methods)
    text += "\n" + Comment(method.comments, "  ") + HandlerText(method);
  return text + "};\n";
}

}  // namespace

std::string StemOf(const SchemaModel& model) {
  return model.source.substr(0, model.source.rfind('.'));
}

std::string ServerCallOf(const MethodModel& method) {
  if (method.one_way) return Text("jackfield::OneWayOf<", method.request, ">");
  const char* kind = "";
  switch (method.streaming) {
    case Streaming::kNone:
      kind = "CallOf";
      break;
    case Streaming::kServer:
      kind = "ServerStreamOf";
      break;
    case Streaming::kClient:
      kind = "ClientStreamOf";
      break;
    case Streaming::kBoth:
      kind = "BothStreamsOf";
      break;
  }
  return Text("jackfield::", kind, "<", method.request, ", ", method.reply, ">");
}

std::string HeaderText(const SchemaModel& model) {
  const std::string guard = GuardOf(model);
  std::string text = Text(
      "// Made by jackfield_stubs from ", model.source, ": change that, not this.\n", "#ifndef ",
      guard, "\n#define ", guard, "\n\n", "#include <cstdint>\n#include <utility>\n\n",
      "#include \"jackfield/client.h\"\n#include \"jackfield/port.h\"\n",
      "#include \"jackfield/server.h\"\n#include \"", StemOf(model), "_generated.h\"\n");
  char hash[24];
  std::snprintf(hash, sizeof hash, "0x%016llx", static_cast<unsigned long long>(model.hash));
  for (const ServiceModel& service : model.services) {
    text += Text("\nnamespace ", service.space, " {\n\n", "extern const jackfield::Interface k",
                 service.name, "Interface;\n", "inline constexpr uint64_t k", service.name,
                 "SchemaHash = ", std::string_view(hash), ";\n\n", MethodsText(service), "\n",
                 ClientText(service), "\n", ServiceText(service), "\n}  // namespace ",
                 service.space, "\n");
  }
  return text + Text("\n#endif  // ", guard, "\n");
}

}  // namespace jackfield::stubs
