// The same call to every server of a pool at once (scatter and gather), and what each answered.
//
//   auto answers = co_await pool.All([](auto& client) { return client.Count(kAsk); },
//                                    {.quorum = 2});
//   for (size_t i = 0; i < answers.size(); ++i) Use(pool.name(i), answers[i]);
//
// It ends when so many as `quorum` have answered well, when all calls have ended, or after
// `timeout`. Calls that have not ended by then are given up, which cancels them at their servers:
// the answer is then CANCELLED (there was a quorum) or DEADLINE_EXCEEDED, and IN_DOUBT. Wait(),
// outside handlers, returns no answers at all where the program is asked to stop meanwhile.
//
// Thread: the node's. It allocates: one coroutine in a block of the node for each server, and the
// lists. The pool outlives it.
#ifndef JACKFIELD_SERVICES_POOL_SURVEY_H_
#define JACKFIELD_SERVICES_POOL_SURVEY_H_

#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "kernel/base/duration.h"
#include "kernel/base/outcome.h"
#include "kernel/base/text.h"
#include "kernel/call/awaiter.h"
#include "kernel/loop/task.h"
#include "kernel/loop/timers.h"
#include "services/pool/servers.h"

namespace jackfield {

struct SurveyOptions {
  size_t quorum = 0;  // answers that are OK; 0, or more than there are servers: those of all
  // Of the survey; 0: it has none but those of its calls.
  nanoseconds timeout = 0s;
};

// ask(client) returns a call, to be awaited, or a message to be sent: what a method of a generated
// client does. A call that is made again (services/stubs/tries.h) stays with its server.
template <class Client, class Ask>
class [[nodiscard]] Survey final : public Awaiter<Survey<Client, Ask>> {
  using Call = std::invoke_result_t<Ask&, Client&>;

 public:
  using Answer = decltype(std::declval<Call&>().await_resume());  // a StatusOr, or a Status
  using Answers = std::vector<Answer>;                            // one for each server

  Survey(PoolServers& servers, Ask ask, const SurveyOptions& options)
      : servers_(servers), ask_(std::move(ask)), options_(options) {}
  ~Survey() { loop().timers().Cancel(timer_); }

  bool await_ready() {
    if (begun_) return done_;
    begun_ = true;
    missing_ = options_.quorum == 0 ? servers_.size() : options_.quorum;
    if (options_.timeout.count() > 0)
      loop().timers().Arm(timer_, AfterNs(loop().clock().NowNs(), options_.timeout.count()));
    asked_.reserve(servers_.size());  // they stay where they are
    for (size_t i = 0; i < servers_.size(); ++i) asked_.emplace_back(*this);
    for (size_t i = 0; i < servers_.size() && !done_; ++i) {
      asked_[i].task = AskOne(servers_.node(), i);
      asked_[i].task.Start([](void* user) { OnEnd(*static_cast<Asked*>(user)); }, &asked_[i]);
    }
    return done_;
  }
  bool done() const { return done_; }
  Answers await_resume() {
    loop().timers().Cancel(timer_);
    Answers answers;
    for (size_t i = 0; i < asked_.size(); ++i) {
      Asked& asked = asked_[i];
      if (asked.task.done()) {
        asked.task.TakeResult();  // throws what `ask` threw
        answers.push_back(std::move(asked.answer));
      } else {
        answers.push_back(
            Answer(MakeStatus(Outcome::kInDoubt, why_not_, Text(servers_.name(i), WhyGivenUp()))));
      }
    }
    asked_.clear();
    return answers;
  }
  Loop& loop() const { return servers_.node(); }

 private:
  template <class>
  friend class Awaiter;
  struct Asked {
    explicit Asked(Survey& its) : survey(its) {}
    Survey& survey;
    Answer answer{absl::UnknownError("")};
    Task<void> task;
  };

  Task<void> AskOne([[maybe_unused]] Node& node, size_t server) {
    Client client{Route(servers_.channel(server))};
    Call call = ask_(client);
    asked_[server].answer = co_await call;
  }
  static void OnEnd(Asked& asked) {
    Survey& survey = asked.survey;
    ++survey.ended_;
    if (asked.answer.ok()) --survey.missing_;
    if (survey.missing_ == 0 || survey.ended_ == survey.asked_.size()) survey.End();
  }
  void OnTimer() {
    why_not_ = Reason::kDeadline;
    End();
  }
  void End() {
    if (!std::exchange(done_, true)) this->Resume();
  }
  std::string_view WhyGivenUp() const {
    return why_not_ == Reason::kDeadline
               ? " has not answered by the end of the survey; the call may have run"
               : " was given up when enough others had answered; the call may have run";
  }
  const bool& sent() const { return begun_; }

  PoolServers& servers_;
  Ask ask_;
  const SurveyOptions options_;
  size_t missing_ = 0, ended_ = 0;
  Reason why_not_ = Reason::kCancelled;
  bool begun_ = false, done_ = false;
  Timer timer_{[](Timer& timer) { static_cast<Survey*>(timer.user)->OnTimer(); }, this};
  std::vector<Asked> asked_;
};

}  // namespace jackfield

#endif  // JACKFIELD_SERVICES_POOL_SURVEY_H_
