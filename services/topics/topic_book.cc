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
  newest_[sequence_ % kNewest] = &found->first;
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

std::optional<uint64_t> TopicBook::CountBehind(std::string_view pattern, uint64_t after) const {
  if (after > sequence_ || sequence_ - after > kNewest) return std::nullopt;
  if (after + 1 < known_from_) return std::nullopt;
  uint64_t count = 0;
  for (uint64_t number = after + 1; number <= sequence_; ++number) {
    if (Matches(pattern, *newest_[number % kNewest])) ++count;
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
