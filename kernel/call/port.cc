#include "kernel/call/port.h"

#include <algorithm>
#include <new>

#include "kernel/base/check.h"
#include "kernel/base/text.h"
#include "kernel/base/thrown.h"
#include "kernel/call/port_listener.h"
#include "kernel/call/port_seat.h"
#include "kernel/call_chain.h"
#include "kernel/common_params.h"
#include "kernel/registry.h"

namespace jackfield {
namespace {

// While priorities are in use, handlers may run this long before the links are looked at for more
// urgent frames.
constexpr int64_t kDispatchNsMax = 200'000;
constexpr int kDispatchMax = 256;

}  // namespace

Port::Port(Node& node, PortOptions options)
    : node_(node),
      service_number_(node.NewServiceNumber()),
      options_(options),
      notes_(node),
      deadline_timer_([](Timer& timer) { static_cast<Port*>(timer.user)->OnDeadline(); }, this),
      work_timer_([](Timer& timer) { static_cast<Port*>(timer.user)->Work(); }, this) {
  node.ports().PushBack(*this);
}

absl::StatusOr<std::unique_ptr<Port>> Port::Open(Node& node,
                                                 const std::vector<std::string>& addresses,
                                                 PortOptions options) {
  if (absl::Status status = node.Usable(); !status.ok()) return status;
  if (options.handlers_max == 0) return absl::InvalidArgumentError("handlers_max is at least 1");
  std::unique_ptr<Port> port(new Port(node, options));
  for (const std::string& address : addresses) {
    absl::StatusOr<std::unique_ptr<Listener>> listener = port->NewListener(address);
    if (!listener.ok()) return listener.status();
    port->openings_.push_back(*std::move(listener));
    if (absl::Status status = port->openings_.back()->Open(); !status.ok()) return status;
  }
  port->ListAddresses();
  return port;
}

Port::~Port() {
  openings_.clear();
  for (auto& seat : seats_) {
    seat->session().AckNow();
    seat->session().Fail(MakeStatus(Outcome::kFailed, Reason::kClosed, "the port was destroyed"));
  }
  TellLoss();
  while (ServerCall* call = running_.front()) End(*call);
  while (ServerCall* call = ended_.front()) End(*call);
  for (auto& inbox : inbox_) {
    while (ServerCall* call = inbox.front()) End(*call);
  }
  EndReceivers();
  node_.timers().Cancel(deadline_timer_);
  node_.timers().Cancel(work_timer_);
}

// ---- Handlers.

std::vector<Port::HandlerEntry>::iterator Port::PlaceOf(uint32_t type) {
  return std::lower_bound(handlers_.begin(), handlers_.end(), type,
                          [](const HandlerEntry& e, uint32_t t) { return e.type < t; });
}

Port::HandlerEntry* Port::NewEntry(uint32_t type) {
  const auto place = PlaceOf(type);
  if (place != handlers_.end() && place->type == type) {
    failure_ = Refused(Reason::kMisuse,
                       Text(node_.name(), ": two handlers for the messages of one type, ", type,
                            " (", NameOf(type),
                            "); serve each interface once, and on a port of its own if the "
                            "numbers of two names collide"));
    place->task.Reset();
    place->plain = [this](ServerCall& call) {
      if (!call.one_way_)
        call.Refuse(failure_).IgnoreError();
      else if (call.session_ != nullptr)
        ++call.session_->counters().dropped;
    };
    return nullptr;
  }
  HandlerEntry entry;
  entry.type = type;
  return &*handlers_.insert(place, std::move(entry));
}

Port::HandlerEntry* Port::Find(uint32_t type) {
  const auto place = PlaceOf(type);
  return place != handlers_.end() && place->type == type ? &*place : nullptr;
}

void Port::Handle(uint32_t type, Handler handler) {
  if (HandlerEntry* entry = NewEntry(type)) entry->plain = std::move(handler);
}

void Port::HandleTask(uint32_t type, TaskHandler handler) {
  if (HandlerEntry* entry = NewEntry(type)) entry->task = std::move(handler);
}

// ---- From a frame to a handler.

absl::Status Port::NoMemory() const {
  return MakeStatus(Outcome::kFailed, Reason::kResource,
                    Text("no message memory: ", node_.blocks().budget().Describe()));
}

// What comes for the call from now on finds it.
void Port::Remember(ServerCall& call) {
  call.place_.session = call.session_;
  call.place_.call_id = call.call_id_;
  call.place_.call = &call;
  calls_.Insert(call.place_);
}

std::optional<CallUnderWay> Port::oldest_call() const {
  std::optional<CallUnderWay> oldest;
  const auto look = [&oldest](const List<ServerCall, CallTag>& calls) {
    for (ServerCall* call = calls.front(); call != nullptr; call = calls.next(call)) {
      if (!call->answered() && call->stream() == nullptr &&
          (!oldest || call->came_ns_ < oldest->begun_ns))
        oldest = {call->type(), call->came_ns_};
    }
  };
  for (const auto& waiting : inbox_) look(waiting);
  look(running_);
  return oldest;
}

void Port::Take(const PortSeat& seat, Session& session, Session::Received& received) {
  const FrameHeader& header = received.header;
  const FrameKind kind = header.kind();
  if (kind != FrameKind::Request && kind != FrameKind::OneWay) {
    ServerCall* call = calls_.Find(session, header.call_id());
    if (call == nullptr) return;  // it has ended here while this was on its way
    if (kind == FrameKind::Cancel) {
      const auto code = static_cast<absl::StatusCode>(header.code());
      return call->Cancel(code == absl::StatusCode::kDeadlineExceeded
                              ? ServerCall::CancelledBy::kDeadline
                              : ServerCall::CancelledBy::kCaller);
    }
    if (call->stream_ == nullptr) return;
    if (kind == FrameKind::ItemsEnd) return call->stream_->EndReads();
    if (kind == FrameKind::StreamGrant) return call->stream_->OnGrant(header.message_type());
    if (kind == FrameKind::Item && !call->stream_->Deliver(received)) {
      session.Fail(NoMemory());
    }
    return;
  }
  Block block = session.memory().Get(sizeof(ServerCall));
  if (!block) return session.Fail(NoMemory());  // the session has asked before: the system has none
  void* at = block.data();
  auto& call = *new (at) ServerCall(node_);
  call.self_ = std::move(block);
  call.port_ = this;
  call.session_ = &session;
  call.message_ = std::move(received.message);
  call.call_id_ = header.call_id();
  call.priority_ = header.priority();
  call.one_way_ = kind == FrameKind::OneWay;
  call.came_ns_ = node_.now_ns();
  if (!received.extension.empty()) [[unlikely]]
    call.BeginTrace(received.extension);
  if (options_.gate != nullptr && IsDenied(seat, call)) [[unlikely]]
    return;
  if (header.budget_us() != kNoDeadline)
    call.deadline_ns_ = node_.now_ns() + int64_t{header.budget_us()} * 1000;
  if ((header.flags() & static_cast<uint8_t>(wire::FrameFlag::Stream)) != 0) {
    call.stream_ = std::make_unique<StreamEnd>();
    call.stream_->Bind(session, call.call_id_, call.priority_);
    call.stream_budget_us_ = header.budget_us();
  }
  const bool now = pace_ == Pace::kDispatches && !mixed_priorities_ && waiting_ == 0 && !Busy() &&
                   !dispatching_ && session.outbox_empty() &&
                   (!pulls_ || Find(call.type()) != nullptr);
  if (now) {
    HandlerEntry* entry = Find(call.type());
    if (entry != nullptr && entry->plain &&
        call.stream_ == nullptr) {  // the common case: nothing is copied or listed
      // Before it runs: what the handler sends must not acknowledge a message that it then holds.
      session.KeepUnhandled(received, call.unhandled_);
      if (Dispatch(call, entry)) Remember(call);
      return;
    }
  }
  // A cyclic call is refused before it is queued: the calls ahead may be waiting for this one.
  if (!now) {
    if (absl::Status refusal = CheckChain(call); !refusal.ok()) {
      call.Refuse(refusal).IgnoreError();
      return End(call);
    }
  }
  if (!call.message_.Keep(session.memory())) {
    if (!call.one_way_) {
      call.Refuse(NoMemory()).IgnoreError();
      return End(call);
    }
    session.Fail(NoMemory());  // nobody waits for an answer that could say it
    call.session_ = nullptr;
    return End(call);
  }
  session.KeepUnhandled(received, call.unhandled_);
  if (!now) return Queue(call);
  if (Dispatch(call, Find(call.type()))) Remember(call);
}

void Port::Queue(ServerCall& call) {
  inbox_[call.priority_].PushBack(call);
  Remember(call);
  ++waiting_;
  // When the link has been drained PortSeat dispatches; without a link to do so, a handler's end
  // does.
}

absl::Status Port::CheckChain(const ServerCall& call) const {
  const std::span<const std::byte> chain = call.chain();
  if (call.one_way_ || chain.empty() || options_.reentrant ||
      !FindInChain(chain, service_number_).found)
    return absl::OkStatus();
  return Refused(Reason::kDeadlock, Text("deadlock: ", DescribeChain(chain), " → ", node_.name(),
                                         " would wait for itself; make one of these "
                                         "calls one-way, or declare ",
                                         node_.name(), " reentrant (PortOptions.reentrant)"));
}

// Returns whether the call lives on.
bool Port::Dispatch(ServerCall& call, HandlerEntry* entry) {
  // Nobody waits for it any more: it was cancelled, or its time ran out, in the queue.
  if (call.cancelled_ ||
      (call.deadline_ns_ <= node_.now_ns() && call.deadline_ns_ <= node_.clock().NowNs())) {
    if (call.session_ != nullptr) ++call.session_->counters().expired;
    return End(call), false;
  }
  running_.PushBack(call);
  ++under_way_;
  call.stage_ = ServerCall::Stage::kRuns;
  if (call.trace_ != nullptr) [[unlikely]]
    call.trace_->handled_ns = node_.clock().NowNs();
  absl::Status refusal = life_ != Life::kServes && call.stream_ != nullptr
                             ? Refused(Reason::kClosed, Text(node_.name(), " is closing"))
                             : CheckChain(call);
  node_.SetCurrentCall(&call);
  if (!refusal.ok()) {
    if (!call.one_way_)
      call.Refuse(refusal).IgnoreError();
    else if (call.session_ != nullptr)
      ++call.session_->counters().dropped;
  } else if (entry != nullptr && entry->task) {
    try {
      StartTask(call, entry->task(call));
    } catch (...) {
      if (LivesAfterThrow(call)) return true;
    }
  } else if (entry != nullptr && entry->plain) {
    try {
      entry->plain(call);
    } catch (...) {
      if (LivesAfterThrow(call)) return true;
    }
  } else if (OfferToReceivers(call)) {
    return true;  // it is the receiver's, until Finish
  } else if (!call.one_way_) {
    call.Refuse(Refused(Reason::kUnknownMethod,
                        UnknownMethodText(node_.name(), call.type(), interfaces_)))
        .IgnoreError();
  } else if (call.session_ != nullptr) {
    ++call.session_->counters().dropped;
  }
  node_.SetCurrentCall(nullptr);
  if (call.task_) {
    if (call.task_.done()) return End(call), false;
    call.stage_ = ServerCall::Stage::kGoesOn;
    return true;
  }
  if (call.held_ && !call.answered_ && !call.one_way_) {
    call.stage_ = ServerCall::Stage::kHeld;
    WatchDeadline(call);
    return true;
  }
  if (!call.answered_ && !call.one_way_)
    call.Fail(absl::InternalError("the handler returned without an answer")).IgnoreError();
  End(call);
  return false;
}

void Port::StartTask(ServerCall& call, Task<absl::Status> task) {
  WatchDeadline(call);
  if (call.stage_ == ServerCall::Stage::kHeld) call.stage_ = ServerCall::Stage::kGoesOn;
  call.task_ = std::move(task);
  call.task_.Start(
      [](void* user) {
        auto& call = *static_cast<ServerCall*>(user);
        if (call.task_.threw()) [[unlikely]] {
          call.port_->FailThrown(call, call.task_.thrown());
        } else if (const absl::Status status = call.task_.TakeResult();
                   !call.answered_ && !call.one_way_) {
          call.Fail(!status.ok() ? status
                                 : absl::InternalError("the handler ended without an answer"))
              .IgnoreError();
        }
        if (call.stage_ == ServerCall::Stage::kRuns)
          return;  // it has not waited for anything: Dispatch ends it
        call.Unlink();
        call.place_.Unlink();
        call.port_->ended_.PushBack(call);  // not from within its own coroutine
        call.node_.timers().Arm(call.port_->work_timer_, 0);
      },
      &call);
}

void Port::FailThrown(ServerCall& call, const std::exception_ptr& thrown) {
  const std::string where = Text(NameOf(call.type()), ": the handler");
  if (call.one_way_ || call.answered_) return SayThrown(where, thrown);
  call.Fail(absl::InternalError(Text(where, " threw: ", TextOf(thrown))))
      .IgnoreError();  // its caller has gone then
}

// Has the handler that threw given the call away (Hold)? Then it lives until whoever has it answers
// it, in vain; but it counts no more among those under way. Requires: inside a catch.
bool Port::LivesAfterThrow(ServerCall& call) {
  FailThrown(call, std::current_exception());
  if (!call.held_ || call.task_ || call.one_way_) return false;
  call.stage_ = ServerCall::Stage::kForsaken;
  --under_way_;
  node_.SetCurrentCall(nullptr);
  WatchDeadline(call);
  if (waiting_ > 0 && !dispatching_) node_.timers().Arm(work_timer_, 0);
  return true;
}

std::string Port::NameOf(uint32_t type) const {
  for (const Interface* interface : interfaces_) {
    for (const Method& method : interface->methods) {
      if (method.type == type) return std::string(method.name);
    }
  }
  return Text("type ", type);
}

void Port::WatchDeadline(const ServerCall& call) {
  if (call.deadline_ns_ == Timers::kNever) return;
  if (deadline_timer_.armed() && deadline_timer_.due_ns() <= call.deadline_ns_) return;
  node_.timers().Arm(deadline_timer_, call.deadline_ns_);
}

void Port::DispatchWaiting() {
  if (dispatching_ || pace_ != Pace::kDispatches) return;
  dispatching_ = true;
  const int64_t start_ns = mixed_priorities_ ? node_.clock().NowNs() : 0;
  int count = 0;
  bool more = false;
  for (auto& inbox : inbox_) {
    for (ServerCall* call = inbox.front(); call != nullptr && !more;) {
      ServerCall* next = inbox.next(call);
      if (Busy()) break;
      const bool room = call->session_ == nullptr || call->session_->outbox_empty();
      const bool wanted = !pulls_ || Find(call->type()) != nullptr || IsReceived(call->type());
      if (room && wanted) {
        call->Unlink();
        --waiting_;
        Dispatch(*call, Find(call->type()));
        more = ++count >= kDispatchMax ||
               (mixed_priorities_ && node_.clock().NowNs() - start_ns > kDispatchNsMax);
        next = inbox.front();  // the handler may have changed the list
      }
      call = next;
    }
    if (more) break;
  }
  dispatching_ = false;
  if (more || (holds_back_ && waiting_ < options_.session.window_units))
    node_.timers().Arm(work_timer_, 0);
}

void Port::End(ServerCall& call) {
  if (call.trace_ != nullptr) [[unlikely]]
    call.EndTrace();
  if (call.session_ != nullptr) call.session_->MarkHandled(call.unhandled_);
  call.Unlink();
  if (call.handed_ != nullptr) *call.handed_ = nullptr;
  if (call.counts()) {
    JF_CHECK(under_way_ > 0, "what ends was under way");
    --under_way_;
  }
  const Block freed = std::move(call.self_);
  call.~ServerCall();
  if (waiting_ > 0 && !dispatching_) node_.timers().Arm(work_timer_, 0);
}

void Port::OnDeadline() {
  const int64_t now_ns = node_.clock().NowNs();
  int64_t next_ns = Timers::kNever;
  for (ServerCall* call = running_.front(); call != nullptr; call = running_.next(call)) {
    if (call->cancelled_ || call->deadline_ns_ == Timers::kNever) continue;
    if (call->deadline_ns_ <= now_ns)
      call->Cancel(ServerCall::CancelledBy::kDeadline);
    else
      next_ns = std::min(next_ns, call->deadline_ns_);
  }
  if (next_ns != Timers::kNever) node_.timers().Arm(deadline_timer_, next_ns);
}

void Port::OnSessionEnd(PortSeat& seat, const absl::Status& why) {
  Session* session = &seat.session();
  for (ServerCall* call = running_.front(); call != nullptr; call = running_.next(call)) {
    if (call->session_ != session) continue;
    call->Cancel(ServerCall::CancelledBy::kEnd, why);
    call->unhandled_.Unlink();
    call->place_.Unlink();  // another session may come to lie where this one did
    call->session_ = nullptr;
  }
  for (auto& inbox : inbox_) {
    for (ServerCall* call = inbox.front(); call != nullptr;) {
      ServerCall* next = inbox.next(call);
      if (call->session_ == session) {
        call->unhandled_.Unlink();
        call->place_.Unlink();
        call->session_ = nullptr;
        // Nobody waits for the answer to a call any more. A one-way message is handled all the
        // same; no credit bounds any longer how many wait.
        if (!call->one_way_ || waiting_ > options_.session.window_units) {
          if (call->one_way_) ++lost_;
          call->Unlink();
          --waiting_;
          End(*call);
        }
      }
      call = next;
    }
  }
  if (session->peer_epoch() == 0) notes_.Note(why);  // it never had a session
  if (on_gone_) {                                    // later: this may be inside Close
    struct Gone {
      std::function<void(const std::string&, const absl::Status&)> tell;
      std::string name;
      absl::Status why;
    };
    auto gone = std::make_unique<Gone>(Gone{on_gone_, session->peer_name(), why});
    node_.Defer([gone = std::move(gone)] {
      try {
        gone->tell(gone->name, gone->why);
      } catch (...) {
        SayThrown("the function of OnClientGone", std::current_exception());
      }
    });
  }
  node_.timers().Arm(work_timer_, 0);  // not from under the session's own feet
}

// What must not be done where it was found necessary: in a later part of the turn.
void Port::Work() {
  if (pace_ == Pace::kResuming) pace_ = Pace::kDispatches;
  if (untold_ > 0) TellUntold();
  while (ServerCall* call = ended_.front()) End(*call);
  std::erase_if(seats_, [this](const auto& seat) {
    if (seat->dead()) gone_.Add(seat->session().ledger());
    return seat->dead();
  });
  if (waiting_ > 0) DispatchWaiting();
  if (waiting_ < options_.session.window_units && std::exchange(holds_back_, false)) {
    for (auto& seat : seats_) seat->session().WakeLink();
  }
}

}  // namespace jackfield
