// What makes a shell ask `jackfield __complete` where its user presses TAB. A line of its answer is
// a word, perhaps with a tab and what it is behind; ":files" stands for the names of files.
//
// Thread: any; constant data.
#ifndef JACKFIELD_TOOLS_COMPLETION_SCRIPTS_H_
#define JACKFIELD_TOOLS_COMPLETION_SCRIPTS_H_

#include <span>
#include <string_view>

namespace jackfield::completion {

struct Script {
  std::string_view shell;
  std::string_view text;
};
std::span<const Script> Scripts();

}  // namespace jackfield::completion

#endif  // JACKFIELD_TOOLS_COMPLETION_SCRIPTS_H_
