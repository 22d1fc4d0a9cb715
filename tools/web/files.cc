#include "tools/web/files.h"

namespace jackfield::web {
namespace {

struct Embedded {
  std::string_view name, text;
};
constexpr Embedded kEmbedded[] = {
#include "tools/web/page_files.inc"
};

constexpr std::string_view TypeOf(std::string_view name) {
  return name.ends_with(".js")    ? "text/javascript; charset=utf-8"
         : name.ends_with(".css") ? "text/css; charset=utf-8"
                                  : "text/html; charset=utf-8";
}

}  // namespace

std::optional<File> FindFile(std::string_view path) {
  const std::string_view name = path == "/" ? "index.html" : path.substr(path.empty() ? 0 : 1);
  for (const Embedded& file : kEmbedded) {
    if (file.name == name) return File{TypeOf(name), file.text};
  }
  return std::nullopt;
}

}  // namespace jackfield::web
