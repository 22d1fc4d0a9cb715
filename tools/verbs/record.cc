#include "tools/verbs/record.h"

#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "kernel/base/text.h"
#include "tools/recording/recording.h"
#include "tools/running/supervisor_client.h"
#include "tools/verbs/data.h"
#include "tools/verbs/running_wiring.h"
#include "tools/watch/tapping.h"

namespace jackfield {
namespace {

constexpr Flag kFlags[] = {
    kWiringFlag,
    {'f', "file", "FILE", "where to write it (else to stdout)"},
    {'m', "method", "TEXT", "only methods whose name contains it"},
    {'p', "peer", "NAME", "only what this one calls"},
    {'n', "count", "COUNT", "end after so many calls"},
};

// Puts calls and their answers together, and writes each when it is complete.
class Recorder {
 public:
  Recorder(std::FILE* file, uint64_t count) : file_(file), count_(count) {}

  // False: enough, or it cannot be written.
  bool Take(const watch::Seen& seen) {
    const watch::Event& event = seen.event;
    const bool came = event.way == FrameWay::kReceived;
    const std::pair key{event.peer_epoch, event.call_id};
    if (event.kind == FrameKind::Item || event.kind == FrameKind::ItemsEnd) {
      if (open_.erase(key) != 0) ++streams_;  // a stream is none of these calls
      return true;
    }
    if (came && seen.told.by_caller && (event.kind == FrameKind::Request || IsOneWay(event))) {
      if (first_ns_ == 0) first_ns_ = event.realtime_ns;
      if (seen.message.empty()) {
        ++unread_;
        return true;
      }
      recording::Call call{event.realtime_ns - first_ns_, seen.method, seen.message, {}, {}};
      if (IsOneWay(event)) return Write(call);
      open_[key] = std::move(call);
      return true;
    }
    if (came || event.kind != FrameKind::Reply) return true;
    const auto call = open_.find(key);
    if (call == open_.end()) return true;
    call->second.code = absl::StatusCodeToString(static_cast<absl::StatusCode>(event.code));
    call->second.answer = seen.message;
    const recording::Call done = std::move(call->second);
    open_.erase(call);
    if (event.code != 0 || !done.answer.empty()) return Write(done);
    ++unread_;
    return true;
  }

  uint64_t written() const { return written_; }
  // What is not in it, for people; "": nothing.
  std::string Missing() const {
    std::string missing;
    const auto add = [&missing](uint64_t count, std::string_view what) {
      if (count != 0) missing += Text(missing.empty() ? "" : ", ", count, " ", what);
    };
    add(open_.size(), "not answered yet");
    add(streams_, "streams");
    add(unread_, "that could not be read, or are longer than a tap keeps");
    return missing;
  }
  bool failed() const { return failed_; }

 private:
  static bool IsOneWay(const watch::Event& event) { return event.kind == FrameKind::OneWay; }
  bool Write(const recording::Call& call) {
    failed_ = std::fprintf(file_, "%s\n", recording::LineOf(call).c_str()) < 0;
    return !failed_ && ++written_ != count_;
  }

  std::FILE* const file_;
  const uint64_t count_;                                           // 0: without end
  std::map<std::pair<uint64_t, uint64_t>, recording::Call> open_;  // by peer and call
  int64_t first_ns_ = 0;
  uint64_t written_ = 0, streams_ = 0, unread_ = 0;
  bool failed_ = false;
};

int RunRecord(const Program& program, const Arguments& arguments) {
  const absl::StatusOr<uint64_t> count = CountOf(arguments);
  if (!count.ok())
    return Complain(kExitUsage, Text("record: ", std::string(count.status().message())));
  const auto client =
      SupervisorClient::Open(*program.registry, arguments.Find("wiring").value_or(""));
  if (!client.ok()) return ComplainOfRunning(client.status());
  const std::string& service = arguments.operands[0];
  watch::Tapping tapping(*program.registry, **client,
                         {.method = std::string(arguments.Find("method").value_or("")),
                          .peer = std::string(arguments.Find("peer").value_or(""))});
  if (const absl::Status chosen = tapping.Choose({service}); !chosen.ok())
    return Complain(kExitFailed, std::string(chosen.message()));
  const std::string path(arguments.Find("file").value_or(""));
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> opened(
      path.empty() ? nullptr : std::fopen(path.c_str(), "we"), std::fclose);
  if (!path.empty() && opened == nullptr)
    return Complain(kExitFailed, Text("cannot write ", Escaped(path), ": ", std::strerror(errno)));
  std::FILE* file = opened == nullptr ? stdout : opened.get();
  std::fprintf(file, "%s\n", recording::HeadLine(service).c_str());
  Recorder recorder(file, *count);
  const watch::Tapping::End end = tapping.Run(
      [&](const watch::Seen& seen) { return recorder.Take(seen); },
      [](const std::string& sentence) { std::fprintf(stderr, "# %s\n", sentence.c_str()); });
  if (recorder.failed() || std::fflush(file) != 0)
    return Complain(kExitFailed, Text("cannot write ", path.empty() ? "it" : Escaped(path), ": ",
                                      std::strerror(errno)));
  const std::string missing = recorder.Missing();
  if (!arguments.Has("quiet"))
    std::fprintf(stderr, "# %llu calls of %s recorded%s%s\n",
                 static_cast<unsigned long long>(recorder.written()), service.c_str(),
                 missing.empty() ? "" : "; not recorded: ", missing.c_str());
  // To be stopped is how a recording without --count ends.
  return end == watch::Tapping::End::kStopped && *count != 0 ? kExitInterrupted : kExitOk;
}

}  // namespace

Verb RecordVerb() {
  return {.name = "record",
          .summary = "write the calls that come to a service, and its answers, to a file",
          .usage = "SERVICE",
          .description =
              "Until ^C, or --count calls. A line of JSON a call, which `jackfield replay` makes "
              "again. The service\n"
              "is not slowed down. Streams, and messages longer than 4 KiB, are left out and "
              "counted.\n"
              "\n"
              "exit status: 0 done, 1 there is no such service or the file cannot be written, 2 "
              "usage, 3 the\n"
              "wiring is not up, 130 stopped before --count\n",
          .flags = kFlags,
          .operands_min = 1,
          .operands_max = 1,
          .run = RunRecord};
}

}  // namespace jackfield
