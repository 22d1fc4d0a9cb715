// Reads the logs of a run (log_writer.h), whether it is up or not: the lines of all its services in
// the order in which they came, and those that come later when it is asked again. Between two
// looks lines of different services may change places.
//
// Thread: its owner's. It reads files, and changes nothing.
#ifndef JACKFIELD_TOOLS_RUNS_LOG_READER_H_
#define JACKFIELD_TOOLS_RUNS_LOG_READER_H_

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "tools/runs/log_line.h"

namespace jackfield {

class LogReader {
 public:
  // directory: of the run. services: of these, each by its whole name; none: of all.
  LogReader(std::string directory, std::vector<std::string> services);
  ~LogReader();
  LogReader(const LogReader&) = delete;

  // What is there and was not read before. missed: a service of which files were removed before
  // they were read. Blocks: while it reads.
  void Read(const std::function<void(const LogLine&)>& line,
            const std::function<void(std::string_view service)>& missed);

 private:
  class Stream;
  void Look();

  const std::string directory_;
  const std::vector<std::string> services_;
  std::map<std::string, std::unique_ptr<Stream>, std::less<>> streams_;  // by service
};

// The services that have logs there, by their names; the supervisor is none.
std::vector<std::string> ServicesWithLogs(const std::string& directory);

}  // namespace jackfield

#endif  // JACKFIELD_TOOLS_RUNS_LOG_READER_H_
