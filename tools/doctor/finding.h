// What one check found, and how it is shown.
//
// Thread: any; plain values.
#ifndef JACKFIELD_TOOLS_DOCTOR_FINDING_H_
#define JACKFIELD_TOOLS_DOCTOR_FINDING_H_

#include <span>
#include <string>
#include <string_view>

namespace jackfield::doctor {

enum class Mark {
  kOk,
  kWarn,  // the bus works; a medium or one of its defaults does not, or it is slower
  kFail,  // the bus does not work here
};
std::string_view Name(Mark mark);  // "ok", "warn", "FAIL"

struct Finding {
  Mark mark = Mark::kOk;
  std::string what = {};   // a name of the system's: "fs.mqueue.msg_max"
  std::string value = {};  // what it is, and what of that is bad; one line, harmless for a terminal
  std::string help = {};   // one line: what to do; "": nothing, or nothing is known
};

// A line "MARK  WHAT  VALUE" for each, with "try: HELP" below, in columns.
std::string AsTable(std::span<const Finding> findings);
// {"mark":…,"what":…,"value":…,"try":…}, a line for each.
std::string AsJson(std::span<const Finding> findings);

}  // namespace jackfield::doctor

#endif  // JACKFIELD_TOOLS_DOCTOR_FINDING_H_
