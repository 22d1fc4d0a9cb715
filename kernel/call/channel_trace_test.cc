// Calls of a trace bear it, hand it on to the calls made on their behalf, and leave a record at
// both ends; others bear nothing.
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "kernel/call/test/channel_world.h"
#include "kernel/trace.h"

namespace jackfield {
namespace {

using Side = Span::Side;

struct Notes final : Tracer {
  using Tracer::SetBegins;
  bool Begins() override { return ++asked % one_in == 0; }
  void OnSpan(const Span& span) override { spans.push_back(span); }
  int asked = 0, one_in = 1;
  std::vector<Span> spans;
};

class TraceTest : public ChannelWorld {
 protected:
  TraceTest() { node_->SetTracer(&notes_); }
  void Begin() {
    ChannelWorld::Begin();
    // Asks the service itself, which is the next one in the chain.
    port_->HandleTask(kRelay, [this](ServerCall& call) -> Task<absl::Status> {
      traceparent_ = call.trace() == nullptr ? "" : Traceparent(*call.trace());
      absl::StatusOr<Message> reply = co_await others_->Call(kEcho, Bytes(call.message().text()));
      if (!reply.ok()) co_return reply.status();
      co_return call.Reply(Bytes(reply->text()));
    });
    other_port_ = *Port::Open(*node_, {"wire:y"});
    other_port_->Handle(
        kEcho, [](ServerCall& call) { call.Reply(Bytes(call.message().text())).IgnoreError(); });
    others_ = *Channel::Open(*node_, "wire:y");
    Turns();
  }
  std::vector<Span> Of(uint32_t type, Side side) const {
    std::vector<Span> spans;
    for (const Span& span : notes_.spans) {
      if (span.type == type && span.side == side) spans.push_back(span);
    }
    return spans;
  }
  ~TraceTest() override {
    others_.reset(), other_port_.reset(), channel_.reset(), port_.reset(), node_.reset();
  }

  Notes notes_;
  std::string traceparent_;
  std::unique_ptr<Port> other_port_;
  std::unique_ptr<Channel> others_;
};

TEST_F(TraceTest, ATraceGoesFromCallToCallAndBothEndsRecordEach) {
  Begin();
  notes_.SetBegins(true);
  Result relay;
  ASSERT_TRUE(Start(kRelay, "hello", relay).ok());
  Turns();
  EXPECT_EQ(relay.value().value_or("?"), "hello");
  ASSERT_EQ(notes_.spans.size(), 4u);
  const Span outer = Of(kRelay, Side::kCaller).at(0),
             outer_there = Of(kRelay, Side::kService).at(0);
  const Span inner = Of(kEcho, Side::kCaller).at(0), inner_there = Of(kEcho, Side::kService).at(0);
  for (const Span& span : notes_.spans) {
    EXPECT_EQ(span.trace.trace_id, outer.trace.trace_id);
    EXPECT_EQ(span.code, 0);
    EXPECT_LE(span.begun_ns, span.handled_ns);
    EXPECT_LE(span.handled_ns, span.ended_ns);
    EXPECT_EQ(span.peer_epoch, node_->epoch());
  }
  EXPECT_EQ(outer.trace.parent_id, 0u);
  EXPECT_EQ(outer.trace.span_id, outer_there.trace.span_id);
  EXPECT_EQ(inner.trace.parent_id, outer.trace.span_id);
  EXPECT_EQ(inner.trace.span_id, inner_there.trace.span_id);
  EXPECT_NE(inner.trace.span_id, outer.trace.span_id);
  EXPECT_EQ(traceparent_, Traceparent(outer.trace));
}

TEST_F(TraceTest, OffNothingIsBorneAndNothingRecorded) {
  Begin();
  Result relay;
  ASSERT_TRUE(Start(kRelay, "hello", relay).ok());
  Turns();
  EXPECT_TRUE(relay.value().ok());
  EXPECT_EQ(traceparent_, "");
  EXPECT_EQ(notes_.asked, 0);
  EXPECT_TRUE(notes_.spans.empty());
}

TEST_F(TraceTest, OnlyCallsThatAreInNoneAskWhetherToBeginOne) {
  Begin();
  notes_.SetBegins(true);
  notes_.one_in = 4;
  for (int i = 0; i < 8; ++i) {
    results_.emplace_back();
    ASSERT_TRUE(Start(kEcho, "x", results_.back()).ok());
    Turns();
  }
  EXPECT_EQ(notes_.asked, 8);
  EXPECT_EQ(Of(kEcho, Side::kCaller).size(), 2u);
  EXPECT_EQ(Of(kEcho, Side::kService).size(), 2u);
}

TEST_F(TraceTest, ANodeWithoutATracerHandsItOn) {
  Begin();
  notes_.SetBegins(true);
  Result relay;
  ASSERT_TRUE(Start(kRelay, "hello", relay).ok());
  node_->SetTracer(nullptr);
  Turns();
  EXPECT_TRUE(relay.value().ok());
  EXPECT_NE(traceparent_, "");
  EXPECT_TRUE(notes_.spans.empty());
}

TEST_F(TraceTest, ACallThatFailsOrIsGivenUpIsRecordedWithItsCode) {
  Begin();
  notes_.SetBegins(true);
  Result late;
  ASSERT_TRUE(Start(kLeave, "x", late, {.timeout = 50ms}).ok());
  Turns();
  Pass(100'000'000);
  ASSERT_TRUE(late.has_value());
  ASSERT_EQ(Of(kLeave, Side::kCaller).size(), 1u);
  EXPECT_EQ(Of(kLeave, Side::kCaller)[0].code,
            static_cast<int>(absl::StatusCode::kDeadlineExceeded));
  {
    auto given_up = channel_->Call(kReplace, Bytes("x"));
    EXPECT_FALSE(given_up.await_ready());
    Turns();
  }
  ASSERT_EQ(Of(kReplace, Side::kCaller).size(), 1u);
  EXPECT_EQ(Of(kReplace, Side::kCaller)[0].code, static_cast<int>(absl::StatusCode::kCancelled));
}

TEST_F(TraceTest, OneWayMessagesAreInNone) {
  Begin();
  notes_.SetBegins(true);
  ASSERT_TRUE(TryNote());
  Turns();
  EXPECT_EQ(notes_.asked, 0);
  EXPECT_TRUE(notes_.spans.empty());
}

}  // namespace
}  // namespace jackfield
