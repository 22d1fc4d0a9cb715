// The words of C++, which cannot name anything else.
//
// Thread: any.
#ifndef JACKFIELD_TOOLS_STUBS_WORDS_H_
#define JACKFIELD_TOOLS_STUBS_WORDS_H_

#include <string_view>

namespace jackfield::stubs {

// Of [lex.key], and the other spellings of operators.
bool IsCppWord(std::string_view name);

}  // namespace jackfield::stubs

#endif  // JACKFIELD_TOOLS_STUBS_WORDS_H_
