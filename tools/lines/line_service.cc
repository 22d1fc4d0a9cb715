#include "tools/lines/line_service.h"

#include <bit>
#include <cstdio>
#include <utility>

#include "kernel/base/text.h"
#include "kernel/base/units.h"
#include "kernel/payload.h"
#include "services/stubs/server.h"

namespace jackfield::lines {
namespace {

constexpr RestartRule kRule = {.when = RestartRule::When::kAlways};

}  // namespace

LineService::LineService(Service& service, Codec& codec, std::vector<std::string> words)
    : service_(service), codec_(codec), words_(std::move(words)), restarts_(kRule) {}

LineService::~LineService() { service_.node().timers().Cancel(again_); }

absl::Status LineService::Start() {
  auto child = std::make_unique<Child>(service_.node(), *this);
  if (absl::Status status = child->Start(words_); !status.ok()) return status;
  child_ = std::move(child);
  up_ = true;
  pid_ = child_->pid();
  answered_ = false;
  started_ns_ = service_.node().clock().NowNs();
  if (waiting_line_) child_->Write(*std::exchange(waiting_line_, std::nullopt));
  return absl::OkStatus();
}

void LineService::RegisterOn(Port& port) {
  for (const Interface& interface : codec_.interfaces()) {
    port.AddInterface(interface);
    for (const Method& method : interface.methods) {
      port.HandleTask(method.type,
                      [this, &method](ServerCall& call) { return Handle(call, method); });
    }
  }
}

Task<absl::Status> LineService::Handle(ServerCall& call, const Method& method) {
  if (!given_up_.ok()) co_return given_up_;
  if (!call.message().Align(method.alignment, call.node().blocks()))
    co_return stubs_internal::NoMemoryToAlign(method);
  const absl::StatusOr<std::string> line = codec_.LineOf(method, call.payload());
  if (!line.ok()) co_return line.status();
  answer_.emplace(service_.node());
  Future<Answer> answer = answer_->future();
  if (up_)
    child_->Write(*line);
  else
    waiting_line_ = *line;
  const absl::StatusOr<Answer> answered = co_await answer;
  if (answered.ok() && call.cancelled() && !call.one_way())
    Note(Text("the answer to ", method.name, " came when nobody waited for it any more"));
  if (call.one_way() || !answered.ok()) co_return answered.status();
  const absl::StatusOr<std::string> message = codec_.AnswerOf(method, *answered);
  if (!message.ok()) co_return message.status();
  co_return call.Reply(Bytes(*message));
}

void LineService::OnLine(std::string_view line, bool cut) {
  if (!answer_) {
    if (std::has_single_bit(++unasked_)) {
      Note(Text("the program wrote ", unasked_ == 1 ? "a line" : Text(unasked_, " lines"),
                " that nobody asked for; it begins with \"", Beginning(line), "\""));
    }
    return;
  }
  answered_ = true;
  Promise<Answer> promise = *std::exchange(answer_, std::nullopt);
  if (cut) {
    promise.Set(
        absl::InternalError(Text("the program's line has more than ", FormatBytes(kLineBytesMax),
                                 ", the limit; it begins with \"", Beginning(line), "\"")));
  } else {
    promise.Set(std::string(line));
  }
}

void LineService::OnEnded(std::string_view how) {
  up_ = false;
  const std::string sentence = Text(Escaped(words_[0]), " (pid ", pid_, ") ", how);
  if (answer_) {
    Promise<Answer> promise = *std::exchange(answer_, std::nullopt);
    promise.Set(absl::InternalError(Text(sentence, " before it answered")));
  }
  Node& node = service_.node();
  const std::optional<int64_t> pause_ns =
      restarts_.Next(true, answered_ ? kSettledNs : node.clock().NowNs() - started_ns_);
  if (!pause_ns) {
    given_up_ = absl::InternalError(
        Text(sentence, "; it was started again ", restarts_.in_a_row(), " times in a row"));
    return service_.RequestStop();
  }
  Note(Text(sentence, "; it is started again",
            *pause_ns == 0 ? std::string() : Text(" in ", FormatDurationNs(*pause_ns))));
  node.timers().Arm(again_, node.clock().NowNs() + *pause_ns);
}

void LineService::StartAgain(Timer& timer) {
  auto* self = static_cast<LineService*>(timer.user);
  const absl::Status started = self->Start();
  if (started.ok()) return;
  self->given_up_ = started;
  if (self->answer_) std::exchange(self->answer_, std::nullopt)->Set(started);
  self->service_.RequestStop();
}

void LineService::Note(std::string_view sentence) const {
  std::fprintf(stderr, "%s: %s\n", service_.name().c_str(), std::string(sentence).c_str());
}

}  // namespace jackfield::lines
