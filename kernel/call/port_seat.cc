#include "kernel/call/port_seat.h"

#include "kernel/frame.h"

namespace jackfield {

std::optional<Session::OtherSchema> PortSeat::ServesOther(const Session::Spoken& spoken) const {
  for (const Interface* interface : port_.interfaces()) {
    if (MessageType(interface->name) == spoken.interface &&
        interface->schema_hash != spoken.schema_hash)
      return Session::OtherSchema{interface->name, interface->schema};
  }
  return std::nullopt;
}

}  // namespace jackfield
