// The service `topics`: a TopicSet to which its clients publish (topic_set.h).
#ifndef JACKFIELD_SERVICES_TOPICS_TOPICS_H_
#define JACKFIELD_SERVICES_TOPICS_TOPICS_H_

#include "absl/status/status.h"
#include "jackfield/service.h"

namespace jackfield::topics {

// Serves it until it is asked to stop: the service "topics" of a wiring. Its arguments say whether
// it has a log (journal::ReadLogArguments), and what its clients may do (rules.h). Thread: its
// service's.
absl::Status RunTopics(Service& service);

}  // namespace jackfield::topics

#endif  // JACKFIELD_SERVICES_TOPICS_TOPICS_H_
