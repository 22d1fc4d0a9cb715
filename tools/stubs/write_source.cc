#include <algorithm>
#include <string>

#include "kernel/base/text.h"
#include "tools/stubs/write.h"

namespace jackfield::stubs {
namespace {

std::string RegisterText(const ServiceModel& service, Schemas schemas) {
  std::string text = Text("void ", service.name, "Service::RegisterOn(jackfield::Port& port) {\n",
                          "  port.AddInterface(k", service.name, "Interface);\n");
  for (const MethodModel& method : service.methods) {
    text += Text("  jackfield::HandleMethod<", ServerCallOf(method), ">(\n", "      port, ",
                 service.name, "Methods::k", method.name, ", [this](auto call) { return this->",
                 method.name, "(call); });\n");
  }
  if (schemas == Schemas::kServed) text += "  jackfield::ServeSchemas(port);\n";
  return text + "}\n";
}

std::string ClientText(const ServiceModel& service) {
  return Text("static const jackfield::CalledInterface k", service.name, "IsCalled(k", service.name,
              "Interface);\n\n", service.name, "Client::", service.name,
              "Client(const jackfield::Route& route) : route_(route) {\n",
              "  jackfield::ExpectSchema(route, k", service.name, "Interface);\n}\n");
}

std::string InterfaceText(const ServiceModel& service) {
  std::string text = Text("constexpr jackfield::Method k", service.name, "MethodList[] = {\n");
  for (const MethodModel& method : service.methods)
    text += Text("    ", service.name, "Methods::k", method.name, ",\n");
  return text + Text("};\n\n", "constinit const jackfield::Interface k", service.name,
                     "Interface{\n", "    .name = \"", service.full_name, "\",\n",
                     "    .methods = k", service.name, "MethodList,\n",
                     "    .schema = std::string_view(kSchema, sizeof kSchema - 1),\n",
                     "    .schema_hash = k", service.name, "SchemaHash,\n};\n");
}

}  // namespace

std::string SourceText(const SchemaModel& model, Schemas schemas) {
  std::string text =
      Text("// Made by jackfield_stubs from ", model.source, ": change that, not this.\n",
           "#include \"", StemOf(model), "_service.h\"\n\n#include <string_view>\n\n");
  if (schemas == Schemas::kServed) text += "#include \"jackfield/schema.h\"\n\n";
  text += Text("namespace {\n\nalignas(8) constexpr char kSchema[] =\n#include \"", StemOf(model),
               "_schema.inc\"\n    ;\n\n}  // namespace\n");
  for (const ServiceModel& service : model.services) {
    text += Text("\nnamespace ", service.space, " {\n\n", InterfaceText(service), "\n",
                 ClientText(service), "\n", RegisterText(service, schemas), "\n}  // namespace ",
                 service.space, "\n");
  }
  return text;
}

std::string LiteralText(const SchemaModel& model) {
  constexpr size_t kBytesPerLine = 24;
  std::string text =
      Text("// ", model.bfbs.size(), " bytes: ", model.source, " as a binary schema.\n");
  for (size_t begin = 0; begin < model.bfbs.size(); begin += kBytesPerLine) {
    text += '"';
    for (const char c : std::string_view(model.bfbs).substr(begin, kBytesPerLine)) {
      const auto byte = static_cast<unsigned char>(c);
      const char octal[] = {'\\', static_cast<char>('0' + (byte >> 6)),
                            static_cast<char>('0' + (byte >> 3 & 7)),
                            static_cast<char>('0' + (byte & 7))};
      text.append(octal, sizeof octal);
    }
    text += "\"\n";
  }
  return text;
}

}  // namespace jackfield::stubs
