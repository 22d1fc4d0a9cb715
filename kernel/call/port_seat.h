// One client of a Port: the owner of its link, the user of its session. Private to Port.
#ifndef JACKFIELD_KERNEL_CALL_PORT_SEAT_H_
#define JACKFIELD_KERNEL_CALL_PORT_SEAT_H_

#include "kernel/call/port.h"

namespace jackfield {

class PortSeat final : public LinkOwner, public Session::User, public ListNode<Port::SilentTag> {
 public:
  PortSeat(Port& port, std::unique_ptr<LinkDriver> driver, LinkTraits traits)
      : port_(port),
        link_(port.node_.AddLink(std::move(driver), std::move(traits), this)),
        session_(port.node_, Session::Side::kServer, port.options_.session, link_.caps().fds,
                 *this),
        since_ns_(port.node_.clock().NowNs()) {
    session_.Attach(link_);
    if (session_.state() != Session::State::kHello) return;
    port_.silent_.PushBack(*this);
    ++port_.silent_count_;
  }
  ~PortSeat() override { port_.node_.RemoveLink(link_); }

  Session& session() { return session_; }
  int64_t since_ns() const { return since_ns_; }
  void TakeMore() {
    if (link_.has_rx()) link_.Wake();
  }
  bool receipt_came() const { return receipt_came_; }
  bool dead() const { return dead_; }
  void SetDead() { dead_ = true; }

 private:
  // Urgent frames among others are not served in the order of arrival.
  bool HasMixedPriorities(Link& link) const {
    for (uint32_t i = 0; i < link.rx_frames(); ++i) {
      const FrameRef& frame = link.NextRx(i);
      if (frame.bytes >= kHeaderBytes && PeekPriority(frame.data) != kPriorityDefault &&
          CostsCredit(CopyHeader(frame.data).kind())) {
        return true;
      }
    }
    return false;
  }

  void OnFrames(Link& link) override {
    if (!port_.mixed_priorities_ && HasMixedPriorities(link)) port_.mixed_priorities_ = true;
    while (link.has_rx() && port_.HasRoomFor(session_) && link.HasMemoryForRx()) {
      session_.OnFrame(link.NextRx());
      link.PopRx();
    }
    port_.holds_back_ |= link.has_rx();
    if (port_.waiting_ > 0) port_.DispatchWaiting();
  }
  void OnRoom(Link&) override {
    session_.OnLinkRoom();
    if (port_.waiting_ > 0) port_.DispatchWaiting();
  }
  void OnLost(Link&, uint64_t frames) override { session_.OnLost(frames); }
  void OnFailing(Link&, const absl::Status& why) override { session_.OnLinkFailing(why); }
  void OnClosed(Link&, const absl::Status& why) override {
    session_.OnLinkClosed(
        why.ok() ? MakeStatus(Outcome::kFailed, Reason::kPeerDied, "the client has gone") : why);
  }
  void OnOpen(Session&) override { NoLongerSilent(); }
  void OnReceived(Session& session, Session::Received& received) override {
    port_.Take(*this, session, received);
  }
  void OnQueuedSent(uint64_t, uint64_t) override {}
  void OnQueuedRefused(uint64_t, const absl::Status&) override {}
  void OnPeerClosing(Session&) override {}
  bool AwaitsAnswers() const override { return false; }
  void OnReceipt(Session&) override { receipt_came_ = true; }
  void OnEnd(Session&, const absl::Status& why) override {
    NoLongerSilent();
    port_.OnSessionEnd(*this, why);
  }
  void NoLongerSilent() {
    if (!linked()) return;
    Unlink();
    --port_.silent_count_;
  }

  Port& port_;
  Link& link_;
  Session session_;
  const int64_t since_ns_;
  bool receipt_came_ = false, dead_ = false;
};

}  // namespace jackfield

#endif  // JACKFIELD_KERNEL_CALL_PORT_SEAT_H_
