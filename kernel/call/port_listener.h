// One address that a Port serves at. A part of port.cc.
#ifndef JACKFIELD_KERNEL_CALL_PORT_LISTENER_H_
#define JACKFIELD_KERNEL_CALL_PORT_LISTENER_H_

#include <memory>
#include <utility>

#include "kernel/base/text.h"
#include "kernel/call/port.h"
#include "kernel/call/port_seat.h"
#include "kernel/registry.h"

namespace jackfield {

struct Port::Listener final : LinkSink {
  // An address in use is tried again for a while: the descriptors of a process that was killed are
  // given back by io_uring some milliseconds after its end, and its successor may be here first.
  static constexpr int64_t kRetryNs = 10'000'000;
  static constexpr int64_t kRetryForNs = 1'000'000'000;

  // kFailed: it was one more address, and can go.
  enum class State : uint8_t { kOpens, kServes, kFailed };

  Listener(Port& port, Address address)
      : port(port),
        address(std::move(address)),
        retry_until_ns(port.node_.clock().NowNs() + kRetryForNs),
        retry(
            [](Timer& timer) {
              auto* self = static_cast<Listener*>(timer.user);
              if (absl::Status status = self->Open(); !status.ok()) self->Fail(std::move(status));
            },
            this) {}
  ~Listener() override {
    port.node_.timers().Cancel(retry);
    port.node_.EndOpening(std::move(opening));
  }
  bool serves() const { return state == State::kServes; }
  bool is_awaited() const { return state == State::kOpens && !told; }  // since the port was opened
  absl::Status Open() {
    absl::StatusOr<std::unique_ptr<Opening>> opened =
        port.node_.registry().Open(address, Role::kServe, port.node_, *this);
    if (opened.ok()) {
      opening = *std::move(opened);
      return absl::OkStatus();
    }
    return RetriesAfter(opened.status()) ? absl::OkStatus() : opened.status();
  }
  bool RetriesAfter(const absl::Status& failed) {
    const int64_t now_ns = port.node_.clock().NowNs();
    if (failed.code() != absl::StatusCode::kAlreadyExists || now_ns >= retry_until_ns) return false;
    port.node_.timers().Arm(retry, now_ns + kRetryNs);
    return true;
  }
  void OnServing(const Address& actual) override {
    state = State::kServes;
    this->actual = actual;
    port.ListAddresses();
    if (told) std::exchange(told, {})(this->actual);
  }
  void OnLink(std::unique_ptr<LinkDriver> driver, LinkTraits traits) override {
    if (port.silent_count_ > 0 && port.silent_count_ >= port.SilentMax()) port.PushOutSilent();
    port.seats_.push_back(std::make_unique<PortSeat>(port, std::move(driver), std::move(traits)));
    if (port.seats_.size() > port.options_.sessions_max) {
      port.seats_.back()->session().RefuseHello(
          Text(port.node_.name(), " has as many clients as it takes (sessions_max ",
               port.options_.sessions_max, ")"));
    }
  }
  void OnOpenFailed(absl::Status status) override {
    if (!RetriesAfter(status)) Fail(std::move(status));
  }
  void Fail(absl::Status why) {
    if (!told) {
      port.failure_ = std::move(why);
      return;
    }
    state = State::kFailed;
    std::exchange(told, {})(std::move(why));
  }
  void OnRefused(const absl::Status& why) override { port.notes_.Note(why); }
  // Who has only just come may be about to say hello: until that is known, the door waits.
  bool MakeRoom() override { return port.PushOutSilent() || port.silent_count_ > 0; }

  Port& port;
  const Address address;
  State state = State::kOpens;
  Address actual;            // where it serves
  ServingToldFunction told;  // of one more address
  const int64_t retry_until_ns;
  Timer retry;
  std::unique_ptr<Opening> opening;
};

}  // namespace jackfield

#endif  // JACKFIELD_KERNEL_CALL_PORT_LISTENER_H_
