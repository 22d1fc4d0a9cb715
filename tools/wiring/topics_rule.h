// What a service may publish and subscribe to: the key `topics` of a wiring.
#ifndef JACKFIELD_TOOLS_WIRING_TOPICS_RULE_H_
#define JACKFIELD_TOOLS_WIRING_TOPICS_RULE_H_

#include <string>
#include <string_view>
#include <vector>

#include "tools/wiring/place.h"

namespace jackfield {

inline constexpr std::string_view kTopicsRole = "topics";  // of its channel

struct TopicsRule {
  struct Pattern {
    std::string text;
    Place place;
  };
  std::vector<Pattern> publish, subscribe;  // patterns of services/topics/names.h
  std::string service;                      // that has the topics; "": the only one that can be
  std::string over;                         // "": the wiring's
  Place place, over_place;

  bool wanted() const { return !publish.empty() || !subscribe.empty(); }
};

}  // namespace jackfield

#endif  // JACKFIELD_TOOLS_WIRING_TOPICS_RULE_H_
