#include "services/topics/topics.h"

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "services/journal/upkeep.h"
#include "services/topics/ruled_topics.h"
#include "services/topics/rules.h"
#include "services/topics/topic_log.h"
#include "services/topics/topic_set.h"

namespace jackfield::topics {

absl::Status RunTopics(Service& service) {
  std::vector<std::string> args = service.args();
  absl::StatusOr<TopicRules> rules = TopicRules::Take(args);
  if (!rules.ok()) return rules.status();
  const absl::StatusOr<std::optional<journal::LogArguments>> arguments =
      journal::ReadLogArguments(args);
  if (!arguments.ok()) return arguments.status();
  std::unique_ptr<TopicLog> log;
  std::optional<journal::Upkeep> upkeep;
  if (arguments->has_value()) {
    absl::StatusOr<std::unique_ptr<TopicLog>> opened =
        TopicLog::Open((*arguments)->directory, (*arguments)->options);
    if (!opened.ok()) return opened.status();
    log = *std::move(opened);
    upkeep.emplace(service.node(), log->log(), (*arguments)->sync_every);
  }
  TopicSet topics(service.node(), TopicSet::Publishers::kClients, log.get());
  RuledTopics ruled(topics, *std::move(rules));
  absl::StatusOr<std::unique_ptr<Port>> port = service.Serve(TopicSet::OptionsForPort());
  if (!port.ok()) return port.status();
  ruled.RegisterOn(**port);
  return service.Run();
}

}  // namespace jackfield::topics
