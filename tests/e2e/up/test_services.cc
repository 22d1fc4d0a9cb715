#include "tests/e2e/up/test_services.h"

#include <signal.h>
#include <unistd.h>

#include <cstdio>
#include <memory>
#include <string>
#include <utility>

#include "kernel/base/outcome.h"
#include "kernel/base/text.h"
#include "kernel/payload.h"

namespace jackfield {
namespace {

constexpr uint32_t kWord = 1;
constexpr uint32_t kEnd = 2;
constexpr uint32_t kNote = 3;

absl::Status Tell(Channel& channel, uint32_t type, std::string_view text) {
  return channel.Call(type, Bytes(text)).Wait().status();
}

}  // namespace

absl::Status SourceService(Service& service) {
  absl::StatusOr<std::unique_ptr<Channel>> tokenize = service.Connect("tokenize");
  if (!tokenize.ok()) return tokenize.status();
  std::unique_ptr<Channel> other;
  for (const std::string& word : service.args()) {
    if (word == "fail") return absl::NotFoundError("there is no such file");
    if (word == "hang") {
      std::fputs("it stays\n", stderr);
      return service.Run();
    }
    if (word == "twice") {
      absl::StatusOr<std::unique_ptr<Channel>> second = service.Connect("other");
      if (!second.ok()) return second.status();
      other = *std::move(second);
      continue;
    }
    if (absl::Status status = Tell(**tokenize, kWord, word); !status.ok()) return status;
    if (other == nullptr) continue;
    if (absl::Status status = Tell(*other, kWord, word); !status.ok()) return status;
  }
  return Tell(**tokenize, kEnd, "");
}

absl::Status TokenizeService(Service& service) {
  absl::StatusOr<std::unique_ptr<Channel>> count = service.Connect("count");
  if (!count.ok()) return count.status();
  absl::StatusOr<std::unique_ptr<Port>> port = service.Serve();
  if (!port.ok()) return port.status();
  for (const uint32_t type : {kWord, kEnd}) {
    (*port)->HandleTask(type, [&count](ServerCall& call) -> Task<absl::Status> {
      if (call.type() == kWord && call.payload().empty()) co_return call.Reply(Bytes());
      absl::StatusOr<Message> reply = co_await (*count)->Call(call.type(), Bytes(call.payload()));
      if (!reply.ok()) co_return reply.status();
      co_return call.Reply(Bytes());
    });
  }
  return service.Run();
}

absl::Status CountService(Service& service) {
  absl::StatusOr<std::unique_ptr<Port>> port = service.Serve();
  if (!port.ok()) return port.status();
  int words = 0;
  (*port)->Handle(kWord, [&words](ServerCall& call) {
    ++words;
    call.Reply(Bytes()).IgnoreError();
  });
  (*port)->Handle(kEnd, [&](ServerCall& call) {
    if (!service.args().empty()) std::printf("%s ", service.args()[0].c_str());
    std::printf("%d words\n", words);
    std::fflush(stdout);
    call.Reply(Bytes()).IgnoreError();
  });
  return service.Run();
}

absl::Status AskerService(Service& service) {
  bool another = false;  // outlives the channel, which tells it
  absl::StatusOr<std::unique_ptr<Channel>> count = service.Connect("count");
  if (!count.ok()) return count.status();
  (*count)->OnInstance([&another](uint64_t, uint64_t) { another = true; });
  uint64_t answered = 0, in_doubt = 0, lost = 0;
  // The first instance is no other one, and must have been met.
  if (absl::Status open = (*count)->WaitOpen(); !open.ok()) return open;
  std::fputs("asks\n", stderr);
  while (!service.stop_requested()) {
    const absl::Status status = Tell(**count, kWord, "word");
    if (service.stop_requested()) break;
    (status.ok() ? answered : OutcomeOf(status) == Outcome::kInDoubt ? in_doubt : lost)++;
    if (status.ok() && std::exchange(another, false)) std::fputs("answered by another\n", stderr);
  }
  std::printf("%llu answered, %llu in doubt, %llu lost\n",
              static_cast<unsigned long long>(answered), static_cast<unsigned long long>(in_doubt),
              static_cast<unsigned long long>(lost));
  std::fflush(stdout);
  return absl::OkStatus();
}

absl::Status SitterService(Service& service) {
  absl::StatusOr<std::unique_ptr<Port>> port = service.Serve();
  return port.ok() ? service.Run() : port.status();
}

absl::Status SleeperService(Service& service) {
  absl::StatusOr<std::unique_ptr<Port>> port = service.Serve();
  if (!port.ok()) return port.status();
  (*port)->Handle(kWord, [](ServerCall&) {
    for (;;) pause();
  });
  return service.Run();
}

absl::Status HolderService(Service& service) {
  absl::StatusOr<std::unique_ptr<Port>> port = service.Serve();
  if (!port.ok()) return port.status();
  (*port)->Handle(kWord, [](ServerCall& call) { call.Hold(); });
  return service.Run();
}

absl::Status LeaverService(Service& service) { return service.Serve().status(); }

absl::Status BrokenService(Service&) { return absl::InternalError("it does not work"); }

absl::Status StubbornService(Service& service) {
  absl::StatusOr<std::unique_ptr<Port>> port = service.Serve();
  if (!port.ok()) return port.status();
  service.node().RunUntil([] { return false; });
  return absl::OkStatus();
}

absl::Status NotesService(Service& service) {
  absl::StatusOr<std::unique_ptr<Channel>> log = service.Connect("log");
  if (!log.ok()) return log.status();
  if (absl::Status open = (*log)->WaitOpen(); !open.ok()) return open;
  const std::string how = service.args().empty() ? "once" : service.args()[0];
  const std::string text(100, 'x');
  uint32_t sent = 0;
  absl::Status status;
  while (status.ok() && (how == "on" || sent < 1024)) {
    Bytes note(text);
    status = how == "on" ? (*log)->Send(kNote, note).Wait() : (*log)->TrySend(kNote, note);
    sent += status.ok() ? 1 : 0;
    if (how == "on" && sent == 1) std::fputs("it goes on\n", stderr);
  }
  std::fprintf(stderr, "sent %u\n", sent);
  if (how == "hang") return service.Run();
  return how == "on" ? status : absl::OkStatus();
}

absl::Status LogService(Service& service) {
  absl::StatusOr<std::unique_ptr<Port>> port = service.Serve();
  if (!port.ok()) return port.status();
  uint32_t notes = 0;
  const bool stops = !service.args().empty() && service.args()[0] == "stops";
  (*port)->Handle(kNote, [&notes, stops](ServerCall&) {
    if (++notes == 1 && stops) raise(SIGSTOP);
  });
  absl::Status status = service.Run();
  std::printf("handled %u\n", notes);
  return status;
}

absl::Status TalkerService(Service& service) {
  for (const std::string& arg : service.args()) {
    std::fprintf(stderr, "%s\n", arg.c_str());
    std::printf("%s\n", arg.c_str());
  }
  std::fputs("no newline", stderr);
  return absl::OkStatus();
}

absl::Status FlooderService(Service& service) {
  const std::string line = std::string(99, 'x') + "\n";
  for (int i = 0; i < 10'000; ++i) std::fputs(line.c_str(), stderr);
  std::fputs("the end\n", stderr);
  std::puts("written");
  std::fflush(stdout);
  return service.Run();
}

}  // namespace jackfield
