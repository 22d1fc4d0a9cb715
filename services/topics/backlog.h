// What one subscriber has yet to get: a queue with a bound in items and in bytes, and what happens
// when it is full. It counts what is missed, and where: the count goes with the item behind the
// gap. No bus.
//
// The queue takes any one item when it is empty, so that an item larger than its bound in bytes is
// delivered all the same.
//
// Thread: one. Ownership: it owns its items.
#ifndef JACKFIELD_SERVICES_TOPICS_BACKLOG_H_
#define JACKFIELD_SERVICES_TOPICS_BACKLOG_H_

#include <cstdint>
#include <deque>
#include <optional>
#include <utility>

#include "services/topics/topics_service.h"

namespace jackfield::topics {

// T: has size(), in bytes.
template <class T>
class Backlog {
 public:
  struct Next {
    T item;
    uint64_t missed;  // between the item before and this one
  };

  Backlog(WhenFull when_full, uint32_t items_max, uint64_t bytes_max)
      : when_full_(when_full), items_max_(items_max), bytes_max_(bytes_max) {}

  enum class Pushed {
    kWhole,   // nothing is missed by it
    kMissed,  // an older one, or the item itself
    kEnd,     // it is full, and that is the end: nothing was changed
  };
  Pushed Push(T item) {
    if (!IsFullFor(item)) {
      Append(std::move(item));
      return Pushed::kWhole;
    }
    if (when_full_ == WhenFull::End) return Pushed::kEnd;
    if (when_full_ == WhenFull::DropNewest) {
      Miss(missed_at_end_, 1);
      return Pushed::kMissed;
    }
    do {
      DropOldest();
    } while (IsFullFor(item));
    Append(std::move(item));
    return Pushed::kMissed;
  }

  std::optional<Next> Pop() {
    if (queue_.empty()) return std::nullopt;
    Next next = std::move(queue_.front());
    queue_.pop_front();
    bytes_ -= next.item.size();
    return next;
  }

  // All of them are missed, which the next one tells.
  void DropAll() {
    while (!queue_.empty()) DropOldest();
  }

  size_t items() const { return queue_.size(); }
  uint64_t bytes() const { return bytes_; }
  uint64_t missed() const { return missed_; }  // in all
  WhenFull when_full() const { return when_full_; }

 private:
  bool IsFullFor(const T& item) const {
    return !queue_.empty() && (queue_.size() >= items_max_ || bytes_ + item.size() > bytes_max_);
  }
  void Append(T item) {
    bytes_ += item.size();
    queue_.push_back({std::move(item), std::exchange(missed_at_end_, 0)});
  }
  void Miss(uint64_t& where, uint64_t count) {
    where += count;
    ++missed_;
  }
  void DropOldest() {
    const Next oldest = *Pop();
    Miss(queue_.empty() ? missed_at_end_ : queue_.front().missed, oldest.missed + 1);
  }

  const WhenFull when_full_;
  const uint32_t items_max_;
  const uint64_t bytes_max_;
  std::deque<Next> queue_;
  uint64_t bytes_ = 0;
  uint64_t missed_ = 0;
  uint64_t missed_at_end_ = 0;  // behind the last one in the queue
};

}  // namespace jackfield::topics

#endif  // JACKFIELD_SERVICES_TOPICS_BACKLOG_H_
