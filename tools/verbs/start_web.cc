#include "tools/verbs/start_web.h"

#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <string>
#include <system_error>
#include <vector>

#include "kernel/base/text.h"

namespace jackfield {

int StartWeb(std::string_view verb, const Arguments& arguments) {
  std::error_code unknown;
  const std::filesystem::path self = std::filesystem::read_symlink("/proc/self/exe", unknown);
  const std::string program = self.parent_path() / "jackfield-web";
  std::vector<std::string> words = {program, std::string(verb)};
  for (const auto& [name, value] : arguments.flags)
    words.push_back(value.empty() ? Text("--", name) : Text("--", name, "=", value));
  words.insert(words.end(), arguments.operands.begin(), arguments.operands.end());
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  execv(program.c_str(), argv.data());
  return Complain(kExitFailed, Text(verb, " is in a program of its own, which cannot be started: ",
                                    program, ": ", std::strerror(errno),
                                    "\n  try: bazel build --config=opt //tools:jackfield-web"));
}

}  // namespace jackfield
