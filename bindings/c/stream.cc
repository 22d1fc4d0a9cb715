// Streams: what blocks, and their life.
#include "bindings/c/stream.h"

#include <utility>

namespace jackfield::c {

absl::Status WhyEnded(jf_stream& stream) {
  if (stream.client == nullptr) {
    if (!stream.request->call->cancelled()) return absl::OkStatus();
    return MakeStatus(Outcome::kFailed, Reason::kCancelled,
                      "the caller no longer waits: it cancelled the call, its deadline has passed, "
                      "or it is gone");
  }
  if (!stream.answer) {
    ClientStream::FinishAwaiter finish = stream.client->Finish();
    if (finish.done()) stream.answer = finish.await_resume();
  }
  return stream.answer ? stream.answer->status() : absl::OkStatus();
}

void EndStream(jf_stream& stream) {
  stream.Unlink();
  stream.kind.store(Kind::kNone);
  stream.client.reset();
  if (stream.request != nullptr) stream.request->stream = nullptr;
  stream.request = nullptr;
  stream.answer.reset();
  stream.reads = stream.writes = stream.finishes = false;
  stream.node = nullptr;
  Shells<jf_stream>::Give(stream);
}

absl::Status CheckUnblocked(const char* function, const jf_stream* stream) {
  if (stream == nullptr || stream->blocked == 0) return absl::OkStatus();
  return Misuse(function, "a read, a write or a finish of its stream waits, further up the stack");
}

absl::Status Idle(const char* function, bool under_way) {
  return under_way ? Misuse(function, "one is under way already, and its callback has not come")
                   : absl::OkStatus();
}

}  // namespace jackfield::c

using namespace jackfield;     // NOLINT: the functions of the ABI lie outside
using namespace jackfield::c;  // NOLINT

int jf_stream_open(jf_channel* channel, uint32_t type, const void* data, size_t bytes,
                   const jf_call_options* options, jf_stream** out) {
  constexpr const char* kFunction = "jf_stream_open";
  return Guarded(kFunction, channel, [=]() -> absl::Status {
    CallOptions known;
    bool no_wait = false;
    absl::Status status = FirstOf(CheckOut(kFunction, out), CheckBytes(kFunction, data, bytes),
                                  ReadCallOptions(kFunction, options, known, no_wait));
    if (!status.ok()) return status;
    absl::StatusOr<std::unique_ptr<ClientStream>> stream =
        channel->channel->OpenStream(type, BytesOf(data, bytes), known);
    if (!stream.ok()) return stream.status();
    jf_stream* handle = Shells<jf_stream>::Take();
    handle->node = channel->node;
    handle->client = *std::move(stream);
    channel->streams.PushBack(*handle);
    *out = handle;
    return absl::OkStatus();
  });
}

int jf_stream_read(jf_stream* stream, jf_message** item) {
  constexpr const char* kFunction = "jf_stream_read";
  return Guarded(kFunction, stream, [=]() -> absl::Status {
    absl::Status status = FirstOf(CheckOut(kFunction, item), Idle(kFunction, stream->reads));
    if (!status.ok()) return status;
    Node& node = NodeOf(*stream->node);
    if (!Readable(*stream) && node.in_turn()) return BlockedInHandler(node);
    const Blocking blocking(*stream);
    std::optional<Message> got = Read(*stream).Wait();
    if (!got && !Readable(*stream)) return Interrupted(node, true);
    if (!got) {
      status = WhyEnded(*stream);
      if (status.ok()) *item = nullptr;
      return status;
    }
    *item = NewMessage(*stream->node, *std::move(got));
    return absl::OkStatus();
  });
}

int jf_stream_write(jf_stream* stream, const void* data, size_t bytes, int wait) {
  constexpr const char* kFunction = "jf_stream_write";
  return Guarded(kFunction, stream, [=]() -> absl::Status {
    absl::Status status =
        FirstOf(CheckBytes(kFunction, data, bytes), Idle(kFunction, stream->writes));
    if (!status.ok()) return status;
    const Blocking blocking(*stream);
    if (wait != 0) return Write(*stream, BytesOf(data, bytes)).Wait();
    Bytes payload = BytesOf(data, bytes);
    return stream->client != nullptr ? stream->client->TryWrite(payload)
                                     : stream->request->call->stream()->TryWrite(payload);
  });
}

int jf_stream_end(jf_stream* stream) {
  return Guarded("jf_stream_end", stream, [stream] {
    return stream->client != nullptr ? stream->client->EndWrites()
                                     : stream->request->call->stream()->EndWrites();
  });
}

int jf_stream_finish(jf_stream* stream, jf_message** reply) {
  constexpr const char* kFunction = "jf_stream_finish";
  return Guarded(kFunction, stream, [=]() -> absl::Status {
    absl::Status status = FirstOf(CheckOut(kFunction, reply), CheckFinish(kFunction, *stream));
    if (!status.ok()) return status;
    const Blocking blocking(*stream);
    if (!stream->answer) {
      absl::StatusOr<Message> got = stream->client->Finish().Wait();
      if (!got.ok()) return got.status();  // perhaps it only did not wait: it may be asked again
      stream->answer = std::move(got);
    }
    if (!stream->answer->ok()) return stream->answer->status();
    *reply = NewMessage(*stream->node, std::move(**stream->answer));
    stream->answer = Finished();
    return absl::OkStatus();
  });
}

int jf_stream_close(jf_stream* stream) {
  if (stream == nullptr) return JF_OK;
  return Guarded("jf_stream_close", stream, [stream]() -> absl::Status {
    if (stream->client == nullptr)
      return Misuse("jf_stream_close", "the stream is its request's, and ends with the answer");
    if (absl::Status free = CheckUnblocked("jf_stream_close", stream); !free.ok()) return free;
    EndStream(*stream);
    return absl::OkStatus();
  });
}
