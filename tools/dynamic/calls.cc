#include "tools/dynamic/calls.h"

#include <memory>
#include <optional>
#include <utility>

#include "kernel/base/outcome.h"
#include "kernel/base/text.h"
#include "kernel/base/units.h"
#include "kernel/loop/task.h"
#include "services/stubs/message_of.h"

namespace jackfield::dynamic {
namespace {

constexpr nanoseconds kTimeout = 5s;

Bytes PayloadOf(const std::string& message) { return Bytes(std::string_view(message)); }

class Call {
 public:
  Call(Remote& remote, const Remote::Found& found, std::span<const std::string> messages,
       const DynamicOptions& options, const TakeJson& take)
      : remote_(remote),
        schema_(*found.schema),
        method_(*found.method),
        messages_(messages),
        options_(options),
        take_(take) {}

  CallEnd Run() {
    const int64_t began_ns = remote_.node().clock().NowNs();
    const bool streams = TakesItems(method_) || GivesItems(method_);
    end_.status = streams ? Stream() : method_.kind == Method::Kind::kOneWay ? OneWay() : Once();
    end_.took_ns = remote_.node().clock().NowNs() - began_ns;
    return std::move(end_);
  }

 private:
  CallOptions TermsOf(nanoseconds by_default) const {
    CallOptions terms;
    terms.timeout = options_.timeout != 0s ? options_.timeout : method_.timeout;
    if (terms.timeout == 0s) terms.timeout = by_default;
    return terms;
  }

  absl::Status Take(Message& message) {
    if (!message.Align(method_.alignment, MemoryOf(remote_.node())))
      return stubs_internal::NoMemoryToAlign(method_);
    absl::StatusOr<message::Schema::Json> json =
        schema_.ToJson(method_, Way::kReply, message.payload(), options_.layout);
    if (!json.ok()) return json.status();
    ++end_.messages;
    end_.is_utf8 &= json->is_utf8;
    return take_(json->text);
  }

  absl::Status Once() {
    absl::StatusOr<Message> reply =
        remote_.channel().Call(method_.type, PayloadOf(messages_[0]), TermsOf(kTimeout)).Wait();
    return reply.ok() ? Take(*reply) : reply.status();
  }

  absl::Status OneWay() {
    const CallOptions terms = TermsOf(kTimeout);
    Channel& channel = remote_.channel();
    if (absl::Status sent = channel.Send(method_.type, PayloadOf(messages_[0]), terms).Wait();
        !sent.ok())
      return sent;
    const Receipt receipt = channel.Close(terms.timeout);
    if (receipt.undelivered + receipt.in_doubt + receipt.delivered == 0) return absl::OkStatus();
    const bool left = receipt.undelivered == 0;
    return MakeStatus(left ? Outcome::kInDoubt : Outcome::kFailed, Reason::kDeadline,
                      Text(left ? "it was sent, and not handled" : "it was not sent", " within ",
                           FormatDurationNs(terms.timeout.count())));
  }

  absl::Status Stream() {
    const Bytes request = TakesItems(method_) ? Bytes() : PayloadOf(messages_[0]);
    absl::StatusOr<std::unique_ptr<ClientStream>> opened =
        remote_.channel().OpenStream(method_.type, request, TermsOf(0s));
    if (!opened.ok()) return opened.status();
    stream_ = *std::move(opened);
    Node& node = remote_.node();
    // Both at once: who only wrote would wait for a service that waits for its own reader.
    tasks_ = 1;
    node.Spawn(ReadAll(node));
    if (TakesItems(method_)) {
      ++tasks_;
      node.Spawn(WriteAll(node));
    }
    node.RunUntil([&] { return read_ || node.interrupted(); });
    absl::StatusOr<Message> answer = Message();
    if (read_)
      answer = stream_->Finish().Wait();
    else
      answer = Interrupted(node, true);
    stream_.reset();  // who still waits for it hears so
    node.RunUntil([&] { return tasks_ == 0; });
    if (!broken_.ok()) return broken_;
    if (!answer.ok()) return answer.status();
    return GivesItems(method_) ? absl::OkStatus() : Take(*answer);
  }

  // A service that ends the stream before it has taken all is no fault of the writer: the answer
  // tells.
  Task<void> WriteAll(Node&) {
    for (const std::string& message : messages_) {
      const absl::Status written = co_await stream_->Write(PayloadOf(message));
      if (!written.ok() || stream_ == nullptr) break;
    }
    if (stream_ != nullptr) stream_->EndWrites().IgnoreError();
    --tasks_;
  }

  Task<void> ReadAll(Node&) {
    while (std::optional<Message> item = co_await stream_->Read()) {
      if (stream_ == nullptr) break;
      broken_ = Take(*item);
      if (broken_.ok()) continue;
      stream_->Cancel();
      break;
    }
    read_ = true;
    --tasks_;
  }

  Remote& remote_;
  message::Schema& schema_;
  const Method& method_;
  const std::span<const std::string> messages_;
  const DynamicOptions& options_;
  const TakeJson& take_;
  CallEnd end_;
  std::unique_ptr<ClientStream> stream_;
  absl::Status broken_;
  bool read_ = false;
  int tasks_ = 0;  // that refer to this
};

}  // namespace

CallEnd CallMethod(Remote& remote, const Remote::Found& found,
                   std::span<const std::string> messages, const DynamicOptions& options,
                   const TakeJson& take) {
  return Call(remote, found, messages, options, take).Run();
}

bool TakesItems(const Method& method) {
  return method.kind == Method::Kind::kClientStream || method.kind == Method::Kind::kBothStreams;
}

bool GivesItems(const Method& method) {
  return method.kind == Method::Kind::kServerStream || method.kind == Method::Kind::kBothStreams;
}

}  // namespace jackfield::dynamic
