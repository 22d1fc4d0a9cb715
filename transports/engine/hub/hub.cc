#include "transports/engine/hub/hub.h"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "kernel/base/outcome.h"
#include "kernel/base/text.h"
#include "kernel/base/units.h"
#include "transports/engine/hub/hub_driver.h"

namespace jackfield {
namespace {

constexpr int64_t kAnswerNs = 2'000'000'000;  // a server that lives answers a greeting within
constexpr int64_t kGreetAgainNs = 1'000'000;  // the endpoint was full
constexpr int64_t kLookNs = 10'000'000;  // at whether the server lives, while it has not answered
constexpr int kLooksPerTurn = 16;
constexpr uint64_t kAloneToBelieve = 4;
constexpr int64_t kWaitAgainNs = 10'000'000;  // the wait itself failed

void CloseFds(HubArrival& arrival) {
  for (uint8_t i = 0; i < arrival.fd_count; ++i) close(arrival.fds[i]);
  arrival.fd_count = 0;
}

class HubOpening final : public Opening {
 public:
  explicit HubOpening(Hub& hub) : hub_(hub) { hub_.Join(); }
  ~HubOpening() override {
    hub_.StopAdmitting();
    hub_.Leave();
  }

 private:
  Hub& hub_;
};

}  // namespace

std::unique_ptr<Opening> MakeHubServer(Loop& loop, LinkSink& sink,
                                       std::unique_ptr<HubMedium> medium, HubLimits limits,
                                       Address actual) {
  std::string what = actual.ToString();
  return std::make_unique<HubOpening>(*new Hub(loop, sink, std::move(medium), limits, Role::kServe,
                                               std::move(actual), std::move(what)));
}

std::unique_ptr<Opening> MakeHubClient(Loop& loop, LinkSink& sink,
                                       std::unique_ptr<HubMedium> medium, HubLimits limits,
                                       std::string what) {
  limits.peers_max = 1;
  return std::make_unique<HubOpening>(
      *new Hub(loop, sink, std::move(medium), limits, Role::kConnect, Address(), std::move(what)));
}

Hub::Hub(Loop& loop, LinkSink& sink, std::unique_ptr<HubMedium> medium, HubLimits limits, Role role,
         Address actual, std::string what)
    : loop_(loop),
      sink_(&sink),
      medium_(std::move(medium)),
      limits_(limits),
      role_(role),
      actual_(std::move(actual)),
      what_(std::move(what)),
      read_op_([](Op& op, int32_t result) { static_cast<Hub*>(op.user)->OnReady(result); }, this),
      chores_([](Timer& timer) { static_cast<Hub*>(timer.user)->Chores(); }, this) {
  loop_.timers().Arm(chores_, 0);  // the sink is not called from inside Open
}

Hub::~Hub() {
  loop_.timers().Cancel(chores_);
  if (spare_ != nullptr) spare_->Free();
}

void Hub::Leave() {
  --users_;
  ListenInItsPlace();
  FinishIfUnused();
}

// A driver that leaves may have been the only one to arm the endpoint: the endpoint is armed again
// on behalf of the others, which rest. A wait that is under way does not show that it is armed: a
// look may have taken back what that wait was told, and only the next rest prepares the medium
// again.
void Hub::ListenInItsPlace() {
  if (users_ != 0 && !broken_) loop_.timers().Arm(chores_, 0);
}

void Hub::FinishIfUnused() {
  if (users_ != 0) return;
  if (read_op_.pending) return loop_.reactor().Cancel(read_op_);  // OnReady comes back here
  delete this;
}

void Hub::StopAdmitting() {
  sink_ = nullptr;
  loop_.timers().Cancel(chores_);
  if (role_ == Role::kServe) medium_->CloseDoor();
  if (role_ == Role::kConnect && began_ && !admitted_any_) medium_->GiveUp();
  admitted_.clear();
}

// ---- Receiving.

Hub::Looked Hub::Read() {
  if (broken_) return Looked::kNothing;
  if (held_batches_ >= kBatchesMax || full_peers_ > 0) {
    starved_ = true;
    return Looked::kBlocked;
  }
  HubBatch* batch = std::exchange(spare_, nullptr);
  if (batch == nullptr) batch = NewBatch();
  if (batch == nullptr) return Looked::kBlocked;
  const bool alone = alone_ >= kAloneToBelieve;
  batch->Want(alone ? 1 : HubBatch::kSlotsMax);
  const int got = medium_->Receive(*batch);
  if (alone || got < static_cast<int>(batch->slots())) drained_in_pass_ = loop_.pass();
  Learn(got > 0 ? static_cast<uint32_t>(got) : 0);
  if (got > 0) {
    batch->references = 1;  // ours, while they are handed out
    ++held_batches_;
    for (int i = 0; i < got; ++i) Dispatch(batch->slot(static_cast<uint32_t>(i)));
    if (--batch->references == 0) {
      --held_batches_;
      spare_ = batch;
    }
    return Looked::kSomething;
  }
  spare_ = batch;
  if (got < 0) Break(-got);
  return Looked::kNothing;
}

// All that the hub holds, for all its peers, is a quarter of the node's memory at most.
HubBatch* Hub::NewBatch() {
  const uint32_t bytes_max = medium_->arrival_bytes_max();
  const uint64_t fit = loop_.blocks().bytes_max() / (4 * kBatchesMax) / bytes_max;
  const auto slots =
      static_cast<uint32_t>(std::clamp<uint64_t>(fit, 1, medium_->arrivals_at_once()));
  HubBatch* batch = HubBatch::Make(loop_.blocks(), bytes_max, slots);
  if (batch == nullptr) batch = HubBatch::Make(loop_.blocks(), bytes_max, 1);
  if (batch == nullptr) loop_.blocks().budget().Await(*this);
  return batch;
}

void Hub::OnMemory() { OnReady(0); }  // what has come meanwhile was left where it is

// Question and answer alternate: while each read brings one datagram and the next brings none, one
// is asked for, and the read that would come back empty is left out.
void Hub::Learn(uint32_t got) {
  if (got == 0)
    alone_ += got_last_ == 1 ? 1 : 0;
  else if (got > 1 || got_last_ > 0)
    alone_ = 0;
  got_last_ = got;
}

void Hub::Dispatch(HubSlot& slot) {
  HubArrival& arrival = slot.arrival;
  using What = HubArrival::What;
  const auto found = peers_.find(arrival.from);
  HubDriver* const driver = found == peers_.end() ? nullptr : found->second;
  switch (arrival.what) {
    case What::kNothing:
      break;
    case What::kOpens:
      if (driver == nullptr) Open(slot);
      if (driver == nullptr || !arrival.opens_with_frame) break;
      [[fallthrough]];  // of a peer that is known it is a frame
    case What::kFrame:
      if (driver == nullptr) {
        ++counters_.strays;
        break;
      }
      if (driver->full() && !limits_.reliable) {
        ++counters_.dropped;
        break;
      }
      driver->Take(slot);
      return;
    case What::kRefused:
      if (role_ == Role::kConnect && driver == nullptr && peers_.empty()) {
        FailOpening(MakeStatus(Outcome::kRefused, arrival.reason,
                               Text(what_, ": refused: ",
                                    Escaped({reinterpret_cast<const char*>(arrival.data),
                                             std::min(arrival.bytes, 500u)}))));
      }
      break;
    case What::kCorrupt:
      if (driver == nullptr) {
        ++counters_.strays;
      } else {
        driver->PeerGone(
            MakeStatus(Outcome::kFailed, Reason::kCorrupt, Text("corrupt message on ", what_)),
            HubDriver::Drained::kYes);
      }
      break;
    case What::kEnds:
    case What::kGone:
      if (driver != nullptr) {
        driver->PeerGone(
            MakeStatus(Outcome::kFailed, Reason::kPeerDied,
                       Text(what_, ": the other end has gone")),
            arrival.what == What::kEnds ? HubDriver::Drained::kYes : HubDriver::Drained::kNotYet);
      } else if (role_ == Role::kConnect && peers_.empty()) {
        FailOpening(MakeStatus(Outcome::kRefused, Reason::kUnreachable,
                               Text(what_, ": the server has gone before it answered")));
      }
      break;
  }
  CloseFds(arrival);
}

void Hub::Open(HubSlot& slot) {
  HubArrival& arrival = slot.arrival;
  if (sink_ == nullptr) {
    ++counters_.refused;
    if (role_ == Role::kServe) medium_->RefuseAdmission(arrival, "the service is closing");
    return CloseFds(arrival);
  }
  if (!HasPlace()) {
    ++counters_.refused;
    const std::string why =
        Text(what_, " has as many clients as it takes (peers_max ", limits_.peers_max, ")");
    medium_->RefuseAdmission(arrival, why);
    NoteRefused(Refused(Reason::kResource, why));
    return CloseFds(arrival);
  }
  absl::StatusOr<HubAdmission> admission = medium_->Admit(arrival);
  CloseFds(arrival);  // what the medium did not take over
  if (!admission.ok()) {
    ++counters_.refused;
    if (role_ == Role::kConnect) return FailOpening(admission.status());
    return NoteRefused(absl::Status(admission.status().code(),
                                    Text(what_, ": ", std::string(admission.status().message()))));
  }
  const HubKey key = admission->key;
  AddDriver(*std::move(admission));
  if (!arrival.opens_with_frame) return;
  peers_.at(key)->Take(slot);
}

bool Hub::HasPlace() {
  if (peers_.size() < limits_.peers_max) return true;
  const int64_t now_ns = loop_.now_ns();
  if (limits_.silent_ns == 0 || now_ns < all_heard_until_ns_) return false;
  const auto silent_longest = std::min_element(
      peers_.begin(), peers_.end(),
      [](const auto& a, const auto& b) { return a.second->heard_ns() < b.second->heard_ns(); });
  HubDriver& driver = *silent_longest->second;
  all_heard_until_ns_ = driver.heard_ns() + limits_.silent_ns;
  if (now_ns < all_heard_until_ns_) return false;
  driver.PeerGone(MakeStatus(Outcome::kFailed, Reason::kPeerDied,
                             Text(what_, ": not heard for ", FormatDurationNs(limits_.silent_ns),
                                  " or more, and a new peer needed the place (peers_max ",
                                  limits_.peers_max, ")")),
                  HubDriver::Drained::kYes);
  Forget(driver);
  return true;
}

void Hub::AddDriver(HubAdmission admission) {
  auto driver = std::make_unique<HubDriver>(*this, admission.key, std::move(admission.peer));
  peers_[admission.key] = driver.get();
  admitted_any_ = true;
  admitted_.emplace_back(std::move(driver), std::move(admission.traits));
  loop_.timers().Arm(chores_, 0);
}

void Hub::Release(HubSlot& slot) {
  CloseFds(slot.arrival);
  HubBatch* const batch = slot.batch;
  if (--batch->references > 0) return;
  --held_batches_;
  if (spare_ == nullptr)
    spare_ = batch;
  else
    batch->Free();
  if (std::exchange(starved_, false)) Arm();
}

void Hub::Forget(HubDriver& driver) {
  const auto found = peers_.find(driver.key());
  if (found == peers_.end() || found->second != &driver) return;
  peers_.erase(found);
  if (role_ == Role::kServe) return ListenInItsPlace();
  broken_ = true;  // its one link has ended
  if (read_op_.pending) loop_.reactor().Cancel(read_op_);
}

// ---- Waiting.

bool Hub::Arm() {
  if (broken_) return true;
  // Even with the wait under way: what it waits for may have been taken by a look in between.
  if (linked()) return true;  // it waits for memory: OnMemory arms again
  if (!medium_->PrepareWait()) return false;
  if (spare_ != nullptr) std::exchange(spare_, nullptr)->Free();
  if (read_op_.pending) return true;
  loop_.reactor().Start(read_op_, medium_->readable_fd(), POLLIN);
  return true;
}

void Hub::OnReady(int32_t result) {
  if (users_ == 0) return FinishIfUnused();
  if (broken_) return;
  if (result < 0) return loop_.timers().Arm(chores_, loop_.clock().NowNs() + kWaitAgainNs);
  LookForAll();
}

void Hub::LookForAll() {
  // A link that gets a frame is woken, and arms again when it rests. What is for nobody wakes
  // nobody.
  const uint32_t held = held_batches_;
  Looked looked = Looked::kSomething;
  for (int i = 0; i < kLooksPerTurn && looked == Looked::kSomething && held_batches_ == held; ++i)
    looked = Read();
  if (held_batches_ > held || broken_ || starved_) return;  // starved: Release arms again
  if (looked == Looked::kBlocked) return;                   // no memory: OnMemory
  if (!Arm()) loop_.timers().Arm(chores_, 0);
}

// ---- The opening. Every call to the sink is made here, and is the last thing that is done.

void Hub::Chores() {
  if (users_ == 0 || (broken_ && opening_failed_.ok())) return;
  ++users_;  // the sink may destroy the opening
  DoChores();
  --users_;
  FinishIfUnused();
}

void Hub::DoChores() {
  if (role_ == Role::kServe) {
    if (!std::exchange(began_, true) && sink_ != nullptr) sink_->OnServing(actual_);
  } else if (!began_) {
    Greet();
  } else if (opening_failed_.ok() && peers_.empty() && sink_ != nullptr) {
    if (loop_.clock().NowNs() >= give_up_ns_) {
      opening_failed_ =
          MakeStatus(Outcome::kRefused, Reason::kUnreachable,
                     Text(what_, ": no answer within ", kAnswerNs / 1'000'000, " ms"));
    } else {
      opening_failed_ = medium_->CanBeAnswered();
    }
  }
  const bool handed_over = !admitted_.empty();
  HandOver();
  if (!opening_failed_.ok() && sink_ != nullptr)
    return std::exchange(sink_, nullptr)->OnOpenFailed(opening_failed_);
  if (!refused_.ok() && sink_ != nullptr)
    sink_->OnRefused(std::exchange(refused_, absl::OkStatus()));
  if (handed_over) return;   // the new links read, and arm when they rest
  if (!Arm()) LookForAll();  // the medium has something already, and perhaps every link rests
  if (began_ && !chores_.armed() && role_ == Role::kConnect && sink_ != nullptr && peers_.empty())
    loop_.timers().Arm(chores_, std::min(give_up_ns_, loop_.clock().NowNs() + kLookNs));
}

void Hub::Greet() {
  absl::StatusOr<HubMedium::Greeted> greeted = medium_->Greet();
  const int64_t now_ns = loop_.clock().NowNs();
  if (give_up_ns_ == 0) give_up_ns_ = now_ns + kAnswerNs;
  if (!greeted.ok()) return FailOpening(greeted.status());
  if (*greeted == HubMedium::Greeted::kNoRoom) {
    if (now_ns < give_up_ns_) return loop_.timers().Arm(chores_, now_ns + kGreetAgainNs);
    return FailOpening(MakeStatus(
        Outcome::kRefused, Reason::kUnreachable,
        Text(what_, ": the server's queue has been full for ", kAnswerNs / 1'000'000, " ms")));
  }
  began_ = true;
  if (*greeted != HubMedium::Greeted::kAdmitted) return;
  HubArrival nothing;
  absl::StatusOr<HubAdmission> admission = medium_->Admit(nothing);
  if (!admission.ok()) return FailOpening(admission.status());
  AddDriver(*std::move(admission));
}

void Hub::HandOver() {
  while (sink_ != nullptr && !admitted_.empty()) {
    auto [driver, traits] = std::move(admitted_.front());
    admitted_.erase(admitted_.begin());
    sink_->OnLink(std::move(driver), std::move(traits));
    if (role_ == Role::kConnect) sink_ = nullptr;  // one link, and no word after it
  }
}

void Hub::FailOpening(absl::Status why) {
  if (!opening_failed_.ok() || sink_ == nullptr) return;
  opening_failed_ = std::move(why);
  loop_.timers().Arm(chores_, 0);
}

void Hub::NoteRefused(absl::Status why) {
  refused_ = std::move(why);
  loop_.timers().Arm(chores_, 0);
}

void Hub::Break(int error) {
  broken_ = true;
  const absl::Status why = medium_->WhyBroken(error, what_);
  const auto peers = peers_;  // the end of one may change the table
  for (const auto& [key, driver] : peers) driver->PeerGone(why, HubDriver::Drained::kYes);
  FailOpening(why);
}

}  // namespace jackfield
