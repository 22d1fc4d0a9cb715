// The topics that there are: the last value of each, and which of them the newest messages were
// for, so that a gap can be counted. No bus.
//
// Bounds: 16,384 topics, 32 MiB of last values, the topics of the newest messages: 4,096, or
// 262,144 where there is a log. Beyond them the topic that has been published least lately is
// forgotten, with its value.
//
// Thread: the node's of its publications.
#ifndef JACKFIELD_SERVICES_TOPICS_TOPIC_BOOK_H_
#define JACKFIELD_SERVICES_TOPICS_TOPIC_BOOK_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "kernel/base/list.h"
#include "services/topics/publication.h"

namespace jackfield::topics {

class TopicBook {
 public:
  static constexpr size_t kTopicsMax = 16'384;
  static constexpr size_t kBytesMax = 32 << 20;
  static constexpr uint64_t kNewest = 4096;
  static constexpr uint64_t kNewestWithLog = 262'144;

  explicit TopicBook(uint64_t newest = kNewest) : newest_(newest) {}
  TopicBook(const TopicBook&) = delete;

  // Nothing is known of the messages up to this number, but that there were so many. The next one
  // has the number behind it. Requires: sequence >= sequence()
  void BeginBehind(uint64_t sequence) {
    sequence_ = sequence;
    known_from_ = sequence + 1;
  }
  // Requires: its sequence is that of the one before and 1.
  void Note(std::string_view topic, const Publication& publication);
  // The one that has been published least lately. False: there is none.
  bool ForgetOldest();

  // How many messages for `pattern` have numbers in (after, up_to]; nullopt: they are too many, or
  // too long ago, to know, or some are of a topic that is forgotten. Of ">" it is always known.
  std::optional<uint64_t> Count(std::string_view pattern, uint64_t after, uint64_t up_to) const;
  std::optional<uint64_t> CountBehind(std::string_view pattern, uint64_t after) const {
    return Count(pattern, after, sequence_);
  }

  // The last value of the next topic behind `topic` (in the order of bytes; "": of the first) that
  // matches and has a number in (after, up_to]. `topic` becomes its name. Empty: there is no more.
  Publication NextValue(std::string_view pattern, uint64_t after, uint64_t up_to,
                        std::string& topic) const;

  uint64_t sequence() const { return sequence_; }  // of the newest message; 0: there was none
  size_t topics() const { return topics_.size(); }

 private:
  struct OldestTag {};
  struct Topic : ListNode<OldestTag> {
    const std::string* name = nullptr;  // its key
    Publication last;
  };
  std::map<std::string, Topic, std::less<>> topics_;
  List<Topic, OldestTag> oldest_first_;  // by their last message
  size_t bytes_ = 0;                     // of all last values
  uint64_t sequence_ = 0;
  uint64_t known_from_ = 1;  // the topic of each message from this number on is known
  std::vector<const std::string*> newest_;  // names of topics; of message n at n % its size
};

}  // namespace jackfield::topics

#endif  // JACKFIELD_SERVICES_TOPICS_TOPIC_BOOK_H_
