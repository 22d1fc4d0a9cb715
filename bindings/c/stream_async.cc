// Streams by callbacks: a coroutine for each read and write that waits. Whatever becomes of it, its
// callback is called once.
#include <string>
#include <utility>

#include "bindings/c/stream.h"
#include "jackfield/task.h"

namespace jackfield::c {
namespace {

// Whom to tell, once; if nobody has been told in the end, that it was cancelled.
class Told {
 public:
  Told(jf_node& node, jf_answer_fn fn, void* user) : node_(&node), fn_(fn), user_(user) {}
  Told(Told&& other) noexcept
      : node_(other.node_), fn_(std::exchange(other.fn_, nullptr)), user_(other.user_) {}
  ~Told() {
    if (fn_ == nullptr) return;
    Status(MakeStatus(Outcome::kInDoubt, Reason::kCancelled,
                      "the stream was closed before this had come to an end"));
  }
  void Answer(absl::StatusOr<Message> got) {
    Tell(*node_, std::exchange(fn_, nullptr), user_, std::move(got));
  }
  void Status(const absl::Status& status) {  // JF_OK: without a message
    const int code = Say(status);
    std::exchange(fn_, nullptr)(user_, code, nullptr);
  }

 private:
  jf_node* node_;
  jf_answer_fn fn_;
  void* user_;
};

// A stream that may have been closed meanwhile.
class Live {
 public:
  explicit Live(jf_stream& stream) : stream_(&stream), life_(stream.life) {}
  jf_stream* get() const {
    return stream_->life == life_ && stream_->kind.load() == Kind::kStream ? stream_ : nullptr;
  }

 private:
  jf_stream* stream_;
  uint32_t life_;
};

Task<void> ReadThenTell(Node& node, Live live, Told told) {
  static_cast<void>(node);  // its memory holds this
  jf_stream* stream = live.get();
  if (stream == nullptr) co_return;
  std::optional<Message> item = co_await Read(*stream);
  stream = live.get();
  if (stream == nullptr) co_return;
  stream->reads = false;
  if (item)
    told.Answer(*std::move(item));
  else
    told.Status(WhyEnded(*stream));
}

Task<void> WriteThenTell(Node& node, Live live, std::string bytes, Told told) {
  static_cast<void>(node);
  jf_stream* stream = live.get();
  if (stream == nullptr) co_return;
  absl::Status status = co_await Write(*stream, Bytes(bytes));
  stream = live.get();
  if (stream != nullptr) stream->writes = false;
  told.Status(status);
}

Task<void> FinishThenTell(Node& node, Live live, Told told) {
  static_cast<void>(node);
  jf_stream* stream = live.get();
  if (stream == nullptr) co_return;
  absl::StatusOr<Message> got = absl::UnknownError("");
  if (stream->answer)
    got = *std::exchange(stream->answer, std::nullopt);
  else
    got = co_await stream->client->Finish();
  stream = live.get();
  if (stream != nullptr) {
    stream->finishes = false;
    stream->answer = got.ok() ? Finished() : got.status();
  }
  told.Answer(std::move(got));
}

}  // namespace
}  // namespace jackfield::c

using namespace jackfield;     // NOLINT: the functions of the ABI lie outside
using namespace jackfield::c;  // NOLINT

int jf_stream_read_async(jf_stream* stream, jf_answer_fn fn, void* user) {
  constexpr const char* kFunction = "jf_stream_read_async";
  return Guarded(kFunction, stream, [=]() -> absl::Status {
    absl::Status status = FirstOf(CheckFunction(kFunction, fn), Idle(kFunction, stream->reads));
    if (!status.ok()) return status;
    Node& node = NodeOf(*stream->node);
    node.Spawn(ReadThenTell(node, Live(*stream), Told(*stream->node, fn, user)));
    stream->reads = true;
    return absl::OkStatus();
  });
}

int jf_stream_write_async(jf_stream* stream, const void* data, size_t bytes, jf_answer_fn fn,
                          void* user) {
  constexpr const char* kFunction = "jf_stream_write_async";
  return Guarded(kFunction, stream, [=]() -> absl::Status {
    absl::Status status = FirstOf(CheckFunction(kFunction, fn), CheckBytes(kFunction, data, bytes),
                                  Idle(kFunction, stream->writes));
    if (!status.ok()) return status;
    Node& node = NodeOf(*stream->node);
    node.Spawn(WriteThenTell(node, Live(*stream),
                             std::string(static_cast<const char*>(data), bytes),
                             Told(*stream->node, fn, user)));
    stream->writes = true;
    return absl::OkStatus();
  });
}

int jf_stream_finish_async(jf_stream* stream, jf_answer_fn fn, void* user) {
  constexpr const char* kFunction = "jf_stream_finish_async";
  return Guarded(kFunction, stream, [=]() -> absl::Status {
    absl::Status status = FirstOf(CheckFunction(kFunction, fn), CheckFinish(kFunction, *stream));
    if (!status.ok()) return status;
    Node& node = NodeOf(*stream->node);
    node.Spawn(FinishThenTell(node, Live(*stream), Told(*stream->node, fn, user)));
    stream->finishes = true;
    return absl::OkStatus();
  });
}
