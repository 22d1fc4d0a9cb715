// `reliable+X:` — order and delivery over a medium X that loses, repeats, overtakes and corrupts.
//
//   reliable+udp://127.0.0.1:7001?idle=60s
//
//   idle=D   a peer that has not been heard for so long is lost: 100ms..1h, 60s if not said; the
//            smaller of both ends' counts. What is silent is asked after a third of it, or 3 s.
//
// Both ends must have it. X must carry frames both ways (a multicast group does not). It adds
// ordered, reliable and peer_loss to Caps, takes 72 bytes of each frame and the descriptors, and
// bounds a packet at 64 KiB, so a frame at 65,464 bytes. One link is one connection. What follows
// which RFC is said where it is done: packet.h, round_trip.h, send_window.h, congestion.h,
// reliable_driver.h.
//
// Thread: as the inner transport.
#ifndef JACKFIELD_TRANSPORTS_SHIM_RELIABLE_RELIABLE_H_
#define JACKFIELD_TRANSPORTS_SHIM_RELIABLE_RELIABLE_H_

#include <memory>

#include "kernel/transport.h"

namespace jackfield {

std::unique_ptr<Shim> MakeReliableShim();

}  // namespace jackfield

#endif  // JACKFIELD_TRANSPORTS_SHIM_RELIABLE_RELIABLE_H_
