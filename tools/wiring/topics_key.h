// The key `topics` of a service: what it may publish and subscribe to.
//
//   topics = { pub = ["order.*"], sub = ["price.>"] }
//   topics = { sub = [">"], service = "feed", over = "shm:" }
//
// It comes to a call of the role `topics`, to the service of the wiring that has the topics, and to
// arguments of that service (services/topics/rules.h). Where a wiring has no such service it gets
// one, called `topics`.
//
// Thread: any; plain values.
#ifndef JACKFIELD_TOOLS_WIRING_TOPICS_KEY_H_
#define JACKFIELD_TOOLS_WIRING_TOPICS_KEY_H_

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "tools/wiring/findings.h"
#include "tools/wiring/surroundings.h"
#include "tools/wiring/wiring.h"

namespace jackfield {

inline constexpr size_t kTopicPatternsMax = 1024;  // of one wiring

// Reads the key of `service`. What is wrong with it goes to `findings`.
void ReadTopics(const Entry& entry, ServiceEntry& service, Findings& findings);

// Does what it comes to. Before WithInstances. What is wrong is added to `faults`; what a user
// should know to `notes`: that the wiring gets a service, and what somebody subscribes to and
// nobody may publish.
void WireTopics(Wiring& wiring, std::vector<Fault>& faults, std::vector<std::string>& notes);

}  // namespace jackfield

#endif  // JACKFIELD_TOOLS_WIRING_TOPICS_KEY_H_
