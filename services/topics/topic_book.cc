#include "services/topics/topic_book.h"

#include <algorithm>

#include "services/topics/names.h"

namespace jackfield::topics {

void TopicBook::Note(std::string_view topic, const Publication& publication) {
  auto found = topics_.find(topic);
  if (found == topics_.end()) {
    found = topics_.try_emplace(std::string(topic)).first;
    found->second.name = &found->first;
  } else {
    bytes_ -= found->second.last.size();
    found->second.Unlink();
  }
  found->second.last = publication;
  oldest_first_.PushBack(found->second);
  bytes_ += publication.size();
  sequence_ = publication.sequence();
  newest_[sequence_ % newest_.size()] = &found->first;
  while (topics_.size() > kTopicsMax || bytes_ > kBytesMax) ForgetOldest();
}

bool TopicBook::ForgetOldest() {
  Topic* oldest = oldest_first_.front();
  if (oldest == nullptr) return false;
  known_from_ = oldest->last.sequence() + 1;  // all that were forgotten before are older
  bytes_ -= oldest->last.size();
  topics_.erase(topics_.find(*oldest->name));
  return true;
}

std::optional<uint64_t> TopicBook::Count(std::string_view pattern, uint64_t after,
                                         uint64_t up_to) const {
  if (after > up_to || up_to > sequence_) return std::nullopt;
  if (pattern == ">" || after == up_to) return up_to - after;
  if (sequence_ - after > newest_.size() || after + 1 < known_from_) return std::nullopt;
  uint64_t count = 0;
  for (uint64_t number = after + 1; number <= up_to; ++number) {
    if (Matches(pattern, *newest_[number % newest_.size()])) ++count;
  }
  return count;
}

Publication TopicBook::NextValue(std::string_view pattern, uint64_t after, uint64_t up_to,
                                 std::string& topic) const {
  const std::string_view fixed = FixedPart(pattern);
  auto at = topic.empty() ? topics_.lower_bound(fixed) : topics_.upper_bound(topic);
  for (; at != topics_.end() && at->first.starts_with(fixed); ++at) {
    const uint64_t number = at->second.last.sequence();
    if (number <= after || number > up_to || !Matches(pattern, at->first)) continue;
    topic = at->first;
    return at->second.last;
  }
  return {};
}

}  // namespace jackfield::topics
