#include "services/semaphore/hold.h"

#include <optional>

namespace jackfield::semaphore {
namespace {

auto Wanting(std::string_view name, const HoldTerms& terms) {
  return [name, &terms](flatbuffers::FlatBufferBuilder& fbb) {
    return CreateWish(fbb, fbb.CreateString(name.data(), name.size()), terms.permits, terms.size,
                      terms.wait_ms);
  };
}

CallOptions OptionsOf(const HoldTerms& terms) {
  CallOptions options;
  options.timeout = std::chrono::microseconds(terms.hold_us);
  return options;
}

int64_t UntilNs(const Channel& channel, const HoldTerms& terms) {
  const nanoseconds hold = terms.hold_us != 0 ? std::chrono::microseconds(terms.hold_us)
                                              : SemaphoresMethods::kHold.timeout;
  return channel.node().clock().NowNs() + hold.count();
}

absl::Status NotHeld(absl::Status ended) {
  return ended.ok() ? absl::InternalError("the stream ended without a hold") : ended;
}

}  // namespace

absl::StatusOr<Hold> Hold::Take(Channel& channel, std::string_view name, const HoldTerms& terms) {
  const int64_t until_ns = UntilNs(channel, terms);
  absl::StatusOr<Stream> stream = SemaphoresClient(channel).Hold(OptionsOf(terms));
  if (!stream.ok()) return stream.status();
  absl::Status asked = stream->Write(Wanting(name, terms)).Wait();
  if (asked.ok()) {
    if (const std::optional<MessageOf<Held>> held = stream->Read().Wait())
      return Hold(channel, *std::move(stream), **held, until_ns);
  }
  return NotHeld(stream->Finish().Wait());
}

Task<absl::StatusOr<Hold>> Hold::TakeTask(Channel& channel, std::string_view name,
                                          HoldTerms terms) {
  const int64_t until_ns = UntilNs(channel, terms);
  absl::StatusOr<Stream> stream = SemaphoresClient(channel).Hold(OptionsOf(terms));
  if (!stream.ok()) co_return stream.status();
  absl::Status asked = co_await stream->Write(Wanting(name, terms));
  if (asked.ok()) {
    if (const std::optional<MessageOf<Held>> held = co_await stream->Read())
      co_return Hold(channel, *std::move(stream), **held, until_ns);
  }
  co_return NotHeld(co_await stream->Finish());
}

absl::Status Hold::GiveBack() {
  if (absl::Status ended = stream_.EndWrites(); !ended.ok()) return ended;
  return stream_.Finish().Wait();
}

Task<absl::Status> Hold::GiveBackTask() {
  if (absl::Status ended = stream_.EndWrites(); !ended.ok()) co_return ended;
  co_return co_await stream_.Finish();
}

}  // namespace jackfield::semaphore
