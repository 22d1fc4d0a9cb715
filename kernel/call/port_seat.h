// One client of a Port: the user of its session. Private to Port.
#ifndef JACKFIELD_KERNEL_CALL_PORT_SEAT_H_
#define JACKFIELD_KERNEL_CALL_PORT_SEAT_H_

#include <memory>
#include <string_view>

#include "kernel/call/gate.h"
#include "kernel/call/port.h"

namespace jackfield {

class PortSeat final : public Session::User, public ListNode<Port::SilentTag> {
 public:
  PortSeat(Port& port, std::unique_ptr<LinkDriver> driver, LinkTraits traits)
      : port_(port),
        session_(port.node_, Session::Side::kServer, port.options_.session, traits.caps.fds, *this),
        since_ns_(port.node_.clock().NowNs()) {
    session_.Attach(std::move(driver), std::move(traits));
    // No hello comes on such a link; its messages are denied one by one.
    if (session_.one_way()) Admit(session_, {}).IgnoreError();
    if (session_.state() != Session::State::kHello) return;
    port_.silent_.PushBack(*this);
    ++port_.silent_count_;
  }

  Session& session() { return session_; }
  int64_t since_ns() const { return since_ns_; }
  bool dead() const { return session_.state() == Session::State::kEnded; }
  // What the port's gate made of its hello; nullptr: it has not been asked.
  const Gate::Admission* admission() const { return admission_.get(); }

 private:
  absl::Status Admit(Session& session, std::string_view badge) override;
  std::optional<Session::OtherSchema> ServesOther(const Session::Spoken& spoken) const override;
  void OnMixedPriorities() override { port_.mixed_priorities_ = true; }
  void AfterFrames(bool more) override {
    port_.holds_back_ |= more;
    if (port_.waiting_ > 0) port_.DispatchWaiting();
  }
  bool HasRoom() const override { return port_.waiting_ < port_.options_.session.window_units; }
  void OnOpen(Session&) override { NoLongerSilent(); }
  void OnReceived(Session& session, Session::Received& received) override {
    port_.Take(*this, session, received);
  }
  void OnQueuedSent(uint64_t, uint64_t) override {}
  void OnQueuedRefused(uint64_t, const absl::Status&) override {}
  void OnPeerClosing(Session&) override {}
  bool AwaitsAnswers(const Session&) const override { return false; }
  void OnReceipt(Session&) override {}
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
  Session session_;
  const int64_t since_ns_;
  std::unique_ptr<Gate::Admission> admission_;
};

}  // namespace jackfield

#endif  // JACKFIELD_KERNEL_CALL_PORT_SEAT_H_
