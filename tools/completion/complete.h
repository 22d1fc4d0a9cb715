// What may stand where a user presses TAB, as far as the program's own tables tell: verbs, flags,
// the words that a flag or a verb takes. What runs at the moment is for who asks to add.
//
// What an operand is, is read off the usage of the verb, the same text that the help shows: FILE,
// WIRING, SERVICE, TARGET, ADDRESS, METHOD, VERB; a word in small letters is meant as it stands.
//
// Thread: any. Nothing is opened, and nobody is asked.
#ifndef JACKFIELD_TOOLS_COMPLETION_COMPLETE_H_
#define JACKFIELD_TOOLS_COMPLETION_COMPLETE_H_

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tools/cli/program.h"

namespace jackfield::completion {

struct Candidate {
  std::string word;
  std::string about = {};  // one line, for shells that show it
};

struct Completion {
  // `word` may stand there; it is left out if it does not begin with what is typed already.
  void Add(std::string_view word, std::string_view about = "");

  std::vector<Candidate> candidates;
  // What may stand there, too, and the tables do not know:
  bool files = false;
  bool wirings = false;    // names of running wirings
  bool services = false;   // and of their services,
  std::string wiring;      // of this one only, as PickWiring takes it; "": of all
  std::string methods_of;  // methods of this target: a service or an address; "": of none
  // In front of each word: "--over=", where the value is written behind it; "kv/", of a method.
  std::string before;
  std::string typed;  // behind that
};

// words: what stands behind the program's name, up to the cursor; the last of them, perhaps "", is
// the one that is being written.
Completion Complete(const Program& program, std::span<const std::string> words);

// For a shell: "WORD" or "WORD<TAB>ABOUT", a line for each, and ":files" if files will do, too.
std::string ToLines(const Completion& completion);

}  // namespace jackfield::completion

#endif  // JACKFIELD_TOOLS_COMPLETION_COMPLETE_H_
