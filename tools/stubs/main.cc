// jackfield_stubs --source services/echo/echo.fbs --bfbs echo.bfbs --out DIR [--no-schemas]
//
// Writes echo_service.h, echo_service.cc and echo_schema.inc into DIR. Run by
// jackfield_service_library (stubs.bzl). Exit status: 0; 1 with one line on stderr; 2 usage.
#include <cstdio>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>

#include "kernel/base/text.h"
#include "tools/stubs/model.h"
#include "tools/stubs/write.h"

namespace {

using jackfield::Text;

struct Arguments {
  std::string source, bfbs, out;
  jackfield::stubs::Schemas schemas = jackfield::stubs::Schemas::kServed;
};

bool Read(int argc, char** argv, Arguments& arguments) {
  for (int i = 1; i < argc; ++i) {
    const std::string_view word = argv[i];
    if (word == "--no-schemas") {
      arguments.schemas = jackfield::stubs::Schemas::kNotServed;
      continue;
    }
    std::string* to = word == "--source" ? &arguments.source
                      : word == "--bfbs" ? &arguments.bfbs
                      : word == "--out"  ? &arguments.out
                                         : nullptr;
    if (to == nullptr || ++i == argc) return false;
    *to = argv[i];
  }
  return !arguments.source.empty() && !arguments.bfbs.empty() && !arguments.out.empty();
}

int Fail(std::string_view text) {
  std::fprintf(stderr, "jackfield_stubs: %s\n", std::string(text).c_str());
  return 1;
}

bool Write(const std::string& path, const std::string& text) {
  std::ofstream file(path, std::ios::binary);
  file << text;
  return static_cast<bool>(file.flush());
}

}  // namespace

int main(int argc, char** argv) {
  Arguments arguments;
  if (!Read(argc, argv, arguments)) {
    std::fprintf(stderr,
                 "usage: jackfield_stubs --source X.fbs --bfbs X.bfbs --out DIR [--no-schemas]\n");
    return 2;
  }
  std::ifstream file(arguments.bfbs, std::ios::binary);
  if (!file) return Fail(Text("cannot read ", arguments.bfbs));
  std::string bfbs((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  const auto model = jackfield::stubs::ReadSchema(arguments.source, std::move(bfbs));
  if (!model.ok()) return Fail(std::string(model.status().message()));
  const std::string stem = jackfield::stubs::StemOf(*model);
  const std::string base = Text(arguments.out, "/", stem.substr(stem.rfind('/') + 1));
  const bool written =
      Write(base + "_service.h", jackfield::stubs::HeaderText(*model)) &&
      Write(base + "_service.cc", jackfield::stubs::SourceText(*model, arguments.schemas)) &&
      Write(base + "_schema.inc", jackfield::stubs::LiteralText(*model));
  return written ? 0 : Fail(Text("cannot write ", base, "_service.h and its companions"));
}
