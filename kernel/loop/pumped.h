// What a loop pumps: something with work that comes bit by bit, such as a link. It is asleep, and
// then the reactor or a timer wakes it; or awake, and then each turn of its loop does a piece of
// it.
//
// Thread: the loop's. Ownership: the loop's (Loop::Add), or another's, inside something that is.
#ifndef JACKFIELD_KERNEL_LOOP_PUMPED_H_
#define JACKFIELD_KERNEL_LOOP_PUMPED_H_

#include <cstdint>

namespace jackfield {

class Pumped {
 public:
  virtual ~Pumped() = default;
  Pumped(const Pumped&) = delete;

  // Does what there is to do now. resting: the loop will not call again until it is woken, so
  // it arms what will wake it.
  virtual void Turn(bool resting) = 0;
  // It has gone to sleep: gives back the memory that it does not need.
  virtual void Rest() = 0;
  // Nothing happened in its turn: is it worth another soon, without anything to wake it?
  virtual bool StaysAwake() const = 0;
  // Nobody wants it any more: it ends, now or after some turns. It is destroyed once it has ended.
  virtual void End() = 0;
  virtual bool ended() const = 0;

 protected:
  Pumped() = default;

  uint32_t activity_ = 0;  // grows with all that happens to it
  bool woken_ = false;     // since its last turn; a turn makes it false
  // 1: a turn in which there is nothing to do costs a system call, so there should not be many. 0:
  // it only looks at memory.
  uint32_t look_costs_ = 1;

 private:
  friend class Loop;
  bool awake_ = false, removed_ = false;
  uint8_t quiet_turns_ = 0;   // in a row, while it is awake
  uint8_t patience_ = 0;      // with so many of them it rests
  uint32_t rested_pass_ = 0;  // of the loop, when it did last
};

}  // namespace jackfield

#endif  // JACKFIELD_KERNEL_LOOP_PUMPED_H_
