#include "transports/sim/sim_medium.h"

#include <algorithm>

#include "kernel/base/text.h"
#include "kernel/loop/loop.h"
#include "transports/sim/sim_end.h"

namespace jackfield {

size_t SimMedium::connections() const {
  return static_cast<size_t>(
             std::count_if(ends_.begin(), ends_.end(),
                           [](const SimEnd* end) { return end->peer() != nullptr; })) /
         2;
}

namespace {

// The first end of the connection at that place.
SimEnd* EndAt(const std::vector<SimEnd*>& ends, size_t connection) {
  std::vector<const SimEnd*> seen;
  for (SimEnd* end : ends) {
    if (end->peer() == nullptr || std::find(seen.begin(), seen.end(), end->peer()) != seen.end())
      continue;
    if (connection-- == 0) return end;
    seen.push_back(end);
  }
  return nullptr;
}

}  // namespace

bool SimMedium::Joins(size_t connection, const Loop& a, const Loop& b) const {
  const SimEnd* end = EndAt(ends_, connection);
  if (end == nullptr) return false;
  const Loop* one = &end->loop();
  const Loop* other = &end->peer()->loop();
  return (one == &a && other == &b) || (one == &b && other == &a);
}

void SimMedium::Cut(size_t connection, InFlight in_flight) {
  SimEnd* end = EndAt(ends_, connection);
  if (end == nullptr) return;
  ++losses_;
  end->peer()->Lose(in_flight);
  end->Lose(in_flight);
}

void SimMedium::Stall(size_t connection, int64_t until_ns) {
  SimEnd* end = EndAt(ends_, connection);
  if (end == nullptr) return;
  end->Stall(until_ns);
  end->peer()->Stall(until_ns);
}

void SimMedium::Crash(const Loop& loop, InFlight in_flight) {
  for (SimEnd* end : ends_) {
    if (&end->loop() != &loop) continue;
    end->Mute();
    if (end->peer() == nullptr) continue;
    ++losses_;
    SimEnd* peer = end->peer();
    peer->Lose(in_flight);
    end->Lose(in_flight);
  }
}

void SimMedium::Partition(const Loop& a, const Loop& b, int64_t until_ns) {
  parts_.push_back({a.epoch(), b.epoch(), until_ns});
  for (size_t i = 0; i < connections(); ++i) {
    if (Joins(i, a, b)) Stall(i, until_ns);
  }
}

bool SimMedium::Parted(const Loop& a, const Loop& b, int64_t now_ns) const {
  return std::any_of(parts_.begin(), parts_.end(), [&](const Part& part) {
    return now_ns < part.until_ns && ((part.a == a.epoch() && part.b == b.epoch()) ||
                                      (part.a == b.epoch() && part.b == a.epoch()));
  });
}

absl::Status SimMedium::Enter() {
  const std::lock_guard<std::mutex> lock(thread_mutex_);
  if (users_ == 0) thread_ = std::this_thread::get_id();
  if (thread_ == std::this_thread::get_id()) {
    ++users_;
    return absl::OkStatus();
  }
  return absl::FailedPreconditionError(
      "sim: joins nodes that one thread drives, and another thread uses it now; between threads "
      "use inproc:");
}

void SimMedium::Leave() {
  const std::lock_guard<std::mutex> lock(thread_mutex_);
  --users_;
}

SimListener* SimMedium::Find(const std::string& target) const {
  const auto place = listeners_.find(target);
  return place == listeners_.end() ? nullptr : place->second;
}

void SimMedium::Add(const std::string& target, SimListener& listener) {
  listeners_.emplace(target, &listener);
}
void SimMedium::Remove(const std::string& target) { listeners_.erase(target); }

std::string SimMedium::NewTarget() {
  std::string target;
  do {
    target = Text("chosen-", ++targets_made_);
  } while (Find(target) != nullptr);
  return target;
}

void SimMedium::AddEnd(SimEnd& end) {
  ends_.push_back(&end);
  const std::lock_guard<std::mutex> lock(thread_mutex_);
  ++users_;
}

void SimMedium::RemoveEnd(SimEnd& end) {
  std::erase(ends_, &end);
  Leave();
}

void SimMedium::NoteArrival(int64_t now_ns, uint64_t from_epoch, const Loop& to,
                            std::span<const std::byte> frame) {
  ++frames_arrived_;
  const uint64_t when_and_who[] = {static_cast<uint64_t>(now_ns), from_epoch, to.epoch(),
                                   frame.size()};
  Hash(std::as_bytes(std::span(when_and_who)));
  Hash(frame);
}

void SimMedium::Hash(std::span<const std::byte> bytes) {
  for (const std::byte byte : bytes)
    trace_hash_ = (trace_hash_ ^ static_cast<uint64_t>(byte)) * 1099511628211u;
}

}  // namespace jackfield
