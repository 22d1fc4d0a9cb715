// What to say of a service of a running wiring: its state, why it does not get on, what a user
// should know of it.
//
// Thread: any. What a service says is made harmless for a terminal (Escaped).
#ifndef JACKFIELD_TOOLS_RUNNING_WHY_STUCK_H_
#define JACKFIELD_TOOLS_RUNNING_WHY_STUCK_H_

#include <cstdint>
#include <string>

#include "services/init/init_service.h"

namespace jackfield {

// From so long a call is worth a line: whoever asks wants to know who is stuck.
inline constexpr int64_t kLongNs = 1'000'000'000;

std::string TextOf(const flatbuffers::String* text);  // "" where there is none

std::string StateText(init::State state);  // "ready"

// To be read after its name; "" if it gets on.
std::string WhyStuck(const init::Service& service);

// What it waits for, how it ended, when it is started again, or WhyStuck.
std::string NoteOf(const init::Service& service);

}  // namespace jackfield

#endif  // JACKFIELD_TOOLS_RUNNING_WHY_STUCK_H_
