// The handshakes under way on the servers of one loop: at most kMax, for each costs memory and has
// cost a signature. When one more begins the oldest gives way: who means it needs one round trip,
// and if it was only slow it comes back. So clients that stop in the middle keep nobody out.
//
// Thread: the loop's.
#ifndef JACKFIELD_TRANSPORTS_SHIM_TLS_TLS_HANDSHAKES_H_
#define JACKFIELD_TRANSPORTS_SHIM_TLS_TLS_HANDSHAKES_H_

#include <cstdint>

#include "kernel/base/list.h"

namespace jackfield {

struct HandshakeTag {};

class Handshaking : public ListNode<HandshakeTag> {
 public:
  virtual void GiveWay() = 0;  // leaves the list

 protected:
  ~Handshaking() = default;
};

class TlsHandshakes {
 public:
  static constexpr uint32_t kMax = 256;

  void Begin(Handshaking& one) {
    if (count_ >= kMax) list_.front()->GiveWay();
    list_.PushBack(one);
    ++count_;
  }
  void End(Handshaking& one) {
    if (!one.linked()) return;
    one.Unlink();
    --count_;
  }
  uint32_t count() const { return count_; }

 private:
  List<Handshaking, HandshakeTag> list_;
  uint32_t count_ = 0;  // members of list_; 0..kMax
};

}  // namespace jackfield

#endif  // JACKFIELD_TRANSPORTS_SHIM_TLS_TLS_HANDSHAKES_H_
