#include "tools/wiring/seen_from.h"

#include <algorithm>
#include <filesystem>
#include <system_error>

namespace jackfield {

std::string DirectoryOf(std::string_view file) {
  const size_t slash = file.rfind('/');
  return slash == std::string_view::npos ? "" : std::string(file.substr(0, slash + 1));
}

bool IsRelative(std::string_view path) { return path.starts_with("./") || path.starts_with("../"); }

std::string WithoutDots(std::string_view path) {
  const bool is_whole = path.starts_with('/');
  std::string text = is_whole ? "/" : path.starts_with("./") ? "./" : "";
  const size_t root = text.size();
  while (!path.empty()) {
    const std::string_view part = path.substr(0, path.find('/'));
    path.remove_prefix(std::min(part.size() + 1, path.size()));
    if (part.empty() || part == ".") continue;
    if (text.size() > root) text += '/';
    text += part;
  }
  return text.empty() ? "." : text;
}

std::string SeenFrom(std::string_view folder, std::string_view path) {
  std::error_code unknown;  // of where we are: then the path stays as it is
  return WithoutDots((std::filesystem::current_path(unknown) / folder / path).string());
}

}  // namespace jackfield
