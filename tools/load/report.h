// A result for people: a table and what must be said of it.
//
// Thread: any; pure functions.
#ifndef JACKFIELD_TOOLS_LOAD_REPORT_H_
#define JACKFIELD_TOOLS_LOAD_REPORT_H_

#include <string>
#include <string_view>

#include "tools/load/result.h"

namespace jackfield::load {

using figures::kShown;

// What was asked for: the first line of the table, and part of the JSON.
struct Heading {
  std::string method, address;
  std::string schedule;  // "2000/s for 5s, evenly"
  std::string terms;     // "1 process, 1 connection, at most 16 out"
};

std::string TableOf(const Heading& heading, const Result& result);
// One object, on one line.
std::string JsonOf(const Heading& heading, const Result& result);
std::string RateText(double per_second);  // "2000/s"
std::string_view Name(Steadiness::Kind kind);

}  // namespace jackfield::load

#endif  // JACKFIELD_TOOLS_LOAD_REPORT_H_
