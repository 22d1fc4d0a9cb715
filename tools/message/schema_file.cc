#include "tools/message/schema_file.h"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>

#include "flatbuffers/idl.h"
#include "flatbuffers/reflection_generated.h"
#include "kernel/base/text.h"
#include "tools/message/schema_text.h"

namespace jackfield::message {
namespace {

absl::StatusOr<std::string> ReadFile(const std::string& path) {
  std::FILE* file = std::fopen(path.c_str(), "re");
  if (file == nullptr)
    return absl::NotFoundError(Text("cannot read ", Escaped(path), ": ", std::strerror(errno)));
  std::string text;
  char bytes[1 << 16];
  size_t got = 0;
  while (text.size() <= kSchemaTextBytesMax && (got = std::fread(bytes, 1, sizeof bytes, file)) > 0)
    text.append(bytes, got);
  const int error = std::ferror(file) != 0 ? errno : 0;
  std::fclose(file);
  if (error != 0)
    return absl::NotFoundError(Text("cannot read ", Escaped(path), ": ", std::strerror(error)));
  if (text.size() <= kSchemaTextBytesMax) return text;
  return absl::InvalidArgumentError(
      Text(Escaped(path), " has more than ", kSchemaTextBytesMax, " bytes, the limit of a schema"));
}

}  // namespace

absl::StatusOr<std::string> ReadSchemaFile(const std::string& path) {
  absl::StatusOr<std::string> text = ReadFile(path);
  if (!text.ok()) return text;
  if (text->size() >= 8 && reflection::SchemaBufferHasIdentifier(text->data())) return text;
  if (text->find('\0') != std::string::npos)
    return absl::InvalidArgumentError(
        Text(Escaped(path), " is no schema: neither .fbs text nor a .bfbs"));
  flatbuffers::Parser parser;
  parser.opts.binary_schema_comments = true;
  parser.opts.binary_schema_builtins = true;
  parser.opts.lang_to_generate = flatbuffers::IDLOptions::kCpp;
  const std::string folder = std::filesystem::path(path).parent_path().string();
  const char* places[] = {folder.c_str(), "", nullptr};
  if (!parser.Parse(text->c_str(), places, path.c_str())) {
    return absl::InvalidArgumentError(
        Text(Escaped(path), ": ", Escaped(CleanError(parser.error_))));
  }
  parser.Serialize();
  return std::string(reinterpret_cast<const char*>(parser.builder_.GetBufferPointer()),
                     parser.builder_.GetSize());
}

std::string CleanError(std::string_view error) {
  constexpr std::string_view kMark = ": error: ";
  const size_t mark = error.find(kMark);
  if (mark == std::string_view::npos) return std::string(error);
  std::string_view place = error.substr(0, mark);
  const std::string_view what = error.substr(mark + kMark.size());
  const size_t between = place.rfind(": ");
  if (between == std::string_view::npos) return std::string(what);
  const std::string_view column = place.substr(between + 2);
  place = place.substr(0, between);
  place.remove_prefix(place.rfind(':') == place.npos ? 0 : place.rfind(':') + 1);  // behind a file
  return Text("line ", place, ", column ", column, ": ", what);
}

}  // namespace jackfield::message
