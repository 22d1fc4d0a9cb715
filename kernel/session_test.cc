// Two sessions over a pair of links that the test holds in its hand: what is sent, in which order,
// what is owed, and what becomes of it all when one of them ends.
#include "kernel/session.h"

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "kernel/base/outcome.h"
#include "kernel/base/text.h"
#include "kernel/frame_log.h"
#include "kernel/node.h"
#include "kernel/registry.h"
#include "kernel/test/pair_driver.h"

namespace jackfield {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr int64_t kTurns = 20;

// Writes down what it is told.
class Recorder final : public Session::User {
 public:
  void OnOpen(Session&) override { log.push_back("open"); }
  void OnReceived(Session& session, Session::Received& received) override {
    log.push_back(std::string(received.message.text()));
    if (!keeps) return;
    auto& unhandled = *kept.emplace_back(std::make_unique<Unhandled>());
    session.KeepUnhandled(received, unhandled);
    if (auto& message = messages.emplace_back();
        !received.message.KeepAs(message, session.memory()))
      log.push_back("no memory");
  }
  void OnQueuedSent(uint64_t id, uint64_t) override { sent.push_back(id); }
  void OnQueuedRefused(uint64_t id, const absl::Status&) override { refused.push_back(id); }
  void OnPeerClosing(Session&) override { log.push_back("goodbye"); }
  bool AwaitsAnswers(const Session&) const override { return awaits; }
  void OnReceipt(Session&) override { log.push_back("receipt"); }
  void OnEnd(Session&, const absl::Status& why) override { ended = why; }
  bool TriesAgain(Session::NoWelcome, const absl::Status& why) override {
    ended = why;
    return tries_again;
  }
  Session* Successor(Session&, const absl::Status&) override { return successor; }
  std::optional<int64_t> TakesBack(uint64_t id, uint64_t) override {
    taken_back.push_back(id);
    return Timers::kNever;
  }

  std::vector<std::string> log;
  std::vector<uint64_t> sent, refused, taken_back;
  std::vector<std::unique_ptr<Unhandled>> kept;
  std::vector<Message> messages;
  absl::Status ended;
  Session* successor = nullptr;
  bool keeps = false, awaits = false, tries_again = false;
};

class SessionTest : public testing::Test {
 protected:
  SessionTest() {
    node_ = *Node::Create({.name = "both", .registry = &registry_, .spin_ns = 0, .clock = &clock_});
  }
  ~SessionTest() override {
    service_.messages.clear();
    client_end_.reset(), service_end_.reset(), next_end_.reset();
    node_.reset();
  }
  static LinkTraits Traits() {
    LinkTraits traits;
    traits.caps = CallNeeds();
    traits.caps.frame_bytes_max = 1 << 20;
    traits.description = "pair:x";
    return traits;
  }
  std::unique_ptr<LinkDriver> End(const std::shared_ptr<Pair>& pair, int side) {
    return std::make_unique<PairDriver>(pair, side, blocked_);
  }
  void Begin(SessionLimits client = {}, SessionLimits service = {}) {
    client_end_ = std::make_unique<Session>(*node_, Session::Side::kClient, client, false, client_);
    service_end_ =
        std::make_unique<Session>(*node_, Session::Side::kServer, service, false, service_);
    service_end_->Attach(End(pair_, 0), Traits());
    client_end_->Attach(End(pair_, 1), Traits());
    Turns();
    client_.log.clear(), service_.log.clear();
  }
  void Turns() {
    for (int64_t i = 0; i < kTurns; ++i) {
      node_->Turn(Node::kDoNotSleep);
      for (const auto* end : {&client_end_, &service_end_, &next_end_}) {
        if (*end == nullptr) continue;
        ASSERT_EQ((*end)->CheckInvariants(), absl::OkStatus());
      }
    }
  }
  void Pass(int64_t ns) {
    clock_.AdvanceToNs(clock_.NowNs() + ns);
    Turns();
  }
  static Session::Outgoing Note(uint8_t priority = kPriorityDefault) {
    return {.kind = FrameKind::OneWay, .priority = priority, .message_type = 7};
  }
  static Session::Outgoing Request(uint64_t id) {
    return {.kind = FrameKind::Request, .message_type = 7, .call_id = id};
  }
  absl::Status Send(std::string_view text, Session::Outgoing out = Note()) {
    Bytes payload(text);
    return client_end_->Send(out, payload);
  }
  absl::Status Queue(std::string_view text, Session::Outgoing out = Note()) {
    Bytes payload(text);
    return client_end_->SendOrQueue(out, payload);
  }
  void ExpectSum(const Session& session) {
    const Ledger& ledger = session.ledger();
    EXPECT_EQ(ledger.sent, ledger.queued() + ledger.delivered + ledger.failed + ledger.in_doubt);
  }

  ManualClock clock_;
  Registry registry_;
  std::unique_ptr<Node> node_;
  bool blocked_ = false;  // what is sent stays with its sender
  std::shared_ptr<Pair> pair_ = std::make_shared<Pair>(), next_pair_ = std::make_shared<Pair>();
  Recorder client_, service_;
  std::unique_ptr<Session> client_end_, service_end_, next_end_;
};

TEST_F(SessionTest, BothEndsAreOpenAfterTheHelloAndTheSmallerLimitHolds) {
  Begin({.frame_bytes_max = 4096}, {.stream_items = 3, .frame_bytes_max = 8192});
  EXPECT_EQ(client_end_->state(), Session::State::kOpen);
  EXPECT_EQ(service_end_->state(), Session::State::kOpen);
  EXPECT_EQ(client_end_->payload_bytes_max(), 4096u - kHeaderBytes);
  EXPECT_EQ(service_end_->payload_bytes_max(), 4096u - kHeaderBytes);
  EXPECT_EQ(client_end_->peer_stream_items(), 3u);
  EXPECT_EQ(client_end_->peer_name(), "both");
  EXPECT_EQ(ReasonOf(Send(std::string(4096, 'x'))), Reason::kTooLarge);
  EXPECT_TRUE(Send(std::string(4096 - kHeaderBytes, 'x')).ok());
}

// Writes down what it is told.
class Log final : public FrameLog {
 public:
  Log() : FrameLog(kept) {}
  void OnOpen(const Session& session) override { told.push_back("open " + session.peer_name()); }
  void OnEnd(const Session& session, const absl::Status& why) override {
    told.push_back(Text("end ", session.peer_name(), ": ", std::string(why.message())));
  }
  void OnMessage(const Session&, FrameWay way, const FrameHeader& header,
                 std::span<const std::byte> payload) override {
    told.push_back(
        Text(Name(way), header.message_type(), " ",
             std::string_view(reinterpret_cast<const char*>(payload.data()), payload.size())));
  }
  using FrameLog::WantMessages;
  static std::string_view Name(FrameWay way) {
    return way == FrameWay::kSent ? "sent " : "received ";
  }
  // Those that are kept, the oldest first.
  std::vector<std::string> Records() const {
    std::vector<std::pair<uint64_t, std::string>> found;
    for (const FrameRecord& record : kept) {
      if (const uint64_t number = record.number; number != 0)
        found.emplace_back(number, Text(Name(record.way), EnumNameFrameKind(record.kind), " ",
                                        record.message_type, " ", record.call_id));
    }
    std::sort(found.begin(), found.end());
    std::vector<std::string> records;
    for (auto& [number, text] : found) records.push_back(std::move(text));
    return records;
  }

  FrameRecord kept[kRecords] = {};
  std::vector<std::string> told;
};

TEST_F(SessionTest, AFrameLogHasEachMessageAsItLeavesAndAsItComes) {
  Log log;
  node_->SetFrameLog(&log);
  Begin();
  EXPECT_THAT(log.told, ElementsAre("open both", "open both"));
  EXPECT_THAT(log.Records(), IsEmpty()) << "the hello is none";
  ASSERT_TRUE(Send("one").ok());
  ASSERT_TRUE(Send("two", Request(5)).ok());
  Turns();
  EXPECT_THAT(log.Records(), ElementsAre("sent OneWay 7 0", "sent Request 7 5",
                                         "received OneWay 7 0", "received Request 7 5"));
  EXPECT_EQ(log.kept[1].peer_epoch, node_->epoch()) << "both ends are this node";
  EXPECT_EQ(log.told.size(), 2u) << "nobody wants whole messages";
  client_end_->Fail(absl::CancelledError("enough"));
  EXPECT_EQ(log.told.back(), "end both: enough");
  node_->SetFrameLog(nullptr);
}

TEST_F(SessionTest, AFrameLogKeepsTheNewest) {
  Log log;
  Begin({}, {.window_units = 4000});
  node_->SetFrameLog(&log);
  constexpr uint64_t kMore = FrameLog::kRecords + 3;
  for (uint64_t id = 1; id <= kMore; ++id) {
    ASSERT_TRUE(Send("", Request(id)).ok()) << id;
    if (id % 100 == 0) Turns();  // it is received, too
  }
  const std::vector<std::string> records = log.Records();
  ASSERT_EQ(records.size(), FrameLog::kRecords);
  EXPECT_EQ(records.back(), Text("sent Request 7 ", kMore));
  EXPECT_EQ(std::count(records.begin(), records.end(), "sent Request 7 1"), 0);
  node_->SetFrameLog(nullptr);
}

TEST_F(SessionTest, AFrameLogHasNothingOfWhatWasRefused) {
  Log log;
  service_.keeps = true;
  Begin({}, {.window_units = 1});
  node_->SetFrameLog(&log);
  ASSERT_TRUE(Send("one").ok());
  EXPECT_EQ(ReasonOf(Send("two")), Reason::kBackPressure);
  Turns();
  EXPECT_THAT(log.Records(), ElementsAre("sent OneWay 7 0", "received OneWay 7 0"));
  node_->SetFrameLog(nullptr);
}

TEST_F(SessionTest, WhoWantsWholeMessagesIsToldOfEachAsLongAsItWants) {
  Log log;
  Begin();
  node_->SetFrameLog(&log);
  log.WantMessages(true);
  ASSERT_TRUE(Send("one").ok());
  ASSERT_TRUE(Queue("two").ok());
  Turns();
  EXPECT_THAT(log.told,
              ElementsAre("sent 7 one", "sent 7 two", "received 7 one", "received 7 two"));
  log.WantMessages(false);
  ASSERT_TRUE(Send("three").ok());
  Turns();
  EXPECT_EQ(log.told.size(), 4u);
  node_->SetFrameLog(nullptr);
}

TEST_F(SessionTest, WhatIsHandledAfterTheEndOwesNoAcknowledgement) {
  service_.keeps = true;
  Begin();
  ASSERT_TRUE(Send("kept").ok());
  Turns();
  ASSERT_EQ(service_.kept.size(), 1u);
  service_end_->Fail(absl::CancelledError("the end"));
  service_end_->MarkHandled(*service_.kept[0]);
  EXPECT_EQ(service_end_->CheckInvariants(), absl::OkStatus());
  EXPECT_EQ(service_end_->ledger().handled, 1u);
  client_end_->Fail(absl::CancelledError("the end"));
  Turns();
  EXPECT_EQ(node_->timers().next_ns(), Timers::kNever);
}

TEST_F(SessionTest, CreditIsTakenBySendingAndComesBackWithHandling) {
  service_.keeps = true;
  Begin({}, {.window_units = 4});
  for (int i = 0; i < 4; ++i) EXPECT_TRUE(Send("note").ok()) << i;
  const absl::Status refused = Send("note");
  EXPECT_EQ(ReasonOf(refused), Reason::kBackPressure);
  EXPECT_NE(refused.message().find("no credit"), refused.message().npos) << refused;
  Turns();
  EXPECT_EQ(ReasonOf(Send("note")), Reason::kBackPressure) << "they have come and are not handled";
  service_end_->MarkHandled(*service_.kept[1]);
  Pass(10'000'000);
  EXPECT_EQ(client_end_->ledger().delivered, 0u) << "the first one bounds the acknowledgement";
  EXPECT_TRUE(Send("note").ok()) << "but not the credit";
  service_end_->MarkHandled(*service_.kept[0]);
  Pass(10'000'000);
  EXPECT_EQ(client_end_->ledger().delivered, 2u);
  ExpectSum(*client_end_);
}

TEST_F(SessionTest, ALargeFrameTakesMoreCredit) {
  Begin({}, {.window_units = 8});
  EXPECT_TRUE(Send(std::string(3 * 4096, 'x')).ok());  // with its header: 1 + 3
  EXPECT_TRUE(Send(std::string(4 * 4096, 'x')).ok()) << "begun with credit left";
  EXPECT_EQ(ReasonOf(Send("x")), Reason::kBackPressure);
}

TEST_F(SessionTest, TheOutboxLeavesByPriorityAndThenInOrder) {
  Begin();
  blocked_ = true;
  // A queued frame holds back those behind it only where there is no room: here, no credit.
  service_.keeps = true;
  while (Send("fill").ok()) {
  }
  for (const char* text : {"c1", "c2"}) ASSERT_TRUE(Queue(text, Note(2)).ok());
  for (const char* text : {"a1", "a2"}) ASSERT_TRUE(Queue(text, Note(0)).ok());
  ASSERT_TRUE(Queue("b1", Note(1)).ok());
  blocked_ = false;
  for (int round = 0; round < 100 && !client_end_->outbox_empty(); ++round) {
    Turns();
    for (auto& unhandled : service_.kept) service_end_->MarkHandled(*unhandled);
    Pass(10'000'000);
  }
  ASSERT_TRUE(client_end_->outbox_empty());
  std::vector<std::string> order;
  for (const std::string& text : service_.log) {
    if (text != "fill") order.push_back(text);
  }
  EXPECT_THAT(order, ElementsAre("a1", "a2", "b1", "c1", "c2"));
}

TEST_F(SessionTest, AFullOutboxRefusesOrDropsTheOldest) {
  SessionLimits limits;
  limits.outbox_frames = 2;
  Begin(limits, {.window_units = 1});
  service_.keeps = true;
  ASSERT_TRUE(Send("first").ok());
  ASSERT_TRUE(Queue("second").ok());
  ASSERT_TRUE(Queue("third").ok());
  EXPECT_EQ(ReasonOf(Queue("fourth")), Reason::kBackPressure);
  Bytes fifth("fifth");
  ASSERT_TRUE(client_end_->SendDroppingOldest(Note(), fifth).ok());
  EXPECT_EQ(client_end_->ledger().dropped, 1u);
  for (int round = 0; round < 5; ++round) {
    Turns();
    for (auto& unhandled : service_.kept) service_end_->MarkHandled(*unhandled);
    Pass(10'000'000);
  }
  EXPECT_THAT(service_.log, ElementsAre("first", "third", "fifth"));
}

TEST_F(SessionTest, AGoodbyeIsAnsweredWhenAllIsHandled) {
  service_.keeps = true;
  Begin();
  ASSERT_TRUE(Send("one").ok());
  ASSERT_TRUE(Send("two").ok());
  client_end_->StartClose();
  Turns();
  EXPECT_THAT(client_.log, IsEmpty());
  EXPECT_THAT(service_.log, ElementsAre("one", "two", "goodbye"));
  EXPECT_EQ(ReasonOf(Send("late")), Reason::kClosed);
  for (auto& unhandled : service_.kept) service_end_->MarkHandled(*unhandled);
  Pass(10'000'000);
  EXPECT_THAT(client_.log, ElementsAre("receipt"));
  EXPECT_EQ(client_end_->receipt().handled, 2u);
  EXPECT_EQ(client_end_->receipt().in_doubt, 0u);
}

TEST_F(SessionTest, AReceiptTellsWhatArrivedWhatDidNotLeaveAndWhatNobodyKnows) {
  service_.keeps = true;
  Begin();
  ASSERT_TRUE(Send("arrives").ok());
  Turns();
  service_end_->MarkHandled(*service_.kept[0]);
  Pass(10'000'000);
  ASSERT_TRUE(Send("arrives, and is not handled").ok());
  Turns();
  blocked_ = true;
  ASSERT_TRUE(Send("never leaves").ok());
  service_end_->Fail(absl::UnavailableError("killed"));
  Turns();
  EXPECT_EQ(ReasonOf(client_.ended), Reason::kPeerDied) << client_.ended;
  const Receipt receipt = client_end_->receipt();
  EXPECT_EQ(receipt.handled, 1u);
  EXPECT_EQ(receipt.in_doubt, 1u);
  EXPECT_EQ(receipt.undelivered, 1u);
  EXPECT_TRUE(client_end_->MayHaveLeft(2));
  EXPECT_FALSE(client_end_->MayHaveLeft(3));
  ExpectSum(*client_end_);
}

TEST_F(SessionTest, WhatHasNotLeftGoesToTheSuccessorInFrontOfWhatItHas) {
  Begin();
  ASSERT_TRUE(Send("has left", Request(1)).ok());
  Turns();
  blocked_ = true;
  ASSERT_TRUE(Send("in the link's queue", Request(2)).ok());
  ASSERT_TRUE(Send("a note behind it").ok());
  next_end_ =
      std::make_unique<Session>(*node_, Session::Side::kClient, SessionLimits{}, false, client_);
  Bytes own("the next one's own");
  ASSERT_TRUE(next_end_->SendOrQueue(Note(), own).ok());
  client_.successor = next_end_.get();
  service_end_->Fail(absl::UnavailableError("killed"));
  Turns();
  EXPECT_EQ(client_end_->state(), Session::State::kEnded);
  EXPECT_THAT(client_.taken_back, ElementsAre(2u));
  EXPECT_EQ(client_end_->ledger().sent, 1u) << "the two are no longer its own";
  EXPECT_EQ(client_end_->ledger().failed, 0u);
  ExpectSum(*client_end_);
  blocked_ = false;
  Recorder other;
  service_end_ =
      std::make_unique<Session>(*node_, Session::Side::kServer, SessionLimits{}, false, other);
  service_end_->Attach(End(next_pair_, 0), Traits());
  next_end_->Attach(End(next_pair_, 1), Traits());
  Turns();
  EXPECT_THAT(other.log,
              ElementsAre("open", "in the link's queue", "a note behind it", "the next one's own"));
  EXPECT_THAT(client_.sent, ElementsAre(2u));
  service_end_.reset();
}

TEST_F(SessionTest, AClientMayTryAnotherLinkUntilItIsWelcome) {
  client_end_ =
      std::make_unique<Session>(*node_, Session::Side::kClient, SessionLimits{}, false, client_);
  client_.tries_again = true;
  ASSERT_TRUE(Queue("waits").ok());
  client_end_->Attach(End(pair_, 1), Traits());
  Turns();
  pair_->lanes[1].closed = true;  // it goes without a word
  pair_->lanes[1].reader->Wake();
  Turns();
  EXPECT_EQ(ReasonOf(client_.ended), Reason::kUnreachable) << client_.ended;
  EXPECT_EQ(client_end_->state(), Session::State::kHello);
  EXPECT_FALSE(client_end_->has_link());
  service_end_ =
      std::make_unique<Session>(*node_, Session::Side::kServer, SessionLimits{}, false, service_);
  service_end_->Attach(End(next_pair_, 0), Traits());
  client_end_->Attach(End(next_pair_, 1), Traits());
  Turns();
  EXPECT_THAT(service_.log, ElementsAre("open", "waits"));
}

TEST_F(SessionTest, AMessageThatIsKeptOutlivesItsSession) {
  service_.keeps = true;
  Begin();
  const std::string large(100'000, 'L');
  ASSERT_TRUE(Send("small").ok());
  ASSERT_TRUE(Send(large).ok());
  Turns();
  ASSERT_EQ(service_.messages.size(), 2u);
  for (auto& unhandled : service_.kept) service_end_->MarkHandled(*unhandled);
  Pass(10'000'000);
  ASSERT_TRUE(Send("others come").ok());
  Turns();
  service_.kept.clear();
  client_end_.reset(), service_end_.reset();
  Turns();
  EXPECT_EQ(service_.messages[0].text(), "small");
  EXPECT_EQ(service_.messages[1].text(), large);
  Message moved = std::move(service_.messages[0]);
  EXPECT_EQ(moved.text(), "small");
  ASSERT_TRUE(moved.Align(64, node_->blocks()));
  EXPECT_EQ(reinterpret_cast<uintptr_t>(moved.payload().data()) % 64, 0u);
}

TEST_F(SessionTest, SilenceAfterTheHelloEndsIt) {
  Begin();
  client_end_ =
      std::make_unique<Session>(*node_, Session::Side::kClient, SessionLimits{}, false, client_);
  client_end_->Attach(End(next_pair_, 1), Traits());
  Turns();
  Pass(1'900'000'000);
  EXPECT_EQ(client_end_->state(), Session::State::kHello);
  Pass(200'000'000);
  EXPECT_EQ(client_end_->state(), Session::State::kEnded);
  EXPECT_NE(client_.ended.message().find("no hello"), client_.ended.message().npos);
}

}  // namespace
}  // namespace jackfield
