// Where a client's socket is connected to: one of the addresses that its host stands for. As long
// as nobody has answered, who says that he is not there, or nothing for a second, makes room for
// the next one, on the same socket; what was sent meanwhile is lost, as on the way.
//
// Thread: the node's.
#ifndef JACKFIELD_TRANSPORTS_UDP_PLACES_H_
#define JACKFIELD_TRANSPORTS_UDP_PLACES_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "kernel/address.h"
#include "kernel/loop/sys.h"
#include "transports/engine/internet_name.h"

namespace jackfield {

class UdpPlaces {
 public:
  // of: for errors. names: in the order in which they are tried; at least one.
  UdpPlaces(const Address& of, const InternetNames& names);

  // A socket that can be connected to all of them, or to all that this system can reach; not
  // connected yet. Returns it, or -errno.
  int MakeSocket(const Sys& sys);
  // Connects `fd` to the first one that the system does not refuse at once. 0, or -errno: see Why.
  int ConnectFirst(const Sys& sys, int fd, int64_t now_ns);

  // Somebody has answered: this one it is.
  void Settle() { settled_ = true; }
  // The one that it is connected to is not there, says `error`. True: it is connected to the next.
  bool MovesOn(const Sys& sys, int fd, int error, int64_t now_ns);
  // Has it been silent so long that the next one, or the first again, shall be tried?
  bool IsSilent(int64_t now_ns) const {
    return !settled_ && places_.size() > 1 && now_ns - since_ns_ >= kSilentNs;
  }
  void MoveOnFromSilence(const Sys& sys, int fd, int64_t now_ns);

  // Why there is nobody: each one that was tried, and what it said.
  absl::Status Why(int error) const;

 private:
  static constexpr int64_t kSilentNs = 1'000'000'000;
  struct Place {
    InternetName name;  // as the socket wants it
    std::string text;
    absl::Status failed;
  };
  bool ConnectFrom(const Sys& sys, int fd, size_t first, int64_t now_ns);
  void Fail(Place& place, int error) const;

  const std::string what_;
  const bool numeric_;  // the address says the number itself
  std::vector<Place> places_;
  size_t at_ = 0;
  int last_error_ = 0;
  int64_t since_ns_ = 0;
  bool connected_ = false, settled_ = false;
};

}  // namespace jackfield

#endif  // JACKFIELD_TRANSPORTS_UDP_PLACES_H_
