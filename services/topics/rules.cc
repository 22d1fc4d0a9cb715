#include "services/topics/rules.h"

#include <algorithm>
#include <utility>

#include "kernel/base/text.h"
#include "services/topics/names.h"

namespace jackfield::topics {
namespace {

constexpr std::string_view kPublish = "--pub", kSubscribe = "--sub";

// "packer" of "packer.2".
std::string_view WithoutInstance(std::string_view name) {
  const size_t end = name.find_last_not_of("0123456789");
  const bool is_instance = end != name.npos && end + 1 < name.size() && name[end] == '.';
  return is_instance ? name.substr(0, end) : name;
}

// verb: "publish", "subscribe to"; key: of the wiring.
absl::Status Refused(std::string_view client, std::string_view verb, std::string_view key,
                     std::string_view name, const std::vector<std::string>& patterns) {
  std::string may;
  for (const std::string& pattern : patterns) may += Text(may.empty() ? "" : ", ", pattern);
  return absl::PermissionDeniedError(
      Text(client, " may not ", verb, " \"", Escaped(name), "\": its wiring lets it ", verb, " ",
           may.empty() ? "nothing" : may, "  try: topics = { ", key, " = [\"", Escaped(name),
           "\"] } under [service.", client, "]"));
}

}  // namespace

absl::StatusOr<TopicRules> TopicRules::Take(std::vector<std::string>& args) {
  TopicRules rules;
  std::vector<std::string> others;
  for (size_t i = 0; i < args.size(); ++i) {
    const std::string& flag = args[i];
    if (flag != kPublish && flag != kSubscribe) {
      others.push_back(std::move(args[i]));
      continue;
    }
    const std::string rule = i + 1 < args.size() ? args[i + 1] : "";
    const size_t equals = rule.find('=');
    if (equals == rule.npos || equals == 0)
      return absl::InvalidArgumentError(Text(flag, " is NAME=PATTERN, such as ", flag,
                                             " orders=order.>, not \"", Escaped(rule), "\""));
    std::string pattern = rule.substr(equals + 1);
    if (const absl::Status checked = CheckPattern(pattern); !checked.ok())
      return absl::InvalidArgumentError(Text(flag, ": ", std::string(checked.message())));
    OfClient& client = rules.clients_[rule.substr(0, equals)];
    (flag == kPublish ? client.publish : client.subscribe).push_back(std::move(pattern));
    ++i;
  }
  args = std::move(others);
  return rules;
}

const TopicRules::OfClient* TopicRules::Find(std::string_view client) const {
  const auto found = clients_.find(WithoutInstance(client));
  return found == clients_.end() ? nullptr : &found->second;
}

absl::Status TopicRules::CheckPublish(std::string_view client, std::string_view topic) const {
  const OfClient* rules = Find(client);
  if (rules == nullptr || !CheckTopic(topic).ok()) return absl::OkStatus();
  if (std::any_of(rules->publish.begin(), rules->publish.end(),
                  [topic](const std::string& pattern) { return Matches(pattern, topic); }))
    return absl::OkStatus();
  return Refused(WithoutInstance(client), "publish", "pub", topic, rules->publish);
}

absl::Status TopicRules::CheckSubscribe(std::string_view client, std::string_view wanted) const {
  const OfClient* rules = Find(client);
  if (rules == nullptr || !CheckPattern(wanted).ok()) return absl::OkStatus();
  if (std::any_of(rules->subscribe.begin(), rules->subscribe.end(),
                  [wanted](const std::string& pattern) { return Covers(pattern, wanted); }))
    return absl::OkStatus();
  return Refused(WithoutInstance(client), "subscribe to", "sub", wanted, rules->subscribe);
}

}  // namespace jackfield::topics
