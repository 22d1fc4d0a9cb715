#include "tests/ring/machine.h"

#include <algorithm>
#include <cstdlib>

namespace jackfield::ring_model {
namespace {

constexpr size_t kStackBytes = 64 << 10;

bool Acquires(std::memory_order order) {
  return order == std::memory_order_acquire || order == std::memory_order_acq_rel;
}
bool Releases(std::memory_order order) {
  return order == std::memory_order_release || order == std::memory_order_acq_rel;
}

}  // namespace

Machine* Machine::current = nullptr;

void Machine::View::Join(const View& other) {
  JoinSeen(other);
  for (int i = 0; i < 2; ++i) epochs[i] = std::max(epochs[i], other.epochs[i]);
}

void Machine::View::JoinSeen(const View& other) {
  for (uint32_t i = 0; i < kWordsMax; ++i) seen[i] = std::max(seen[i], other.seen[i]);
}

Machine::Machine(const Bounds& bounds, const Weakening& weakening)
    : bounds_(bounds), weakening_(weakening) {
  for (Party& party : parties_) party.stack = std::make_unique<std::byte[]>(kStackBytes);
}

Machine::~Machine() = default;

// ---- The search.

bool Machine::ExploreAll(const Program& program) {
  program_ = &program;
  current = this;
  do {
    RunOnce(program);
    ++executions_;
    steps_total_ += steps_;
    if (!failure_.empty()) break;
  } while (NextPath() && executions_ < bounds_.executions_max);
  current = nullptr;
  return failure_.empty();
}

bool Machine::NextPath() {
  while (!path_.empty() && path_.back().chosen + 1 == path_.back().count) path_.pop_back();
  if (path_.empty()) {
    exhausted_ = true;
    return false;
  }
  ++path_.back().chosen;
  return true;
}

// 0 is what would happen without us.
uint32_t Machine::Choose(uint32_t count) {
  if (count < 2) return 0;
  if (depth_ == path_.size()) path_.push_back({0, static_cast<uint8_t>(count)});
  return path_[depth_++].chosen;
}

void Machine::RunOnce(const Program& program) {
  depth_ = 0;
  preemptions_ = stale_loads_ = steps_ = 0;
  words_.clear();
  data_ = {};
  sequential_ = {};
  trace_.clear();
  for (int i = 0; i < 2; ++i) {
    Party& party = parties_[i];
    party.view = party.acquired = party.released = View{};
    party.view.epochs[i] = 1;
    party.bell = party.blocked = party.done = party.killed = false;
    getcontext(&party.context);
    party.context.uc_stack = {party.stack.get(), 0, kStackBytes};
    party.context.uc_link = nullptr;
    const auto self = reinterpret_cast<uintptr_t>(this);
    makecontext(&party.context, reinterpret_cast<void (*)()>(&Machine::Enter), 2,
                static_cast<uint32_t>(uint64_t{self} >> 32), static_cast<uint32_t>(self));
  }
  program.setup(program.user);
  running_ = static_cast<int>(Choose(2));
  trace_.push_back({running_ == kWriter ? "\n  W:" : "\n  R:", -1, 0});
  inside_ = true;
  swapcontext(&main_, &parties_[running_].context);
  inside_ = false;
  if (failure_.empty()) program.check(program.user);
}

void Machine::Enter(uint32_t high, uint32_t low) {
  auto* self = reinterpret_cast<Machine*>(static_cast<uintptr_t>(uint64_t{high} << 32 | low));
  const int me = self->running_;
  self->program_->body(self->program_->user, me);
  self->parties_[me].done = true;
  self->LeaveTo(1 - me);
}

bool Machine::Runnable(int number) const {
  const Party& party = parties_[number];
  if (party.done || party.killed) return false;
  return !party.blocked || party.bell || parties_[1 - number].killed;
}

void Machine::SwitchTo(int party) {
  const int from = running_;
  running_ = party;
  trace_.push_back({party == kWriter ? "\n  W:" : "\n  R:", -1, 0});
  swapcontext(&parties_[from].context, &parties_[party].context);
}

// This party cannot go on.
void Machine::LeaveTo(int party) {
  if (Runnable(party)) return SwitchTo(party);
  const bool asleep = (parties_[0].blocked && !parties_[0].killed && !parties_[0].done) ||
                      (parties_[1].blocked && !parties_[1].killed && !parties_[1].done);
  if (asleep) Fail("a wake-up was lost: who sleeps will never be rung");
  EndExecution();
}

void Machine::EndExecution() { swapcontext(&parties_[running_].context, &main_); }

void Machine::Fail(const std::string& what) {
  failure_ = what + "; the execution was" + Trace();
  if (inside_) EndExecution();
}

void Machine::Step() {
  if (++steps_ > kStepsMax) Fail("it does not end");
  if (preemptions_ < bounds_.preemptions_max && Runnable(other()) && Choose(2) == 1) {
    ++preemptions_;
    SwitchTo(other());
  }
}

void Machine::MayBeKilled() {
  if (!bounds_.kills || parties_[0].killed || parties_[1].killed) return;
  if (Choose(2) == 0) return;
  trace_.push_back({" KILLED", -1, 0});
  ++kills_total_;
  parties_[running_].killed = true;
  LeaveTo(other());
}

std::string Machine::Trace() const {
  std::string text;
  for (const Event& event : trace_) {
    text += event.what;
    if (event.word < 0) continue;
    text += std::to_string(event.word) + "=" + std::to_string(event.value);
  }
  return text;
}

// ---- Memory.

int Machine::AddWord(uint64_t value) {
  if (words_.size() == kWordsMax) std::abort();
  words_.push_back({{{value, View{}}}, -1});
  return static_cast<int>(words_.size()) - 1;
}

uint64_t Machine::Load(int number, std::memory_order order) {
  Step();
  if (number == weakening_.word && !weakening_.stores) order = std::memory_order_relaxed;
  Party& me = parties_[running_];
  const Word& word = words_[number];
  const auto newest = static_cast<uint16_t>(word.stores.size() - 1);
  uint16_t at = newest;
  if (stale_loads_ < bounds_.stale_loads_max) {
    at = static_cast<uint16_t>(newest - Choose(newest - me.view.seen[number] + 1u));
    if (at != newest) ++stale_loads_;
  }
  const StoredValue& read = word.stores[at];
  me.view.seen[number] = at;
  me.acquired.Join(read.view);
  if (Acquires(order)) me.view.Join(read.view);
  trace_.push_back({at != newest ? " old" : " load", number, read.value});
  return read.value;
}

void Machine::Store(int number, uint64_t value, std::memory_order order) {
  Step();
  if (number == weakening_.word && weakening_.stores) order = std::memory_order_relaxed;
  Party& me = parties_[running_];
  Word& word = words_[number];
  if (word.storer >= 0 && word.storer != running_) Fail("a word is stored by both ends");
  word.storer = running_;
  const auto at = static_cast<uint16_t>(word.stores.size());
  me.view.seen[number] = at;
  View carried = me.released;
  if (Releases(order)) {
    carried = me.view;
    ++me.view.epochs[running_];
  }
  carried.seen[number] = at;
  word.stores.push_back({value, carried});
  trace_.push_back({" store", number, value});
  MayBeKilled();
}

void Machine::Fence() {
  Step();
  if (weakening_.fences_of == running_) return;
  Party& me = parties_[running_];
  me.view.Join(me.acquired);
  me.view.JoinSeen(sequential_);
  sequential_.JoinSeen(me.view);
  me.released = me.view;
  ++me.view.epochs[running_];
  trace_.push_back({" fence", -1, 0});
}

uint64_t Machine::LoadData(uint32_t index) {
  DataWord& word = data_[index];
  Party& me = parties_[running_];
  if (word.writer == other() && word.written_at > me.view.epochs[other()]) {
    Fail("a data race: it reads bytes that were not published to it");
  }
  word.read_at[running_] = me.view.epochs[running_];
  return word.value;
}

void Machine::StoreData(uint32_t index, uint64_t value) {
  DataWord& word = data_[index];
  Party& me = parties_[running_];
  if (word.read_at[other()] > me.view.epochs[other()]) {
    Fail("a data race: it writes bytes that the other may still read");
  }
  word.value = value;
  word.writer = running_;
  word.written_at = me.view.epochs[running_];
  MayBeKilled();
}

// ---- Waking, and death.

void Machine::Ring() {
  Step();
  parties_[other()].bell = true;
  trace_.push_back({" ring", -1, 0});
}

void Machine::Sleep() {
  Party& me = parties_[running_];
  trace_.push_back({" sleep", -1, 0});
  const int self = running_;
  while (!me.bell && !parties_[1 - self].killed) {
    me.blocked = true;
    LeaveTo(1 - self);
  }
  me.blocked = false;
  me.bell = false;
}

bool Machine::PeerGone() {
  const Party& peer = parties_[other()];
  if (!peer.killed) return false;
  Party& me = parties_[running_];
  me.view.Join(peer.view);
  return true;
}

}  // namespace jackfield::ring_model
