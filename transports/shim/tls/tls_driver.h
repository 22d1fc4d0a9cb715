// The tls shim as a driver: it has the inner driver in a link of its own, and a TLS session.
//
//   outer tx queue → TLS → records → inner link → medium
//   outer rx queue ← frames cut in place ← plaintext ← TLS ← records ← inner link ←
//
// Invariants:
//   1. A frame leaves the outer tx queue when the last record with a part of it is in the inner
//      link's; until then nobody can have handled it.
//   2. While the outer rx queue has frames they lie in plain_, which is not moved.
//   3. A server has a TLS session only after a whole ClientHello, and plaintext has memory only
//      after the handshake; at rest there is none.
//   4. A link that has failed, or closes, goes on popping what the inner one brings: its end comes
//      behind it.
//
// Thread: the node's.
#ifndef JACKFIELD_TRANSPORTS_SHIM_TLS_TLS_DRIVER_H_
#define JACKFIELD_TRANSPORTS_SHIM_TLS_TLS_DRIVER_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "kernel/link.h"
#include "kernel/loop/timers.h"
#include "transports/shim/tls/tls_handshakes.h"
#include "transports/shim/tls/tls_session.h"

namespace jackfield {

class TlsDriver final : public LinkDriver, LinkOwner, TlsWire, Handshaking {
 public:
  struct Setup {
    SslContext context;
    Role role = Role::kServe;
    std::string wanted;                         // of a client: the server's name
    std::shared_ptr<TlsHandshakes> handshakes;  // of the loop
  };
  TlsDriver(Loop& loop, Setup setup, std::unique_ptr<LinkDriver> inner,
            const LinkTraits& inner_traits);
  ~TlsDriver() override;

  void Pump(Link& link) override;
  void Close(Link& link) override;

 private:
  enum class Phase : uint8_t { kBefore, kHandshake, kOpen };

  bool Begin();
  void Shake(Link& link);
  void Opened(Link& link);
  void PassOut(Link& link);
  void PassIn(Link& link);
  bool LendNext();
  bool PrepareRead(Link& link);
  bool Cut(Link& link);
  void Discard();
  absl::Status MeetOther(std::span<const std::byte> frame);
  void AwaitRoom();
  void EndHandshake();
  void Fail(absl::Status why);
  void FailCorrupt(std::string_view what);
  size_t PutTls(std::span<const std::byte> bytes) override;
  void GiveWay() override;
  void OnFrames(Link&) override {}  // PassIn follows in the same pump
  void OnRoom(Link&) override {}    // and PassOut
  void OnLost(Link& inner, uint64_t frames) override;
  void OnClosed(Link& inner, const absl::Status& why) override;

  Loop& loop_;
  Setup setup_;
  Link inner_;
  Link* outer_ = nullptr;  // since the first Pump, or Close
  Timer retry_;            // memory is used up; nothing tells when there is some
  std::unique_ptr<TlsSession> tls_;
  Phase phase_ = Phase::kBefore;

  uint32_t offset_ = 0;         // so much of the head of the outer tx queue is in records
  uint32_t accepted_left_ = 0;  // of kAccepted: still to be written, or to be read
  bool lending_ = false;        // the first frame of the inner rx queue is being read
  Block plain_;                 // what was read is at [begin_, end_): no whole frame
  uint32_t begin_ = 0, end_ = 0;

  bool failed_ = false;   // what still arrives is thrown away
  bool drained_ = false;  // nothing is left that came before the inner link's end
  bool inner_closed_ = false, closed_ = false;
  absl::Status why_;
};

}  // namespace jackfield

#endif  // JACKFIELD_TRANSPORTS_SHIM_TLS_TLS_DRIVER_H_
