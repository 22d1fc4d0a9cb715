// A recording: the calls that came to a service, with what it answered, as lines of JSON.
//
//   {"jackfield_recording":1,"service":"stock"}
//   {"after_ns":0,"method":"shop.Stock/Reserve","request":"{\"item\":
//   7}","code":"OK","answer":"{…}"}
//
// Messages are JSON in strings, so that they come out exactly as they went in. What nobody
// answered, since it is one-way, has no code and no answer.
//
// Thread: any; plain values.
#ifndef JACKFIELD_TOOLS_RECORDING_RECORDING_H_
#define JACKFIELD_TOOLS_RECORDING_RECORDING_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace jackfield::recording {

inline constexpr int kVersion = 1;

struct Call {
  int64_t after_ns = 0;  // the first one
  std::string method;
  std::string request;
  std::string code;    // of absl::StatusCode, "OK"; "": it is one-way
  std::string answer;  // where code is OK
};

std::string HeadLine(std::string_view service);
std::string LineOf(const Call& call);

struct Recording {
  std::string service;
  std::vector<Call> calls;
};
// Errors: INVALID_ARGUMENT: "line 7: …".
absl::StatusOr<Recording> Parse(std::string_view text);

// Where two answers differ, field by field: "left: 3 before, 2 now". At most `max` of them. Both
// are JSON; what is none differs as a whole.
std::vector<std::string> Differences(std::string_view before, std::string_view now, size_t max);

}  // namespace jackfield::recording

#endif  // JACKFIELD_TOOLS_RECORDING_RECORDING_H_
