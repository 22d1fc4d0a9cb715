// A line of a log, and the files in which lines are kept.
//
// Thread: any; plain values.
#ifndef JACKFIELD_TOOLS_RUNS_LOG_LINE_H_
#define JACKFIELD_TOOLS_RUNS_LOG_LINE_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace jackfield {

int64_t WallNs();  // since 1970, UTC

struct LogLine {
  int64_t time_ns = 0;  // since 1970, UTC
  std::string service;  // "": the supervisor itself
  std::string text;     // without its newline; not always UTF-8
};

// As it stands in a file: "2026-11-30T19:20:31.481207113Z text", and a newline.
std::string LogLineText(int64_t time_ns, std::string_view text);
// The same read again, without its newline. What has no time in front has `last_ns`.
LogLine ReadLogLine(std::string_view line, std::string_view service, int64_t last_ns);

// A file of the logs of a run: "kv.1.log". They are numbered from 1 as they are begun.
struct LogFile {
  std::string service;
  uint64_t number = 0;
};
// Of a service, "kv"; of the supervisor, which no service can be called, "@jackfield".
std::string LogName(std::string_view service);
std::string LogFileName(std::string_view log_name, uint64_t number);
std::optional<LogFile> LogFileOf(std::string_view file_name);  // nothing: it is none

}  // namespace jackfield

#endif  // JACKFIELD_TOOLS_RUNS_LOG_LINE_H_
