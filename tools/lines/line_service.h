// A child that reads and writes lines, served: each call is a line to it, and its next line the
// answer. One call after the other; a line for each, one-way messages included, so that both sides
// count alike.
//
// A child that ends is started again: at once if it has answered anything, else as a service of a
// wiring would be (RestartRule's defaults). The call that it had is INTERNAL, those that wait go to
// the next one. A child that does not answer
// holds the calls behind it, each of which has its deadline.
//
// Thread: the node's.
#ifndef JACKFIELD_TOOLS_LINES_LINE_SERVICE_H_
#define JACKFIELD_TOOLS_LINES_LINE_SERVICE_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "kernel/call/port.h"
#include "kernel/call/server_call.h"
#include "kernel/loop/future.h"
#include "kernel/loop/task.h"
#include "services/service.h"
#include "tools/lines/child.h"
#include "tools/lines/codec.h"
#include "tools/supervisor/restarts.h"

namespace jackfield::lines {

class LineService final : public Child::Watcher {
 public:
  // Both outlive it; words: the program, and its arguments.
  LineService(Service& service, Codec& codec, std::vector<std::string> words);
  ~LineService();

  // Starts the program. Errors: as Child::Start.
  absl::Status Start();
  // Requires: the port hands out one call at a time (PortOptions.handlers_max). It outlives this,
  // unless nothing is dispatched any more.
  void RegisterOn(Port& port);
  // Why it is given up, and the service asked to stop: the program has ended too often in a row.
  const absl::Status& given_up() const { return given_up_; }

 private:
  using Answer = std::string;  // the child's line

  Task<absl::Status> Handle(ServerCall& call, const Method& method);
  void OnLine(std::string_view line, bool cut) override;
  void OnEnded(std::string_view how) override;
  static void StartAgain(Timer& timer);
  void Note(std::string_view sentence) const;  // on stderr

  Service& service_;
  Codec& codec_;
  const std::vector<std::string> words_;
  std::unique_ptr<Child> child_;
  bool up_ = false;
  pid_t pid_ = 0;  // of the last one
  int64_t started_ns_ = 0;
  Restarts restarts_;
  Timer again_{StartAgain, this};
  bool answered_ = false;  // by this child, once at least: then it counts as one that works
  std::optional<std::string> waiting_line_;  // of the call under way, for the child that is to come
  std::optional<Promise<Answer>> answer_;    // of the call under way
  uint64_t unasked_ = 0;                     // lines
  absl::Status given_up_;
};

}  // namespace jackfield::lines

#endif  // JACKFIELD_TOOLS_LINES_LINE_SERVICE_H_
