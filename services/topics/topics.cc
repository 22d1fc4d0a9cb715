#include "services/topics/topics.h"

#include <memory>

#include "services/topics/topic_set.h"

namespace jackfield::topics {

absl::Status RunTopics(Service& service) {
  TopicSet topics(service.node(), TopicSet::Publishers::kClients);
  absl::StatusOr<std::unique_ptr<Port>> port = service.Serve(TopicSet::OptionsForPort());
  if (!port.ok()) return port.status();
  topics.RegisterOn(**port);
  return service.Run();
}

}  // namespace jackfield::topics
