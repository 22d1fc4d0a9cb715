// What arrived in an envelope, taken out of it: the same for each medium that uses one.
#ifndef JACKFIELD_TRANSPORTS_ENGINE_HUB_ENVELOPE_ARRIVAL_H_
#define JACKFIELD_TRANSPORTS_ENGINE_HUB_ENVELOPE_ARRIVAL_H_

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "transports/engine/hub/envelope.h"
#include "transports/engine/hub/hub_medium.h"

namespace jackfield {

// `bytes` lie at arrival.data: an envelope, and what is in it, which the arrival is of afterwards;
// the key is a part of its name. False, and nothing is changed: it is no envelope.
inline bool OpenEnvelope(HubArrival& arrival, size_t bytes) {
  using What = HubArrival::What;
  constexpr What kWhats[] = {What::kFrame, What::kOpens, What::kOpens, What::kRefused, What::kEnds};
  HubEnvelope envelope;
  if (bytes < sizeof envelope) return false;
  std::memcpy(&envelope, arrival.data, sizeof envelope);
  if (!envelope.Sound()) return false;
  arrival.from.Append(&envelope.key, sizeof envelope.key);
  arrival.data += sizeof envelope;
  arrival.bytes = static_cast<uint32_t>(bytes - sizeof envelope);
  arrival.what = kWhats[envelope.kind];
  arrival.reason = envelope.reason == 0 ? Reason::kResource : static_cast<Reason>(envelope.reason);
  return true;
}

// The last part of its name. Requires: OpenEnvelope has opened it.
inline uint64_t KeyOf(const HubArrival& arrival) {
  uint64_t key;
  std::memcpy(&key, arrival.from.bytes.data() + arrival.from.size - sizeof key, sizeof key);
  return key;
}

}  // namespace jackfield

#endif  // JACKFIELD_TRANSPORTS_ENGINE_HUB_ENVELOPE_ARRIVAL_H_
