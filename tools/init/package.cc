#include "tools/init/package.h"

#include <algorithm>
#include <cctype>
#include <span>
#include <utility>

#include "kernel/base/text.h"

namespace jackfield {
namespace {

// Where the template lies and what it is called: what is replaced.
constexpr std::string_view kFolder = "tools/init/template";
constexpr std::string_view kName = "greet";
constexpr std::string_view kNameUpper = "GREET";
// What stands behind this in its BUILD file is not for others.
constexpr std::string_view kEnd = "\n# From here on it is of the template only";

struct TemplateFile {
  std::string_view name, text;
};
constexpr TemplateFile kFiles[] = {
#include "tools/init/template.inc"
};
struct OutsideFile {
  std::string_view folder, name, text;
};
constexpr OutsideFile kOutsideFiles[] = {
#include "tools/init/outside.inc"
};
// Of the template, what needs Bazel; of it all, what a program in Python does without.
constexpr std::string_view kOfBazel[] = {"BUILD.bazel", "README.md"};
constexpr std::string_view kOfPython[] = {"greet.fbs"};

bool IsLetter(char c) { return std::isalpha(static_cast<unsigned char>(c)) != 0; }

void ReplaceAll(std::string& text, std::string_view from, std::string_view to) {
  for (size_t at = 0; (at = text.find(from, at)) != text.npos; at += to.size())
    text.replace(at, from.size(), to);
}

// Where no letter stands before or behind it: in greet_service and greet::, not in greeter.
void ReplaceName(std::string& text, std::string_view from, std::string_view to) {
  for (size_t at = 0; (at = text.find(from, at)) != text.npos;) {
    const size_t end = at + from.size();
    const bool is_part =
        (at > 0 && IsLetter(text[at - 1])) || (end < text.size() && IsLetter(text[end]));
    if (!is_part) text.replace(at, from.size(), to);
    at += is_part ? from.size() : to.size();
  }
}

// "../../", from a folder up to the root.
std::string UpFrom(std::string_view folder) {
  std::string up = "../";
  for (const char c : folder) {
    if (c == '/') up += "../";
  }
  return up;
}

bool Contains(std::span<const std::string_view> names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

// `text`, of the service `name`.
std::string Named(std::string_view text, std::string_view name) {
  std::string renamed(text.substr(0, text.find(kEnd)));
  std::string upper(name);
  std::transform(upper.begin(), upper.end(), upper.begin(),
                 [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  ReplaceName(renamed, kName, name);
  ReplaceName(renamed, kNameUpper, upper);
  return renamed;
}

std::string Renamed(std::string_view text, std::string_view name, std::string_view folder) {
  std::string renamed = Named(text, name);  // first: a folder may have the old name in it
  ReplaceAll(renamed, Text("\"", UpFrom(kFolder)), Text("\"", UpFrom(folder)));
  ReplaceAll(renamed, kFolder, folder);
  return renamed;
}

// Where the folder is the root, and no launcher is there.
std::string Outside(std::string_view text, std::string_view name) {
  std::string moved = Named(text, name);
  ReplaceAll(moved, Text("\"", UpFrom(kFolder), "bazel-bin/", kFolder, "/"), "\"build/");
  ReplaceAll(moved, Text("./jackfield up ", kFolder, "/"), "jackfield up ");
  ReplaceAll(moved, Text(kFolder, "/"), "");
  return moved;
}

// There the labels of this tree are of another repository, and no launcher is there.
std::string InOtherWorkspace(std::string text) {
  for (const std::string_view package : {"//tools/stubs:", "//bindings/cpp:"})
    ReplaceAll(text, Text("\"", package), Text("\"@jackfield", package));
  ReplaceAll(text, "./jackfield test", "bazel test");
  ReplaceAll(text, "   # builds and runs it, until ^C", "   # bazel build first; until ^C");
  ReplaceAll(text, "./jackfield ", "jackfield ");
  return text;
}

}  // namespace

std::vector<NewFile> FilesOfPackage(std::string_view name, std::string_view folder,
                                    Workspace workspace) {
  std::vector<NewFile> files;
  for (const TemplateFile& file : kFiles) {
    std::string text = Renamed(file.text, name, folder);
    if (workspace == Workspace::kOther) text = InOtherWorkspace(std::move(text));
    files.push_back({Renamed(file.name, name, folder), std::move(text)});
  }
  return files;
}

std::vector<NewFile> FilesOfProject(std::string_view name, Builder builder) {
  const std::string_view own = builder == Builder::kCMake  ? "cmake"
                               : builder == Builder::kMake ? "make"
                                                           : "python";
  std::vector<NewFile> files;
  for (const TemplateFile& file : kFiles) {
    if (Contains(kOfBazel, file.name)) continue;
    if (builder == Builder::kPython && !Contains(kOfPython, file.name)) continue;
    files.push_back({Named(file.name, name), Outside(file.text, name)});
  }
  for (const OutsideFile& file : kOutsideFiles) {
    if (file.folder == own) files.push_back({Named(file.name, name), Named(file.text, name)});
  }
  return files;
}

}  // namespace jackfield
