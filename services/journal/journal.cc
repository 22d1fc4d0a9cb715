#include "services/journal/journal.h"

#include <chrono>
#include <coroutine>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "kernel/base/text.h"
#include "services/journal/upkeep.h"

namespace jackfield::journal {
namespace {

using flatbuffers::FlatBufferBuilder;

constexpr uint32_t kPayloadAlignment = 8;

int64_t WallClockUs() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::microseconds>(now).count();
}

flatbuffers::Offset<Entry> BuildEntry(FlatBufferBuilder& fbb, const Record& record,
                                      uint64_t missed) {
  fbb.ForceVectorAlignment(record.payload.size(), 1, kPayloadAlignment);
  const auto payload = fbb.CreateVector(reinterpret_cast<const uint8_t*>(record.payload.data()),
                                        record.payload.size());
  return CreateEntry(fbb, record.sequence, record.time_us, payload, missed);
}

absl::Status ReplyDone(const auto& call) {
  return call.Reply([](FlatBufferBuilder& fbb) { return CreateDone(fbb); });
}

}  // namespace

// A reader: it counts among them, and waits at the end of the log until more is appended.
class JournalServer::Follower : public ListNode<FollowerTag> {
 public:
  Follower(JournalServer& server, ServerCall& call) : server_(server), call_(call) {
    ++server_.readers_;
    server_.followers_.PushBack(*this);
    call.OnCancel([this] { Wake(); });
  }
  ~Follower() { --server_.readers_; }
  void Wake() { waiting_.Resume(call_.node()); }

  // co_await it: until there is more, or the call is cancelled.
  bool await_ready() const { return call_.cancelled(); }
  void await_suspend(std::coroutine_handle<> waiting) { waiting_.Suspend(call_.node(), waiting); }
  void await_resume() const {}

 private:
  JournalServer& server_;
  ServerCall& call_;
  Suspended waiting_;
};

absl::StatusOr<std::unique_ptr<JournalServer>> JournalServer::Open(const std::string& directory,
                                                                   const LogOptions& options) {
  absl::StatusOr<std::unique_ptr<Log>> log = Log::Open(directory, options);
  if (!log.ok()) return log.status();
  absl::StatusOr<journal::Cursors> cursors =
      journal::Cursors::Open(directory + "/cursors", (*log)->last(), options.sync_each);
  if (!cursors.ok()) return cursors.status();
  return std::unique_ptr<JournalServer>(
      new JournalServer(*std::move(log), *std::move(cursors), options.bytes_max));
}

PortOptions JournalServer::OptionsForPort() {
  PortOptions options;
  options.handlers_max = kReadersMax + 1024;
  return options;
}

Handling JournalServer::Append(CallOf<AppendRequest, Appended> call) {
  std::span<const std::byte> payload;
  if (const auto* bytes = call->payload())
    payload = std::as_bytes(std::span(bytes->data(), bytes->size()));
  if (payload.size() > kPayloadBytesMax) {
    return absl::InvalidArgumentError(
        Text("a record of ", payload.size(), " bytes; ", kPayloadBytesMax, " are the limit"));
  }
  const absl::StatusOr<uint64_t> sequence = log_->Append(payload, WallClockUs());
  if (!sequence.ok()) return sequence.status();
  for (Follower* reader = followers_.front(); reader != nullptr; reader = followers_.next(reader))
    reader->Wake();
  return call.Reply([&](FlatBufferBuilder& fbb) { return CreateAppended(fbb, *sequence); });
}

absl::Status JournalServer::CheckNumber(uint64_t sequence, std::string_view of) const {
  if (sequence <= log_->last()) return absl::OkStatus();
  return absl::OutOfRangeError(
      Text(of, " ", sequence, " is not there yet: the last one is ", log_->last()));
}

absl::StatusOr<uint64_t> JournalServer::BeginOf(const ReadRequest& request) const {
  const auto* cursor = request.cursor();
  if (cursor == nullptr || cursor->size() == 0) {
    // One behind the last is where the next one will be.
    if (request.from() == 0) return log_->first();
    absl::Status status = CheckNumber(request.from() - 1, "the record before");
    if (!status.ok()) return status;
    return request.from();
  }
  const std::optional<uint64_t> done = cursors_.Find(cursor->string_view());
  if (done.has_value()) return *done + 1;
  std::vector<std::string_view> names;
  for (const auto& [name, number] : cursors_.all()) names.push_back(name);
  const std::string_view nearest = Nearest(cursor->string_view(), names);
  return absl::NotFoundError(Text("there is no cursor \"", Escaped(cursor->string_view()), "\"",
                                  nearest.empty() ? "  try: SetCursor, which makes it"
                                                  : Text("; did you mean \"", nearest, "\"?")));
}

Handling JournalServer::Read(ServerStreamOf<ReadRequest, Entry> call) {
  const absl::StatusOr<uint64_t> begin = BeginOf(call.request());
  if (!begin.ok()) co_return begin.status();
  if (readers_ == kReadersMax) {
    co_return absl::ResourceExhaustedError(
        Text("there are ", kReadersMax, " readers, which is the limit"));
  }
  const bool follows = call->follow();
  Follower follower(*this, call.call());
  Log::Reader reader(*log_, *begin);
  while (!call.cancelled()) {
    const uint64_t expected = reader.next();
    const absl::StatusOr<std::optional<Record>> record = reader.Next();
    if (!record.ok()) co_return record.status();
    if (record->has_value()) {
      const uint64_t missed = (*record)->sequence - expected;
      absl::Status written = co_await call.Write(
          [&](FlatBufferBuilder& fbb) { return BuildEntry(fbb, **record, missed); });
      if (!written.ok()) co_return written;
    } else if (follows) {
      co_await follower;
    } else {
      break;
    }
  }
  co_return absl::OkStatus();
}

Handling JournalServer::SetCursor(CallOf<Cursor, Done> call) {
  if (absl::Status status = CheckNumber(call->done(), "record"); !status.ok()) return status;
  absl::Status status = cursors_.Set(call->name()->string_view(), call->done());
  return status.ok() ? ReplyDone(call) : status;
}

Handling JournalServer::Cursors(ServerStreamOf<CursorsRequest, CursorState> call) {
  const auto all = cursors_.all();  // a copy: they may change while the caller takes its time
  const uint64_t last = log_->last();
  for (const auto& [name, done] : all) {
    absl::Status written = co_await call.Write([&](FlatBufferBuilder& fbb) {
      return CreateCursorState(fbb, fbb.CreateString(name), done, last - done);
    });
    if (!written.ok()) co_return written;
  }
  co_return absl::OkStatus();
}

Handling JournalServer::Forget(CallOf<ForgetRequest, Done> call) {
  absl::Status status = cursors_.Forget(call->name()->string_view());
  return status.ok() ? ReplyDone(call) : status;
}

Handling JournalServer::GetState(CallOf<StateRequest, State> call) {
  return call.Reply([this](FlatBufferBuilder& fbb) {
    return CreateState(fbb, log_->first(), log_->last(), log_->bytes(), bytes_max_, readers_);
  });
}

absl::Status RunJournal(Service& service) {
  const absl::StatusOr<std::optional<LogArguments>> arguments = ReadLogArguments(service.args());
  if (!arguments.ok()) return arguments.status();
  if (!arguments->has_value()) {
    return absl::InvalidArgumentError(
        "a journal needs a directory  try: run = [\"journal\", \"--log\", \"DIRECTORY\"] in its "
        "wiring, or -- --log DIRECTORY by hand");
  }
  const absl::StatusOr<std::unique_ptr<JournalServer>> server =
      JournalServer::Open((*arguments)->directory, (*arguments)->options);
  if (!server.ok()) return server.status();
  const Upkeep upkeep(service.node(), (*server)->log(), (*arguments)->sync_every);
  absl::StatusOr<std::unique_ptr<Port>> port = service.Serve(JournalServer::OptionsForPort());
  if (!port.ok()) return port.status();
  (*server)->RegisterOn(**port);
  return service.Run();
}

}  // namespace jackfield::journal
