// What is known of every call of a simulated run, from both of its ends: the caller writes how it
// ended, the handler that it ran. The rules that must hold are checked when nothing can happen any
// more, because a call that was said not to have run may still do so later, and that is the mistake
// to find.
#ifndef JACKFIELD_TESTS_SIM_JOURNAL_H_
#define JACKFIELD_TESTS_SIM_JOURNAL_H_

#include <array>
#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "kernel/base/outcome.h"

namespace jackfield::sim_test {

enum class Style : uint8_t {
  kEcho,
  kHeld,
  kSlow,
  kNested,
  kStreamDown,
  kStreamUp,
  kOneWay,
  kStyles
};
const char* Name(Style style);

struct Record {
  uint64_t id = 0;
  Style style = Style::kEcho;
  int64_t started_ns = 0;
  int64_t deadline_ns = 0;
  uint32_t ends = 0;       // must become 1
  bool abandoned = false;  // its caller went away before the end
  bool by_us = false;      // this program cancelled it, or closed the channel under it
  int64_t ended_ns = 0;
  absl::Status status;
  uint32_t runs = 0;        // handlers begun for it: at most 1
  uint32_t answers_ok = 0;  // of its handler
  uint32_t answers_failed = 0;
};

class Journal {
 public:
  Record& Begin(Style style, int64_t now_ns, int64_t timeout_ns) {
    Record& record = records_.emplace_back();
    record.id = records_.size() - 1;
    record.style = style;
    record.started_ns = now_ns;
    record.deadline_ns = now_ns + timeout_ns;
    ++open_;
    return record;
  }
  void End(Record& record, const absl::Status& status, int64_t now_ns) {
    if (++record.ends > 1)
      return Violate(record, "ended a second time, now as: " + std::string(status.message()));
    record.status = status;
    record.ended_ns = now_ns;
    --open_;
  }
  void Abandon(Record& record) {
    record.abandoned = true;
    ++record.ends;
    --open_;
  }
  // nullptr, and a violation, if no such call was made.
  Record* Ran(uint64_t id) {
    if (id >= records_.size()) {
      violations_.push_back("a handler got a message that nobody sent");
      return nullptr;
    }
    ++records_[id].runs;
    return &records_[id];
  }
  // One-way messages of one sender (`key`) are numbered upwards and must come so.
  void CheckOrder(uint64_t key, uint64_t number);

  // The rules of outcomes.
  struct Expected {
    bool had_losses =
        false;  // a connection or a node was lost in this run, or closed by a planned fault
    bool never_late = false;  // nothing can have kept a call from its answer for kPatienceNs
  };
  static constexpr int64_t kPatienceNs = 1'000'000'000;
  void CheckAll(Expected expected);
  void Violate(const Record& record, const std::string& what);
  void Violate(const std::string& what) { violations_.push_back(what); }

  uint64_t open() const { return open_; }
  const std::deque<Record>& records() const { return records_; }
  const std::vector<std::string>& violations() const { return violations_; }
  const std::array<uint64_t, 4>& outcomes() const { return outcomes_; }

 private:
  std::deque<Record> records_;  // references stay
  std::map<uint64_t, uint64_t> last_number_;
  uint64_t open_ = 0;
  std::array<uint64_t, 4> outcomes_{};
  std::vector<std::string> violations_;
};

// Ends a record: with a status, or as abandoned when it is destroyed before there is one.
class Tracked {
 public:
  Tracked(Journal& journal, Record& record) : journal_(journal), record_(record) {}
  Tracked(const Tracked&) = delete;
  ~Tracked() {
    if (!ended_) journal_.Abandon(record_);
  }
  void End(const absl::Status& status, int64_t now_ns) {
    ended_ = true;
    journal_.End(record_, status, now_ns);
  }

 private:
  Journal& journal_;
  Record& record_;
  bool ended_ = false;
};

}  // namespace jackfield::sim_test

#endif  // JACKFIELD_TESTS_SIM_JOURNAL_H_
