// What is published, in files (services/journal): so that who was away, or comes late, gets it from
// there, also when the service has been started again.
//
// A record is a message as an item (topics.fbs). Its number in the log is that of the message.
//
// `epoch` beside the segments keeps the epoch of the numbers. It changes when the log is lost, and
// after a restart of the machine unless each record was synced: then the last ones may not have
// come to the disk, and their numbers would be given twice.
//
// Thread: the node's. Outlives its TopicSet.
#ifndef JACKFIELD_SERVICES_TOPICS_TOPIC_LOG_H_
#define JACKFIELD_SERVICES_TOPICS_TOPIC_LOG_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "services/journal/log.h"
#include "services/topics/publication.h"

namespace jackfield::topics {

class TopicLog {
 public:
  // Errors: those of journal::Log::Open.
  static absl::StatusOr<std::unique_ptr<TopicLog>> Open(const std::string& directory,
                                                        const journal::LogOptions& options);
  uint64_t epoch() const { return epoch_; }
  journal::Log& log() { return *log_; }
  uint64_t first() const { return log_->first(); }  // last() + 1: there is none
  uint64_t last() const { return log_->last(); }

  // Requires: its number is last() + 1. Errors: those of journal::Log::Append.
  absl::Status Append(const Publication& publication);

  // A message of the log. Its views are valid until the next one is read.
  struct Entry {
    uint64_t sequence = 0;
    std::string_view topic = {};
    std::span<const std::byte> payload = {};
  };
  // Reads on from a number, as journal::Log::Reader does.
  class Replay {
   public:
    Replay(const TopicLog& log, uint64_t from) : reader_(*log.log_, from) {}
    // Errors: as there, and DATA_LOSS: a record is no message.
    absl::StatusOr<std::optional<Entry>> Next();
    uint64_t next() const { return reader_.next(); }

   private:
    journal::Log::Reader reader_;
  };

 private:
  explicit TopicLog(std::unique_ptr<journal::Log> log) : log_(std::move(log)) {}
  absl::Status FindEpoch(bool synced_each);
  std::unique_ptr<journal::Log> log_;
  uint64_t epoch_ = 0;
};

// Of the wall clock.
uint64_t EpochOfNow();

}  // namespace jackfield::topics

#endif  // JACKFIELD_SERVICES_TOPICS_TOPIC_LOG_H_
