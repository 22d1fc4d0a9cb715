#include "tests/sim/operations.h"

#include <cstring>
#include <optional>
#include <utility>
#include <vector>

#include "kernel/base/text.h"

namespace jackfield::sim_test {
namespace {

// At the beginning of every payload; filling may follow.
struct Words {
  uint64_t id = 0;
  uint64_t key = 0;     // one-way: of the sender
  uint64_t number = 0;  // one-way: among the sender's; streams: how many items
  uint64_t hops = 0;    // nested
};

std::vector<std::byte> Pack(const Words& words, size_t filling = 0) {
  std::vector<std::byte> bytes(sizeof words + filling, std::byte{0x5a});
  std::memcpy(bytes.data(), &words, sizeof words);
  return bytes;
}

Words Unpack(std::span<const std::byte> payload) {
  Words words;
  if (payload.size() >= sizeof words)
    std::memcpy(&words, payload.data(), sizeof words);
  else
    words.id = UINT64_MAX;
  return words;
}

size_t Filling(Random& random) {
  const uint64_t luck = random.Below(100);
  if (luck < 80) return random.Below(64);
  if (luck < 97) return random.Below(6'000);
  return random.Below(80'000);
}

CallOptions Options(Program& program, int64_t timeout_us) {
  CallOptions options;
  options.timeout = std::chrono::microseconds(timeout_us);
  if (program.random().Chance(0.2))
    options.priority = static_cast<uint8_t>(program.random().Below(kPriorityLevels));
  if (program.random().Chance(0.1)) options.detached = true;
  return options;
}

uint32_t TypeOf(Style style) { return 100 + static_cast<uint32_t>(style); }

// ---- Handlers.

void NoteAnswer(Record& record, const absl::Status& answered, bool ok) {
  // An answer that could not be given counts as given: it may have been on its way.
  (void)answered;
  ++(ok ? record.answers_ok : record.answers_failed);
}

void Echo(Program& program, ServerCall& call) {
  Record* record = program.scene().journal.Ran(Unpack(call.payload()).id);
  if (record == nullptr) return;
  if (program.random().Chance(0.1)) {
    NoteAnswer(*record, call.Fail(absl::NotFoundError("no such thing")), false);
  } else {
    NoteAnswer(*record, call.Reply(Bytes(call.payload())), true);
  }
}

// Answers a held call some time later, unless the program is gone by then.
Task<void> AnswerLater(Program& program, ServerCall* call, Record* record, int64_t ns) {
  const uint64_t ports_before = program.ports_opened();
  co_await program.node().Sleep(nanoseconds(ns));
  if (program.gone() || program.ports_opened() != ports_before) co_return;
  const Words words{.id = record->id};
  NoteAnswer(*record, call->Reply(Bytes(Pack(words))), true);
}

Task<absl::Status> Slow(Program& program, ServerCall& call) {
  Record* record = program.scene().journal.Ran(Unpack(call.payload()).id);
  if (record == nullptr) co_return absl::InternalError("?");
  co_await program.node().Sleep(nanoseconds(program.random().Between(0, 300'000)));
  const int way = static_cast<int>(program.random().Below(3));
  if (way == 0) {
    NoteAnswer(*record, absl::OkStatus(), false);
    co_return absl::AbortedError("not today");
  }
  NoteAnswer(*record, call.Reply(Bytes(call.payload())), true);
  if (way == 1)
    co_await program.node().Sleep(
        nanoseconds(program.random().Between(0, 100'000)));  // it works on after its answer
  co_return absl::OkStatus();
}

Task<absl::Status> Nested(Program& program, ServerCall& call) {
  const Words words = Unpack(call.payload());
  Record* record = program.scene().journal.Ran(words.id);
  if (record == nullptr) co_return absl::InternalError("?");
  if (words.hops > 0) {
    if (Channel* channel = program.ChannelTo(program.AnyPlace())) {
      const int64_t timeout_us = program.TimeoutUs();
      Record& inner =
          program.scene().journal.Begin(Style::kNested, program.scene().world.now_ns(), 0);
      Tracked tracked(program.scene().journal, inner);
      const std::vector<std::byte> bytes = Pack({.id = inner.id, .hops = words.hops - 1});
      CallOptions options;
      options.timeout = std::chrono::microseconds(timeout_us);
      absl::StatusOr<Message> reply =
          co_await channel->Call(TypeOf(Style::kNested), Bytes(bytes), options);
      tracked.End(reply.status(), program.scene().world.now_ns());
      if (program.gone()) co_return absl::OkStatus();
    }
  }
  NoteAnswer(*record, call.Reply(Bytes(call.payload())), true);
  co_return absl::OkStatus();
}

Task<absl::Status> StreamDown(Program& program, ServerCall& call) {
  const Words words = Unpack(call.payload());
  Record* record = program.scene().journal.Ran(words.id);
  if (record == nullptr || call.stream() == nullptr) co_return absl::InternalError("?");
  for (uint64_t i = 0; i < words.number; ++i) {
    const std::vector<std::byte> item =
        Pack({.id = words.id, .number = i}, Filling(program.random()));
    if (absl::Status status = co_await call.stream()->Write(Bytes(item)); !status.ok()) {
      NoteAnswer(*record, status, false);
      co_return status;
    }
    if (program.random().Chance(0.2))
      co_await program.node().Sleep(nanoseconds(program.random().Between(0, 50'000)));
  }
  NoteAnswer(*record, call.Reply(Bytes(Pack(words))), true);
  co_return absl::OkStatus();
}

Task<absl::Status> StreamUp(Program& program, ServerCall& call) {
  Words words = Unpack(call.payload());
  Record* record = program.scene().journal.Ran(words.id);
  if (record == nullptr || call.stream() == nullptr) co_return absl::InternalError("?");
  uint64_t count = 0;
  while (std::optional<Message> item = co_await call.stream()->Read()) {
    const Words got = Unpack(item->payload());
    if (got.id != words.id || got.number != count)
      program.scene().journal.Violate(*record,
                                      Text("item ", got.number, " where ", count, " belongs"));
    ++count;
    if (program.random().Chance(0.2))
      co_await program.node().Sleep(nanoseconds(program.random().Between(0, 50'000)));
  }
  if (call.cancelled()) {
    NoteAnswer(*record, absl::OkStatus(), false);
    co_return absl::CancelledError("the caller has gone");
  }
  words.number = count;
  NoteAnswer(*record, call.Reply(Bytes(Pack(words))), true);
  co_return absl::OkStatus();
}

// ---- Clients.

Task<void> OneCall(Program& program, Channel& channel, Style style) {
  Journal& journal = program.scene().journal;
  SimWorld& world = program.scene().world;
  const int64_t timeout_us = program.TimeoutUs();
  Record& record = journal.Begin(style, program.NowNs(), timeout_us * 1000);
  Tracked tracked(journal, record);
  const std::vector<std::byte> bytes =
      Pack({.id = record.id, .hops = program.random().Below(4)}, Filling(program.random()));
  const CallOptions options = Options(program, timeout_us);
  absl::StatusOr<Message> reply = co_await channel.Call(TypeOf(style), Bytes(bytes), options);
  tracked.End(reply.status(), world.now_ns());
  if (reply.ok() && Unpack(reply->payload()).id != record.id)
    journal.Violate(record, "got the answer to another call");
}

void AsyncCall(Program& program, Channel& channel, Style style) {
  Journal& journal = program.scene().journal;
  SimWorld& world = program.scene().world;
  const int64_t timeout_us = program.TimeoutUs();
  Record& record = journal.Begin(style, program.NowNs(), timeout_us * 1000);
  const std::vector<std::byte> bytes =
      Pack({.id = record.id, .hops = 1}, Filling(program.random()));
  const absl::Status status =
      channel.CallAsync(TypeOf(style), Bytes(bytes), Options(program, timeout_us),
                        [&journal, &record, &world](Answer& reply) {
                          journal.End(record, reply.status(), world.now_ns());
                        });
  if (!status.ok()) journal.End(record, status, world.now_ns());
}

Task<void> FutureCall(Program& program, Channel& channel) {
  Journal& journal = program.scene().journal;
  SimWorld& world = program.scene().world;
  const int64_t timeout_us = program.TimeoutUs();
  Record& record = journal.Begin(Style::kSlow, program.NowNs(), timeout_us * 1000);
  Tracked tracked(journal, record);
  const std::vector<std::byte> bytes = Pack({.id = record.id}, Filling(program.random()));
  Future<Message> future =
      channel.CallFuture(TypeOf(Style::kSlow), Bytes(bytes), Options(program, timeout_us));
  if (program.random().Chance(0.5))
    co_await program.node().Sleep(nanoseconds(program.random().Between(0, 100'000)));
  absl::StatusOr<Message> reply = co_await future;
  tracked.End(reply.status(), world.now_ns());
}

Task<void> OneWay(Program& program, Channel& channel, uint64_t key, uint64_t number) {
  Journal& journal = program.scene().journal;
  SimWorld& world = program.scene().world;
  const int64_t timeout_us = program.TimeoutUs();
  Record& record = journal.Begin(Style::kOneWay, program.NowNs(), timeout_us * 1000);
  Tracked tracked(journal, record);
  const std::vector<std::byte> bytes =
      Pack({.id = record.id, .key = key, .number = number}, Filling(program.random()));
  CallOptions options;
  options.timeout = std::chrono::microseconds(timeout_us);
  options.detached = true;  // keeps its priority, and so its place
  if (program.random().Chance(0.3)) {
    Bytes payload(bytes);
    tracked.End(channel.TrySend(TypeOf(Style::kOneWay), payload, options), world.now_ns());
    co_return;
  }
  const absl::Status status = co_await channel.Send(TypeOf(Style::kOneWay), Bytes(bytes), options);
  tracked.End(status, world.now_ns());
}

Task<void> ReadDown(Program& program, Channel& channel) {
  Journal& journal = program.scene().journal;
  SimWorld& world = program.scene().world;
  const int64_t timeout_us = program.TimeoutUs();
  Record& record = journal.Begin(Style::kStreamDown, program.NowNs(), timeout_us * 1000);
  Tracked tracked(journal, record);
  const uint64_t items = program.random().Below(20);
  const std::vector<std::byte> bytes = Pack({.id = record.id, .number = items});
  auto stream =
      channel.OpenStream(TypeOf(Style::kStreamDown), Bytes(bytes), Options(program, timeout_us));
  if (!stream.ok()) co_return tracked.End(stream.status(), world.now_ns());
  const uint64_t give_up_after =
      program.random().Chance(0.2) ? program.random().Below(5) : UINT64_MAX;
  uint64_t count = 0;
  bool gave_up = false;
  while (std::optional<Message> item = co_await (*stream)->Read()) {
    const Words got = Unpack(item->payload());
    if (got.id != record.id || got.number != count)
      journal.Violate(record, Text("item ", got.number, " where ", count, " belongs"));
    if (++count > give_up_after) {
      record.by_us = true;
      if (program.random().Chance(0.5)) co_return;  // the stream is destroyed, the call abandoned
      gave_up = true;
      (*stream)->Cancel();
      break;
    }
  }
  absl::StatusOr<Message> reply = co_await (*stream)->Finish();
  tracked.End(reply.status(), world.now_ns());
  if (reply.ok() && !gave_up && count != items)
    journal.Violate(record, Text(count, " items came of ", items));
}

Task<void> WriteUp(Program& program, Channel& channel) {
  Journal& journal = program.scene().journal;
  SimWorld& world = program.scene().world;
  const int64_t timeout_us = program.TimeoutUs();
  Record& record = journal.Begin(Style::kStreamUp, program.NowNs(), timeout_us * 1000);
  Tracked tracked(journal, record);
  const std::vector<std::byte> bytes = Pack({.id = record.id});
  auto stream =
      channel.OpenStream(TypeOf(Style::kStreamUp), Bytes(bytes), Options(program, timeout_us));
  if (!stream.ok()) co_return tracked.End(stream.status(), world.now_ns());
  const uint64_t items = program.random().Below(20);
  uint64_t written = 0;
  for (; written < items; ++written) {
    const std::vector<std::byte> item =
        Pack({.id = record.id, .number = written}, Filling(program.random()));
    if (absl::Status status = co_await (*stream)->Write(Bytes(item)); !status.ok()) {
      record.by_us = true;
      if (program.random().Chance(0.3)) co_return;
      break;
    }
  }
  (*stream)->EndWrites().IgnoreError();  // the answer tells
  absl::StatusOr<Message> reply = co_await (*stream)->Finish();
  tracked.End(reply.status(), world.now_ns());
  if (reply.ok() && Unpack(reply->payload()).number != written) {
    journal.Violate(record, Text(Unpack(reply->payload()).number, " items came of ", written));
  }
}

// A client that has not ended, even if its node dies under it.
class Running {
 public:
  explicit Running(Scene& scene) : scene_(scene) {}
  ~Running() { --scene_.clients_running; }

 private:
  Scene& scene_;
};

}  // namespace

void HandleAll(Program& program, Port& port) {
  Program* self = &program;
  port.Handle(TypeOf(Style::kEcho), [self](ServerCall& call) { Echo(*self, call); });
  port.Handle(TypeOf(Style::kHeld), [self](ServerCall& call) {
    Record* record = self->scene().journal.Ran(Unpack(call.payload()).id);
    if (record == nullptr) return;
    call.Hold();
    self->node().Spawn(AnswerLater(*self, &call, record, self->random().Between(0, 200'000)));
  });
  port.HandleTask(TypeOf(Style::kSlow), [self](ServerCall& call) { return Slow(*self, call); });
  port.HandleTask(TypeOf(Style::kNested), [self](ServerCall& call) { return Nested(*self, call); });
  port.HandleTask(TypeOf(Style::kStreamDown),
                  [self](ServerCall& call) { return StreamDown(*self, call); });
  port.HandleTask(TypeOf(Style::kStreamUp),
                  [self](ServerCall& call) { return StreamUp(*self, call); });
  port.Handle(TypeOf(Style::kOneWay), [self](ServerCall& call) {
    const Words words = Unpack(call.payload());
    if (self->scene().journal.Ran(words.id) != nullptr)
      self->scene().journal.CheckOrder(words.key, words.number);
  });
}

Task<void> RunClient(Program& program, int operations) {
  Scene& scene = program.scene();
  const Running running(scene);
  uint64_t one_ways = 0;
  for (int i = 0; i < operations && !program.gone(); ++i) {
    Channel* channel = program.ChannelTo(program.AnyPlace());
    if (channel == nullptr) {
      co_await program.node().Sleep(1ms);
      continue;
    }
    if (program.may_close() &&
        program.random().Chance(0.02)) {  // what has not left by then never does
      AsyncCall(program, *channel, Style::kEcho);
      program.CloseThis(*channel);
      continue;
    }
    switch (program.random().Below(12)) {
      case 0:
        co_await OneCall(program, *channel, Style::kHeld);
        break;
      case 1:
        co_await OneCall(program, *channel, Style::kSlow);
        break;
      case 2:
        co_await OneCall(program, *channel, Style::kNested);
        break;
      case 3:
        AsyncCall(program, *channel, Style::kEcho);
        break;
      case 4:
        AsyncCall(program, *channel, Style::kNested);
        break;
      case 5:
        co_await FutureCall(program, *channel);
        break;
      case 6: {
        const uint64_t key = scene.next_key++;
        for (int k = 0; k < 6 && !program.gone(); ++k)
          co_await OneWay(program, *channel, key, ++one_ways);
        break;
      }
      case 7:
      case 8:
        co_await ReadDown(program, *channel);
        break;
      case 9:
        co_await WriteUp(program, *channel);
        break;
      case 10: {  // its caller goes away
        Task<void> call = OneCall(program, *channel, Style::kSlow);
        call.Start(nullptr, nullptr);
        co_await program.node().Sleep(nanoseconds(program.random().Between(0, 200'000)));
        break;
      }
      default:
        co_await OneCall(program, *channel, Style::kEcho);
    }
    if (!program.gone() && program.random().Chance(0.5))
      co_await program.node().Sleep(nanoseconds(program.random().Between(0, 200'000)));
  }
}

}  // namespace jackfield::sim_test
