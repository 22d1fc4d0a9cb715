// CheckInvariants has teeth: each rule that is broken on purpose is told, and told again by whoever
// stands on it; put right, nothing is.
#include <cstdint>
#include <string>

#include "kernel/call/test/channel_world.h"

namespace jackfield {

// What only a bug could change.
struct TestPeer {
  static Session& session(Channel& channel) { return *channel.session_; }
  static uint32_t& calls(Channel& channel) { return channel.calls_; }
  static uint32_t& first_free(Channel& channel) { return channel.free_; }
  static Timer& deadline_timer(Channel& channel) { return channel.deadline_timer_; }
  static uint32_t& waiting(Port& port) { return port.waiting_; }
  static uint32_t& under_way(Port& port) { return port.under_way_; }
  static uint32_t& silent(Port& port) { return port.silent_count_; }
  static uint32_t& queued(Session& session) { return session.outbox_frames_; }
  static uint32_t& acked(Session& session) { return session.tx_acked_; }
  static uint32_t& sequence(Session& session) { return session.tx_sequence_; }
  static uint32_t& units_handled(Session& session) { return session.rx_units_handled_; }
  static uint32_t& told_ack(Session& session) { return session.told_ack_; }
  static uint32_t& tx_units(Session& session) { return session.tx_units_; }
  static uint32_t& tx_bytes(Link& link) { return link.tx_bytes_; }
  static uint32_t& tx_given(Link& link) { return link.tx_given_; }
  static std::byte*& claim_end(Link& link) { return link.claim_end_; }
};

namespace {

class InvariantsTest : public ChannelWorld {
 protected:
  // Adds `by` to `what`; the channel or the port then says `sentence`.
  template <class Whole, class Number>
  void ExpectTold(const Whole& whole, Number& what, int by, const std::string& sentence) {
    what += by;
    const absl::Status broken = whole.CheckInvariants();
    what -= by;
    EXPECT_EQ(broken.code(), absl::StatusCode::kInternal) << sentence;
    EXPECT_NE(std::string(broken.message()).find("broken: " + sentence), std::string::npos)
        << broken;
    EXPECT_EQ(whole.CheckInvariants(), absl::OkStatus());
  }
};

TEST_F(InvariantsTest, OfAChannelsCalls) {
  Begin();
  Result& left = results_.emplace_back();
  ASSERT_TRUE(Start(kLeave, "held", left).ok());
  Turns();
  ExpectTold(*channel_, TestPeer::calls(*channel_), 1, "calls_ is how many calls are under way");
  ExpectTold(*channel_, TestPeer::first_free(*channel_), 1, "a place is free or has a call");
  ExpectTold(*channel_, TestPeer::first_free(*channel_), -1, "a free place has no call");
  Timer& timer = TestPeer::deadline_timer(*channel_);
  const int64_t due_ns = timer.due_ns();
  node_->timers().Arm(timer, due_ns + 1);
  EXPECT_NE(channel_->CheckInvariants(), absl::OkStatus());
  node_->timers().Arm(timer, due_ns);
  EXPECT_EQ(channel_->CheckInvariants(), absl::OkStatus());
}

TEST_F(InvariantsTest, OfAPortsMessages) {
  PortOptions one_handler;
  one_handler.handlers_max = 1;
  Serve(one_handler);
  Connect();
  Result &left = results_.emplace_back(), &waits = results_.emplace_back();
  ASSERT_TRUE(Start(kLeave, "held", left).ok());
  ASSERT_TRUE(Start(kLeave, "waits", waits).ok());
  Turns();
  ASSERT_EQ(port_->waiting(), 1u);
  ExpectTold(*port_, TestPeer::waiting(*port_), 1, "waiting_ is how many messages wait");
  ExpectTold(*port_, TestPeer::under_way(*port_), 1,
             "under_way_ is how many handlers are under way");
  ExpectTold(*port_, TestPeer::under_way(*port_), -1,
             "a message that could be dispatched does not wait");
  ExpectTold(*port_, TestPeer::silent(*port_), 1, "silent_count_ is how many have not said hello");
}

TEST_F(InvariantsTest, OfASession) {
  Begin();
  Result& left = results_.emplace_back();
  ASSERT_TRUE(Start(kLeave, "held", left).ok());
  Turns();
  Session& session = TestPeer::session(*channel_);
  ExpectTold(*channel_, TestPeer::queued(session), 1, "outbox_frames_ is how many");
  ExpectTold(*channel_, TestPeer::acked(session), 1, "what is acknowledged has been delivered");
  ExpectTold(*channel_, TestPeer::sequence(session), 1, "the sequence counts what was sent");
  ExpectTold(*channel_, session.counters().delivered, 2, "what was sent is at least");
  ExpectTold(*channel_, session.counters().received, 1, "what was received is handled, or");
  ExpectTold(*channel_, TestPeer::units_handled(session), 1, "the units that a peer has used");
  ExpectTold(*channel_, TestPeer::told_ack(session), 1, "only what is handled is acknowledged");
  ExpectTold(*channel_, TestPeer::tx_units(session), 1 << 20, "the credit of the peer");
}

TEST_F(InvariantsTest, OfALink) {
  Begin();
  wire_.blocked = true;
  Result& left = results_.emplace_back();
  ASSERT_TRUE(Start(kLeave, "in the link's queue", left).ok());
  Link& link = TestPeer::session(*channel_).link();
  ASSERT_EQ(link.tx_frames(), 1u);
  ExpectTold(*channel_, TestPeer::tx_bytes(link), 8, "tx_bytes_ is what the queued frames take");
  ExpectTold(*channel_, TestPeer::tx_given(link), 2, "what a driver was given is in the queue");
  ExpectTold(*channel_, TestPeer::claim_end(link), -(1 << 20), "a claim lies in the memory");
}

// A counter that is broken ends the process where it is used, and not later.
TEST_F(InvariantsTest, ACounterThatWouldWrapEndsTheProcess) {
  Begin();
  Result& left = results_.emplace_back();
  ASSERT_TRUE(Start(kReplace, "held", left).ok());
  Turns();
  EXPECT_DEATH(
      {
        TestPeer::under_way(*port_) = 0;
        port_->Finish(*held_);
      },
      "kernel/call/port.cc:[0-9]+: broken: what ends was under way");
  EXPECT_DEATH(TestPeer::session(*channel_).link().PopTx(1),
               "kernel/link.cc:[0-9]+: broken: what has left was in the queue");
}

}  // namespace
}  // namespace jackfield
