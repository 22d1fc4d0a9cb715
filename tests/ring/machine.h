// A small machine that runs a lane's two ends in every order and with every old value that C++
// allows, one execution after the other.
//
// What it models. Each atomic word keeps all values ever stored; a load may return any that its
// party's view does not exclude, so a relaxed or acquire load can be stale and stores can be seen
// out of order. Views travel as in C++: with a release store to the acquire load that reads it, by
// fences, and through sequentially consistent fences in their total order. The frames' bytes are
// plain memory: an access that no synchronisation orders after the other party's last one is a data
// race, which is how a torn or an unpublished record shows. A bell carries nothing but the waking,
// although a real one is a system call and orders more. What it does not model: a load that returns
// a value stored later in the same party's program (load buffering), and orders between stores to
// one word by both parties (each word has one storer, which it checks).
//
// What it enumerates, depth first, by running the program again and again: at each access to a word
// or the bell, whether the other party runs instead (at most preemptions_max times where it need
// not); which value a load returns (at most stale_loads_max times an old one); after each store, to
// a word or to the frames' bytes, whether the party is killed there (at most once). A survivor
// learns of it through its bell and PeerGone, and then sees all that the dead party stored: so
// operating systems do it.
//
// Thread: one. Parties are coroutines on stacks of their own; nothing of theirs is destroyed when
// they are killed, so they own nothing.
#ifndef JACKFIELD_TESTS_RING_MACHINE_H_
#define JACKFIELD_TESTS_RING_MACHINE_H_

#include <ucontext.h>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace jackfield::ring_model {

inline constexpr int kWriter = 0;
inline constexpr int kReader = 1;

struct Bounds {
  uint32_t preemptions_max = 3;
  uint32_t stale_loads_max = 3;
  bool kills = true;
  uint64_t executions_max = UINT64_MAX;
};

// Memory orders taken away, to see that the machine finds what that breaks.
struct Weakening {
  int word = -1;  // by number (Machine::AddWord): its loads, or its stores, become relaxed
  bool stores = false;
  int fences_of = -1;  // this party's fences do nothing
};

class Machine {
 public:
  static constexpr uint32_t kWordsMax = 8;
  static constexpr uint32_t kDataWordsMax = 64;
  static constexpr uint32_t kStepsMax = 2000;  // of one execution: what takes more does not end

  using Body = void (*)(void* user, int party);

  Machine(const Bounds& bounds, const Weakening& weakening);
  ~Machine();
  Machine(const Machine&) = delete;

  // Runs `setup` and then both parties' bodies and then `check`, once for each execution, until all
  // are done or one fails. Returns whether all kept the properties.
  struct Program {
    void* user;
    void (*setup)(void* user);
    Body body;
    void (*check)(void* user);
  };
  bool ExploreAll(const Program& program);

  uint64_t executions() const { return executions_; }
  uint64_t steps() const { return steps_total_; }
  uint64_t kills() const { return kills_total_; }
  bool exhausted() const { return exhausted_; }  // nothing was left to try
  const std::string& failure() const { return failure_; }

  // ---- For the policy.

  int AddWord(uint64_t value);
  uint64_t Load(int word, std::memory_order order);
  void Store(int word, uint64_t value, std::memory_order order);
  void Fence();
  uint64_t LoadData(uint32_t index);
  void StoreData(uint32_t index, uint64_t value);

  // ---- For the program.

  void Ring();   // the other party's bell
  void Sleep();  // until the own bell has rung since the last Sleep, or the other is dead
  bool PeerGone();
  // The rule that was broken; the execution ends here. A party does not return from it.
  void Fail(const std::string& what);
  bool killed(int party) const { return parties_[party].killed; }
  // What a party with a perfect view would see.
  uint64_t Newest(int word) const { return words_[word].stores.back().value; }

  // The one that is running an execution: the policy's functions are static.
  static Machine* current;

 private:
  struct View {
    std::array<uint16_t, kWordsMax> seen{};  // of each word, the oldest value that may be read
    std::array<uint32_t, 2> epochs{};        // of each party, what happened before this
    void Join(const View& other);
    void JoinSeen(const View& other);
  };
  struct StoredValue {
    uint64_t value;
    View view;  // what its reader gets, if it acquires
  };
  struct Word {
    std::vector<StoredValue> stores;
    int storer = -1;
  };
  struct DataWord {
    uint64_t value = 0;
    int writer = -1;
    uint32_t written_at = 0;            // the writer's epoch
    std::array<uint32_t, 2> read_at{};  // each party's epoch at its last read
  };
  struct Party {
    ucontext_t context;
    std::unique_ptr<std::byte[]> stack;
    View view;      // what it has seen
    View acquired;  // what an acquire fence would add
    View released;  // at its last release fence
    bool bell = false, blocked = false, done = false, killed = false;
  };
  struct Choice {
    uint8_t chosen;
    uint8_t count;
  };

  void RunOnce(const Program& program);
  bool NextPath();
  uint32_t Choose(uint32_t count);
  void Step();
  void MayBeKilled();
  bool Runnable(int party) const;
  void SwitchTo(int party);
  void LeaveTo(int party);  // the other party, or the end
  void EndExecution();
  std::string Trace() const;
  static void Enter(uint32_t high, uint32_t low);
  int other() const { return 1 - running_; }

  const Bounds bounds_;
  const Weakening weakening_;
  const Program* program_ = nullptr;

  std::vector<Choice> path_;
  size_t depth_ = 0;

  // One execution.
  std::array<Party, 2> parties_;
  std::vector<Word> words_;
  std::array<DataWord, kDataWordsMax> data_;
  View sequential_;  // of the fences so far
  ucontext_t main_;
  int running_ = kWriter;
  uint32_t preemptions_ = 0, stale_loads_ = 0, steps_ = 0;
  bool inside_ = false;  // a party runs
  struct Event {
    const char* what;
    int word;
    uint64_t value;
  };
  std::vector<Event> trace_;

  uint64_t executions_ = 0, steps_total_ = 0, kills_total_ = 0;
  bool exhausted_ = false;
  std::string failure_;
};

}  // namespace jackfield::ring_model

#endif  // JACKFIELD_TESTS_RING_MACHINE_H_
