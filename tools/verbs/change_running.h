// What `reload` and `set` have in common: a running wiring changes, and says line by line what has
// become of it.
//
// Thread: the main one. It blocks.
#ifndef JACKFIELD_TOOLS_VERBS_CHANGE_RUNNING_H_
#define JACKFIELD_TOOLS_VERBS_CHANGE_RUNNING_H_

#include <string>
#include <string_view>
#include <vector>

#include "tools/cli/program.h"

namespace jackfield {

inline constexpr Flag kDryRunFlag = {'n', "dry-run", "", "only say what would be done"};
inline constexpr Flag kForgetFlag = {'\0', "forget", "", "what `jackfield set` has said before"};

// wanted: as PickWiring; sets: KEY=VALUE. Returns the exit status: 0 all is as asked, 1 some of it
// is not, 2 the wiring is wrong and nothing has changed, 3 it is not up.
int ChangeRunning(const Program& program, const Arguments& arguments, std::string_view wanted,
                  const std::vector<std::string>& sets);

}  // namespace jackfield

#endif  // JACKFIELD_TOOLS_VERBS_CHANGE_RUNNING_H_
